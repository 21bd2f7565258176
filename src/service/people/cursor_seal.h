#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace chat::service {

// Encrypts cursors that name something the client must not learn. The key is this process's own, so
// a sealed cursor is valid on the server that gave it and until that ends.
// Threading: thread-safe.
class CursorSeal {
 public:
  // All sealed cursors have the same length. Precondition: at most this many bytes, without NUL.
  static constexpr std::size_t kPlainBytes = 224;

  CursorSeal();

  std::string seal(std::string_view plain) const;
  // Nothing if this seal did not make the cursor.
  std::optional<std::string> open(std::string_view cursor) const;
  static bool is_sealed(std::string_view cursor) { return cursor.starts_with(kMark); }

 private:
  static constexpr char kMark = '~';
  static constexpr std::size_t kKeyBytes = 32;

  std::array<unsigned char, kKeyBytes> key_{};
};

}  // namespace chat::service
