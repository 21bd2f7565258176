#include "client/core/code_points.h"

#include <wchar.h>

#include <algorithm>

namespace chat::client {

std::size_t sequence_length(unsigned char lead) {
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead < 0xE0) return 2;
  if (lead >= 0xE0 && lead < 0xF0) return 3;
  if (lead >= 0xF0 && lead < 0xF5) return 4;
  return 0;
}

char32_t take_code_point(std::string_view& rest) {
  const auto lead = static_cast<unsigned char>(rest.front());
  const std::size_t length = sequence_length(lead);
  const auto broken = [&] {
    rest.remove_prefix(1);
    return kReplacement;
  };
  if (length == 0 || length > rest.size()) return broken();
  char32_t code = length == 1 ? lead : lead & (0xFFu >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    const auto byte = static_cast<unsigned char>(rest[i]);
    if ((byte & 0xC0u) != 0x80u) return broken();
    code = (code << 6) | (byte & 0x3Fu);
  }
  // Refuses overlong forms, surrogates, and values beyond Unicode.
  constexpr char32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
  if (code < kLeast[length] || (code >= 0xD800 && code < 0xE000) || code > 0x10FFFF) {
    return broken();
  }
  rest.remove_prefix(length);
  return code;
}

std::u32string to_code_points(std::string_view utf8) {
  std::u32string out;
  out.reserve(utf8.size());
  while (!utf8.empty()) {
    const std::size_t before = utf8.size();
    const char32_t code = take_code_point(utf8);
    const bool broken = code == kReplacement && before - utf8.size() == 1;
    if (!broken) out += code;
  }
  return out;
}

void append_utf8(std::string& out, char32_t code) {
  const auto tail = [&](int shift) { out += static_cast<char>(0x80u | ((code >> shift) & 0x3Fu)); };
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xC0u | (code >> 6));
    tail(0);
  } else if (code < 0x10000) {
    out += static_cast<char>(0xE0u | (code >> 12));
    tail(6);
    tail(0);
  } else {
    out += static_cast<char>(0xF0u | (code >> 18));
    tail(12);
    tail(6);
    tail(0);
  }
}

std::string to_utf8(std::u32string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char32_t code : text) append_utf8(out, code);
  return out;
}

int cells_of(char32_t code) {
  return std::clamp(::wcwidth(static_cast<wchar_t>(code)), 0, 2);
}

bool combines(char32_t code) {
  return !is_control(code) && cells_of(code) == 0;
}

}  // namespace chat::client
