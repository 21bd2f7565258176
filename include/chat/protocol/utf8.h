#pragma once

#include <cstddef>
#include <string_view>

namespace chat::protocol {

// RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF.
bool is_valid_utf8(std::string_view bytes) noexcept;

// The number of bytes before the first invalid sequence; bytes.size() if there is none.
std::size_t valid_utf8_prefix(std::string_view bytes) noexcept;

// The number of code points of valid UTF-8.
std::size_t count_code_points(std::string_view utf8) noexcept;

// True if valid UTF-8 has control characters: U+0000…U+001F, U+007F…U+009F, U+2028, U+2029,
// and the bidirectional controls U+061C, U+200E, U+200F, U+202A…U+202E, U+2066…U+2069.
bool has_control_characters(std::string_view utf8) noexcept;

// True if valid UTF-8 begins or ends with white space (ASCII space and Unicode's White_Space).
bool has_outer_space(std::string_view utf8) noexcept;

}  // namespace chat::protocol
