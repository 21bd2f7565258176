#include "client/text.h"

#include <fmt/format.h>
#include <wchar.h>

#include <algorithm>
#include <cstdint>
#include <nlohmann/json.hpp>

namespace chat::client {
namespace {

constexpr char32_t kReplacement = 0xFFFD;

// How many bytes the code point that begins with `lead` has; 0 for a byte that begins none.
std::size_t sequence_length(unsigned char lead) {
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead < 0xE0) return 2;
  if (lead >= 0xE0 && lead < 0xF0) return 3;
  if (lead >= 0xF0 && lead < 0xF5) return 4;
  return 0;
}

// Takes one code point off the front. Texts from the wire are valid UTF-8 (the JSON parser saw
// to it); for anything else one byte is taken and U+FFFD returned.
char32_t take_code_point(std::string_view& rest) {
  const auto lead = static_cast<unsigned char>(rest.front());
  const std::size_t length = sequence_length(lead);
  if (length == 0 || length > rest.size()) {
    rest.remove_prefix(1);
    return kReplacement;
  }
  char32_t code = length == 1 ? lead : lead & (0xFFu >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    code = (code << 6) | (static_cast<unsigned char>(rest[i]) & 0x3Fu);
  }
  rest.remove_prefix(length);
  return code;
}

bool is_control(char32_t code) {
  return code < 0x20 || (code >= 0x7F && code <= 0x9F) || code == 0x061C || code == 0x200E ||
         code == 0x200F || (code >= 0x2028 && code <= 0x202E) || (code >= 0x2066 && code <= 0x2069);
}

// Copies `utf8`; where `replace` gives a text for a code point, that text instead.
template <typename Replace>
std::string translate(std::string_view utf8, Replace replace) {
  std::string out;
  out.reserve(utf8.size() + 2);
  while (!utf8.empty()) {
    const std::string_view before = utf8;
    const char32_t code = take_code_point(utf8);
    const std::string instead = replace(code);
    if (instead.empty()) {
      out += before.substr(0, before.size() - utf8.size());
    } else {
      out += instead;
    }
  }
  return out;
}

std::string escape_for_json(char32_t code) {
  switch (code) {
    case '"': return "\\\"";
    case '\\': return "\\\\";
    case '\n': return "\\n";
    case '\r': return "\\r";
    case '\t': return "\\t";
    case kReplacement: return "\xEF\xBF\xBD";
    default: break;
  }
  return is_control(code) ? fmt::format("\\u{:04x}", static_cast<std::uint32_t>(code)) : "";
}

std::string escape_for_people(char32_t code) {
  if (code == kReplacement) return "\xEF\xBF\xBD";
  return is_control(code) ? fmt::format("‹{:02x}›", static_cast<std::uint32_t>(code)) : "";
}

}  // namespace

std::string quote(std::string_view utf8) {
  return '"' + translate(utf8, escape_for_json) + '"';
}

std::string harmless(std::string_view utf8) {
  return translate(utf8, escape_for_people);
}

std::string harmless_text(std::string_view utf8) {
  return translate(utf8, [](char32_t code) -> std::string {
    if (code == '\n') return "\n    ";
    if (code == '\t') return "\t";
    return escape_for_people(code);
  });
}

int rows_down(std::string_view utf8, int columns) {
  int row = 0;
  int column = 0;
  while (!utf8.empty()) {
    const int cells = std::max(0, ::wcwidth(static_cast<wchar_t>(take_code_point(utf8))));
    if (column + cells > columns) {
      ++row;
      column = 0;
    }
    column += cells;
  }
  // Behind a full row the cursor is at the beginning of the next.
  return column >= columns ? row + 1 : row;
}

std::string harmless_json(std::string_view json) {
  for (std::string_view rest = json; !rest.empty();) {
    if (!is_control(take_code_point(rest))) continue;
    const auto value = nlohmann::json::parse(json, nullptr, false);
    return value.dump(-1, ' ', true, nlohmann::json::error_handler_t::replace);
  }
  return std::string(json);
}

}  // namespace chat::client
