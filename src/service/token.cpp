#include "token.h"

#include <sodium.h>

#include <array>

namespace chat::service {
namespace {

constexpr std::size_t kTokenBytes = 32;
using Bytes = std::array<unsigned char, kTokenBytes>;

std::string to_hex(const Bytes& bytes) {
  std::array<char, 2 * kTokenBytes + 1> text{};
  sodium_bin2hex(text.data(), text.size(), bytes.data(), bytes.size());
  return text.data();
}

}  // namespace

std::string make_token() {
  Bytes random;
  randombytes_buf(random.data(), random.size());
  return to_hex(random);
}

std::string hash_token(std::string_view token) {
  Bytes hash;
  crypto_generichash(hash.data(), hash.size(), reinterpret_cast<const unsigned char*>(token.data()),
                     token.size(), nullptr, 0);
  return to_hex(hash);
}

}  // namespace chat::service
