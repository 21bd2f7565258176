#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace chat::protocol {

// The position, from `at` on, of the first byte that may not stand unescaped in our JSON: a control
// character, DEL, a quote, a backslash, or the beginning of a sequence like those of obeyed_at();
// or the size of `text`. Checks eight bytes at a time, because its cost grows with the length of a
// chat.
std::size_t find_special(std::string_view text, std::size_t at);

// The multi-byte character at `at`, if a terminal would obey it instead of showing it: C1 controls,
// bidirectional controls, U+2028 and U+2029. 0 for others.
struct Obeyed {
  std::uint16_t code_point = 0;
  std::uint8_t size = 0;
};
Obeyed obeyed_at(std::string_view text, std::size_t at);

// Appends \uXXXX.
void append_unicode_escape(std::string& out, std::uint16_t code_point);

}  // namespace chat::protocol
