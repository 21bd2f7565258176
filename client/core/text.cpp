#include "client/core/text.h"

#include <fmt/format.h>
#include <wchar.h>

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <cwctype>
#include <nlohmann/json.hpp>
#include <utility>

#include "client/core/code_points.h"
#include "client/core/script.h"

namespace chat::client {
namespace {

// The prefix of a continued line.
constexpr std::string_view kGutter = "  │ ";
constexpr int kGutterCells = 4;
constexpr int kTabCells = 8;

// Quotation marks of all kinds, and look-alikes.
bool is_quotation_mark(char32_t code) {
  return code == '"' || code == 0x00AB || code == 0x00BB || code == 0x02BA || code == 0x02EE ||
         code == 0x05F4 || (code >= 0x201C && code <= 0x201F) || code == 0x2033 || code == 0x2036 ||
         code == 0x275D || code == 0x275E || code == 0x3003 || (code >= 0x301D && code <= 0x301F) ||
         code == 0xFF02;
}

bool is_emoji(char32_t code) {
  return code >= 0x1F300 && code <= 0x1FAFF;
}

// True if a name of such characters needs no quotation marks.
bool is_name_letter(char32_t code) {
  constexpr std::string_view kMarks = "_-.";
  if (code < 0x80)
    return std::isalnum(static_cast<int>(code)) != 0 ||
           kMarks.find(static_cast<char>(code)) != kMarks.npos;
  if (is_emoji(code)) return true;
  return std::iswalnum(static_cast<wint_t>(code)) != 0;
}

// Breaks a text, given piece by piece, into rows.
class RowBreaker {
 public:
  explicit RowBreaker(int columns) : columns_(std::max(columns, 2 * kGutterCells)) {}

  // `combined`: combining characters follow, and don't fit into the last cell (line_view.cpp).
  void add(std::string_view piece, int cells, bool combined = false) {
    if (cells > 0 && cells_ + cells + (combined ? 1 : 0) > columns_) break_row();
    out_ += piece;
    cells_ += cells;
    if (piece == " ") {
      after_blank_ = out_.size();
      cells_after_blank_ = cells_;
    }
  }
  void add_tab() {
    for (int cells = kTabCells - cells_ % kTabCells; cells > 0; --cells) add(" ", 1);
  }
  void end_line() {
    out_ += '\n';
    cells_ = 0;
    cells_after_blank_ = 0;
  }
  std::string take() { return std::move(out_); }

 private:
  // Breaks after the last blank, unless that would leave most of the row empty.
  void break_row() {
    const bool at_blank = cells_after_blank_ > columns_ / 2;
    out_.insert(at_blank ? after_blank_ : out_.size(), '\n' + std::string(kGutter));
    cells_ = kGutterCells + (at_blank ? cells_ - cells_after_blank_ : 0);
    cells_after_blank_ = 0;
  }

  const int columns_;
  std::string out_;
  int cells_ = 0;  // in the current row
  // After its last blank: the position in out_ and the cells before it; 0: none.
  std::size_t after_blank_ = 0;
  int cells_after_blank_ = 0;
};

// The colour sequence (ESC [ … m) at the beginning of `text`, or nothing.
std::string_view colour_at(std::string_view text) {
  if (!text.starts_with("\x1b[")) return {};
  const auto end = text.find('m');
  return end == std::string_view::npos ? std::string_view() : text.substr(0, end + 1);
}

// Copies `utf8`, replacing code points for which `replace` returns a text.
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

std::string escaped(char32_t code) {
  return fmt::format("‹{:02x}›", static_cast<std::uint32_t>(code));
}

std::string escape_for_people(char32_t code) {
  if (code == kReplacement) return "\xEF\xBF\xBD";
  return is_control(code) ? escaped(code) : "";
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
    if (code == '\n') return '\n' + std::string(kGutter);
    if (code == '\t') return "\t";
    return escape_for_people(code);
  });
}

std::string shown_name(std::string_view name) {
  const std::u32string letters = to_code_points(name);
  const bool digits = std::all_of(letters.begin(), letters.end(),
                                  [](char32_t code) { return code >= '0' && code <= '9'; });
  const ScriptVerdict scripts = judge_scripts(letters);
  const bool misleading = scripts.mixed || scripts.looks_latin;
  if (!digits && !misleading && std::all_of(letters.begin(), letters.end(), is_name_letter)) {
    return harmless(name);
  }
  const auto escape = [&scripts](char32_t code) -> std::string {
    const Script script = script_of(code);
    const bool odd = scripts.mixed && script != Script::kNeutral && script != scripts.main;
    const bool marked = odd || is_quotation_mark(code) || is_control(code);
    return marked ? escaped(code) : escape_for_people(code);
  };
  std::string shown = '"' + translate(name, escape) + '"';
  if (scripts.looks_latin) shown.append(" [").append(name_of(scripts.main)).append("]");
  return shown;
}

std::string break_lines(std::string_view text, int columns) {
  RowBreaker rows(columns);
  while (!text.empty()) {
    if (const auto colour = colour_at(text); !colour.empty()) {
      rows.add(colour, 0);
      text.remove_prefix(colour.size());
      continue;
    }
    const std::string_view before = text;
    const char32_t code = take_code_point(text);
    if (code == '\n') {
      rows.end_line();
    } else if (code == '\t') {
      rows.add_tab();
    } else {
      std::string_view rest = text;
      const bool combined = !rest.empty() && combines(take_code_point(rest));
      rows.add(before.substr(0, before.size() - text.size()), cells_of(code), combined);
    }
  }
  return rows.take();
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
