#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace chat::service {

// Encrypts cursors that name something the client must not learn, and refuses those of its own
// making. All servers with the same secret take each other's.
// Threading: thread-safe.
class CursorSeal {
 public:
  // All sealed cursors have the same length. Precondition: at most this many bytes, without NUL.
  static constexpr std::size_t kPlainBytes = 224;

  explicit CursorSeal(std::string_view secret);

  std::string seal(std::string_view plain) const;
  // Nothing if this seal did not make the cursor.
  std::optional<std::string> open(std::string_view cursor) const;

 private:
  static constexpr std::size_t kKeyBytes = 32;

  std::array<unsigned char, kKeyBytes> key_{};
};

}  // namespace chat::service
