#include "service/credentials/token.h"

#include <sodium.h>

#include <array>

namespace chat::service {
namespace {

using Bytes = std::array<unsigned char, 32>;

std::string hex(const Bytes& bytes) {
  std::array<char, 2 * std::tuple_size_v<Bytes> + 1> text{};
  sodium_bin2hex(text.data(), text.size(), bytes.data(), bytes.size());
  return text.data();
}

}  // namespace

std::string make_token() {
  Bytes random;
  randombytes_buf(random.data(), random.size());
  return hex(random);
}

std::string make_invite() {
  return make_token().substr(0, 32);
}

session::TokenHash hash_token(std::string_view token) {
  session::TokenHash hash;
  crypto_generichash(hash.data(), hash.size(), reinterpret_cast<const unsigned char*>(token.data()),
                     token.size(), nullptr, 0);
  return hash;
}

std::string to_hex(const session::TokenHash& hash) {
  return hex(hash);
}

}  // namespace chat::service
