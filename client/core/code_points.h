#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "chat/base/unicode.h"

// UTF-8 and code points, for texts that may be broken; what Unicode says is in base/unicode.h.
namespace chat::client {

inline constexpr char32_t kReplacement = 0xFFFD;

// How many bytes the code point that begins with `lead` has; 0 for a byte that begins none.
std::size_t sequence_length(unsigned char lead);

// Takes one code point off the front; for bytes that are no UTF-8, one byte and kReplacement.
char32_t take_code_point(std::string_view& rest);

// Without what is no UTF-8.
std::u32string to_code_points(std::string_view utf8);

void append_utf8(std::string& out, char32_t code);
std::string to_utf8(std::u32string_view text);

using base::is_control;

// How many cells a terminal gives to a character that is no control: 0, 1 or 2, as LC_CTYPE has it.
int cells_of(char32_t code);

}  // namespace chat::client
