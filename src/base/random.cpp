#include "chat/base/random.h"

#include <sodium.h>

#include <vector>

#include "chat/base/check.h"

namespace chat::base {

std::string random_hex(std::size_t bytes) {
  CHAT_CHECK(sodium_init() >= 0);
  std::vector<unsigned char> random(bytes);
  randombytes_buf(random.data(), random.size());
  std::vector<char> text(2 * bytes + 1);
  return sodium_bin2hex(text.data(), text.size(), random.data(), random.size());
}

}  // namespace chat::base
