#pragma once

#include <cstddef>
#include <string>
#include <string_view>

// What Unicode 14 says about characters, as far as names need it.
namespace chat::base {

struct CodePoint {
  char32_t value = 0;
  std::size_t size = 1;  // in bytes
};

// The code point at `at` of valid UTF-8.
CodePoint code_point_at(std::string_view utf8, std::size_t at);

// What a terminal acts on instead of showing it: C0, DEL, C1, and the characters that turn the
// reading direction or end a line.
bool is_control(char32_t c);
// The property Default_Ignorable_Code_Point: shown as nothing.
bool is_default_ignorable(char32_t c);
// The property White_Space.
bool is_white_space(char32_t c);
// Shown as a space: white space and the braille pattern without dots.
bool is_blank(char32_t c);
// Shown as nothing, or as whatever a font likes: ignorable, private use, noncharacters, the
// annotation controls, and symbols without a picture. Blanks are not.
bool is_invisible(char32_t c);
// Shown only together with another character: general category Mn or Me.
bool is_combining(char32_t c);

// `utf8` has a character that is shown by itself.
bool has_visible(std::string_view utf8);
bool has_invisible(std::string_view utf8);

// By this names are compared: without ignorable characters, every blank as a space, ASCII
// letters lowered.
std::string fold_name(std::string_view utf8);

}  // namespace chat::base
