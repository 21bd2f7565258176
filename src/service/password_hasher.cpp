#include "chat/service/password_hasher.h"

#include <sodium.h>

#include <array>
#include <cstdio>

namespace chat::service {

Result<void> PasswordHasher::open() {
  if (sodium_init() < 0) return fail(ErrorCode::kInternal, "libsodium does not start");
  auto made = hash("the password of nobody");
  if (!made) return fail(made);
  nobody_ = std::move(*made);
  return {};
}

Result<std::string> PasswordHasher::hash(const std::string& password) const {
  std::array<char, crypto_pwhash_STRBYTES> out{};
  if (crypto_pwhash_str_alg(out.data(), password.data(), password.size(), ops_, memory_kib_ * 1024,
                            crypto_pwhash_ALG_ARGON2ID13) != 0) {
    return fail(ErrorCode::kUnavailable, "there is no memory to hash a password");
  }
  return std::string(out.data());
}

bool PasswordHasher::verify(const std::string& stored, const std::string& password) const {
  const std::string& against = stored.empty() ? nobody_ : stored;
  const bool right =
      crypto_pwhash_str_verify(against.c_str(), password.data(), password.size()) == 0;
  return right && !stored.empty();
}

// The parameters stand in the text: "$argon2id$v=19$m=19456,t=2,p=1$…".
bool PasswordHasher::is_weaker(const std::string& stored) const {
  constexpr const char* kFormat = "$argon2id$v=19$m=%llu,t=%llu,p=1$";
  unsigned long long memory_kib = 0;
  unsigned long long ops = 0;
  if (std::sscanf(stored.c_str(), kFormat, &memory_kib, &ops) != 2) return true;
  const bool stronger_in_one = memory_kib > memory_kib_ || ops > ops_;
  return !stronger_in_one && (memory_kib < memory_kib_ || ops < ops_);
}

}  // namespace chat::service
