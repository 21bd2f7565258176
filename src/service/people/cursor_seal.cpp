#include "service/people/cursor_seal.h"

#include <sodium.h>

#include <vector>

#include "chat/base/check.h"

namespace chat::service {
namespace {

using Bytes = std::vector<unsigned char>;

constexpr std::size_t kNonceBytes = crypto_secretbox_NONCEBYTES;
constexpr std::size_t kBoxBytes = CursorSeal::kPlainBytes + crypto_secretbox_MACBYTES;
constexpr std::size_t kSealedBytes = kNonceBytes + kBoxBytes;

}  // namespace

CursorSeal::CursorSeal(std::string_view secret) {
  static_assert(kKeyBytes == crypto_secretbox_KEYBYTES);
  const std::string text = "cursor " + std::string(secret);
  crypto_generichash(key_.data(), key_.size(), reinterpret_cast<const unsigned char*>(text.data()),
                     text.size(), nullptr, 0);
}

// Nonce and box as hexadecimal digits.
std::string CursorSeal::seal(std::string_view plain) const {
  CHAT_CHECK(plain.size() <= kPlainBytes);
  Bytes padded(plain.begin(), plain.end());
  padded.resize(kPlainBytes);
  Bytes sealed(kSealedBytes);
  randombytes_buf(sealed.data(), kNonceBytes);
  CHAT_CHECK(crypto_secretbox_easy(sealed.data() + kNonceBytes, padded.data(), padded.size(),
                                   sealed.data(), key_.data()) == 0);
  std::string hex(kSealedBytes * 2 + 1, '\0');
  sodium_bin2hex(hex.data(), hex.size(), sealed.data(), sealed.size());
  hex.pop_back();
  return hex;
}

std::optional<std::string> CursorSeal::open(std::string_view cursor) const {
  if (cursor.size() != kSealedBytes * 2) return std::nullopt;
  Bytes sealed(kSealedBytes);
  std::size_t size = 0;
  const bool hex = sodium_hex2bin(sealed.data(), sealed.size(), cursor.data(), cursor.size(),
                                  nullptr, &size, nullptr) == 0;
  if (!hex || size != kSealedBytes) return std::nullopt;
  std::string plain(kPlainBytes, '\0');
  const bool ours = crypto_secretbox_open_easy(reinterpret_cast<unsigned char*>(plain.data()),
                                               sealed.data() + kNonceBytes, kBoxBytes,
                                               sealed.data(), key_.data()) == 0;
  if (!ours) return std::nullopt;
  plain.resize(plain.find_last_not_of('\0') + 1);
  return plain;
}

}  // namespace chat::service
