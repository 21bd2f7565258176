#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace chat::protocol {

// Where what can stand in JSON text as it is ends: at the first byte of `text`, from `at` on, that
// is a control character, DEL, a quote, a backslash, or begins a sequence like those that
// obeyed_at() knows; or at its size. Looks at eight bytes at a time: this is what grows with the
// length of a chat.
std::size_t find_special(std::string_view text, std::size_t at);

// The character of several bytes at `at`, if a terminal would obey it instead of showing it: C1
// controls, bidirectional controls, U+2028 and U+2029. 0: another one.
struct Obeyed {
  std::uint16_t code_point = 0;
  std::uint8_t size = 0;
};
Obeyed obeyed_at(std::string_view text, std::size_t at);

// Appends \uXXXX.
void append_unicode_escape(std::string& out, std::uint16_t code_point);

}  // namespace chat::protocol
