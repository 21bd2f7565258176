#pragma once

#include <cstddef>
#include <string>
#include <string_view>

// The properties of Unicode 14 that checking and comparing names needs.
namespace chat::base {

struct CodePoint {
  char32_t value = 0;
  std::size_t size = 1;  // in bytes
};

// The code point at `at` of valid UTF-8.
CodePoint code_point_at(std::string_view utf8, std::size_t at);

// Characters that a terminal obeys instead of showing: C0, DEL, C1, bidirectional controls and line
// separators.
bool is_control(char32_t c);
// The property Default_Ignorable_Code_Point: not displayed.
bool is_default_ignorable(char32_t c);
// The property White_Space.
bool is_white_space(char32_t c);
// Displayed as a space: white space and the blank braille pattern.
bool is_blank(char32_t c);
// Displayed as nothing or depending on the font: ignorable, private use, noncharacters, annotation
// controls, and symbols without a glyph. Blanks are not included.
bool is_invisible(char32_t c);
// Displayed only in combination with another character: general category Mn or Me.
bool is_combining(char32_t c);

// True if `utf8` has a character that is visible by itself.
bool has_visible(std::string_view utf8);
bool has_invisible(std::string_view utf8);

// The form in which names are compared: without ignorable characters, every blank as a space, ASCII
// letters in lower case.
std::string fold_name(std::string_view utf8);

}  // namespace chat::base
