#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace chat::service {

// Encrypts cursors that name something the client must not learn, and refuses cursors that a client
// has made up. Seals with the same secret open each other's cursors.
// Threading: thread-safe.
class CursorSeal {
 public:
  // All sealed cursors have the same length. Precondition: at most this many bytes, without NUL.
  static constexpr std::size_t kPlainBytes = 224;

  explicit CursorSeal(std::string_view secret);

  std::string seal(std::string_view plain) const;
  // Nothing if no seal with this secret made the cursor.
  std::optional<std::string> open(std::string_view cursor) const;

 private:
  static constexpr std::size_t kKeyBytes = 32;

  std::array<unsigned char, kKeyBytes> key_{};
};

}  // namespace chat::service
