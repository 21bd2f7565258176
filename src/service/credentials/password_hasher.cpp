#include "service/credentials/password_hasher.h"

#include <sodium.h>

#include <array>
#include <charconv>
#include <optional>
#include <string_view>
#include <system_error>

namespace chat::service {
namespace {

using Salt = std::array<unsigned char, crypto_pwhash_SALTBYTES>;
using Key = std::array<unsigned char, 32>;

// The parameters in the text of a hash.
struct Parts {
  std::uint64_t memory_kib = 0;
  std::uint64_t ops = 0;
  Salt salt{};
  Key key{};
};

template <std::size_t Size>
bool decode(std::string_view text, std::array<unsigned char, Size>& out) {
  std::size_t length = 0;
  return sodium_base642bin(out.data(), Size, text.data(), text.size(), nullptr, &length, nullptr,
                           sodium_base64_VARIANT_ORIGINAL_NO_PADDING) == 0 &&
         length == Size;
}

// Removes a prefix; false if `text` begins differently.
bool take(std::string_view& text, std::string_view literal) {
  if (!text.starts_with(literal)) return false;
  text.remove_prefix(literal.size());
  return true;
}
bool take(std::string_view& text, std::uint64_t& number) {
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (fault != std::errc{}) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return true;
}

// "$argon2id$v=19$m=19456,t=2,p=1$SALT$KEY", as libsodium writes it. Nothing if malformed.
std::optional<Parts> parse(std::string_view rest) {
  Parts parts;
  if (!take(rest, "$argon2id$v=19$m=") || !take(rest, parts.memory_kib) || !take(rest, ",t=") ||
      !take(rest, parts.ops) || !take(rest, ",p=1$")) {
    return std::nullopt;
  }
  const auto key_at = rest.find('$');
  if (key_at == rest.npos) return std::nullopt;
  const bool whole =
      decode(rest.substr(0, key_at), parts.salt) && decode(rest.substr(key_at + 1), parts.key);
  return whole ? std::optional(parts) : std::nullopt;
}

}  // namespace

Result<void> PasswordHasher::open() {
  if (sodium_init() < 0) return fail(ErrorCode::kInternal, "libsodium cannot be initialised");
  auto made = hash("the password of nobody");
  if (!made) return fail(made);
  nobody_ = std::move(*made);
  return {};
}

Result<std::string> PasswordHasher::hash(const std::string& password) const {
  std::array<char, crypto_pwhash_STRBYTES> out{};
  if (crypto_pwhash_str_alg(out.data(), password.data(), password.size(), ops_, memory_kib_ * 1024,
                            crypto_pwhash_ALG_ARGON2ID13) != 0) {
    return fail(ErrorCode::kUnavailable, "out of memory for hashing a password");
  }
  return std::string(out.data());
}

// crypto_pwhash_str_verify() would report a wrong password when out of memory.
Result<bool> PasswordHasher::verify(const std::string& stored, const std::string& password) const {
  const auto parts = parse(stored.empty() ? nobody_ : stored);
  if (!parts) return false;
  Key key{};
  if (crypto_pwhash(key.data(), key.size(), password.data(), password.size(), parts->salt.data(),
                    parts->ops, parts->memory_kib * 1024, crypto_pwhash_ALG_ARGON2ID13) != 0) {
    return fail(ErrorCode::kUnavailable, "out of memory for checking a password");
  }
  const bool right = sodium_memcmp(key.data(), parts->key.data(), key.size()) == 0;
  return right && !stored.empty();
}

bool PasswordHasher::is_weaker(const std::string& stored) const {
  const auto parts = parse(stored);
  if (!parts) return true;
  const bool stronger_in_one = parts->memory_kib > memory_kib_ || parts->ops > ops_;
  return !stronger_in_one && (parts->memory_kib < memory_kib_ || parts->ops < ops_);
}

}  // namespace chat::service
