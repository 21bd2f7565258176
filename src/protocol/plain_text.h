#pragma once

#include <cstddef>
#include <string_view>

namespace chat::protocol {

// Where what can stand in JSON text as it is ends: at the first byte of `text`, from `at` on, that
// is a control character, DEL, a quote, a backslash, or 0xE2, with which U+2028 and U+2029 begin;
// or at its size. Looks at eight bytes at a time: this is what grows with the length of a chat.
std::size_t find_special(std::string_view text, std::size_t at);

}  // namespace chat::protocol
