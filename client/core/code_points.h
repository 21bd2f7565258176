#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "chat/base/unicode.h"

// Decoding of possibly invalid UTF-8; for properties of characters see base/unicode.h.
namespace chat::client {

inline constexpr char32_t kReplacement = 0xFFFD;

// The length of a sequence that begins with `lead`; 0 if none does.
std::size_t sequence_length(unsigned char lead);

// Removes one code point from the front; for invalid UTF-8, one byte, and returns kReplacement.
char32_t take_code_point(std::string_view& rest);

// Omits invalid UTF-8.
std::u32string to_code_points(std::string_view utf8);

void append_utf8(std::string& out, char32_t code);
std::string to_utf8(std::u32string_view text);

using base::is_control;

// The width of a printable character in terminal cells: 0, 1 or 2, according to LC_CTYPE.
int cells_of(char32_t code);
// True if it is drawn onto the character before it.
bool combines(char32_t code);

}  // namespace chat::client
