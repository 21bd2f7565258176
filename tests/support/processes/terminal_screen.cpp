#include "terminal_screen.h"

#include <wchar.h>

#include <algorithm>
#include <cstdlib>

namespace chat::test {
namespace {

char32_t take_code_point(std::string_view& bytes) {
  const auto lead = static_cast<unsigned char>(bytes.front());
  const std::size_t length = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  char32_t code = length == 1 ? lead : lead & (0xFFu >> (length + 1));
  for (std::size_t i = 1; i < std::min(length, bytes.size()); ++i) {
    code = (code << 6) | (static_cast<unsigned char>(bytes[i]) & 0x3Fu);
  }
  bytes.remove_prefix(std::min(length, bytes.size()));
  return code;
}

void append_utf8(std::string& out, char32_t code) {
  const auto add = [&](char32_t value) { out += static_cast<char>(value); };
  if (code < 0x80) return add(code);
  if (code >= 0x10000) add(0xF0u | (code >> 18));
  if (code >= 0x10000) add(0x80u | ((code >> 12) & 0x3Fu));
  if (code >= 0x800 && code < 0x10000) add(0xE0u | (code >> 12));
  if (code >= 0x800) add(0x80u | ((code >> 6) & 0x3Fu));
  if (code < 0x800) add(0xC0u | (code >> 6));
  add(0x80u | (code & 0x3Fu));
}

std::string to_text(const std::vector<std::u32string>& cells) {
  std::string out;
  for (const std::u32string& cell : cells) {
    for (const char32_t code : cell) append_utf8(out, code);
  }
  out.erase(out.find_last_not_of(' ') + 1);
  return out;
}

}  // namespace

void TerminalScreen::write(std::string_view bytes) {
  while (!bytes.empty()) {
    if (bytes.starts_with("\x1b[")) {
      bytes.remove_prefix(2);
      const auto end = bytes.find_first_not_of("0123456789;?");
      if (end == std::string_view::npos) return;
      control(bytes.substr(0, end), bytes[end]);
      bytes.remove_prefix(end + 1);
      continue;
    }
    const char32_t code = take_code_point(bytes);
    if (code == '\r') {
      column_ = 0;
    } else if (code == '\n') {
      ++row_;
    } else if (code >= ' ') {
      put(code);
    }
  }
}

TerminalScreen::Row& TerminalScreen::row() {
  if (rows_.size() <= row_) rows_.resize(row_ + 1);
  return rows_[row_];
}

void TerminalScreen::put(char32_t code) {
  const auto width = static_cast<std::size_t>(std::max(0, ::wcwidth(static_cast<wchar_t>(code))));
  if (width == 0) {
    if (column_ > 0 && row().cells.size() >= column_) row().cells[column_ - 1] += code;
    return;
  }
  if (column_ + width > columns_) {
    if (wraps_) {
      row().wrapped = true;
      ++row_;
    }
    column_ = wraps_ ? 0 : columns_ - width;
  }
  auto& cells = row().cells;
  cells.resize(std::max(cells.size(), column_ + width), U" ");
  cells[column_] = code;
  if (width == 2) cells[column_ + 1].clear();
  column_ += width;
  // Without automatic wrap, the cursor stays on the last cell.
  if (!wraps_) column_ = std::min(column_, columns_ - 1);
}

void TerminalScreen::control(std::string_view parameters, char final) {
  const auto number =
      static_cast<std::size_t>(std::max(1, std::atoi(std::string(parameters).c_str())));
  switch (final) {
    case 'A': row_ -= std::min(row_, number); break;
    case 'B': row_ += number; break;
    case 'C': column_ = std::min(std::min(column_, columns_ - 1) + number, columns_ - 1); break;
    case 'K':
    case 'J':
      row().cells.resize(std::min(row().cells.size(), column_));
      row().wrapped = false;
      if (final == 'J') rows_.resize(row_ + 1);
      break;
    case 'h':
    case 'l':
      if (parameters == "?7") wraps_ = final == 'h';
      break;
    default: break;
  }
}

void TerminalScreen::resize(std::size_t columns) {
  std::vector<Row> rows;
  std::size_t row = 0;
  std::size_t column = 0;
  for (std::size_t i = 0; i < rows_.size();) {
    std::vector<std::u32string> line;
    std::size_t cursor = 0;
    bool here = false;
    for (bool more = true; more && i < rows_.size(); ++i) {
      if (i == row_) {
        cursor = line.size() + column_;
        here = true;
      }
      line.insert(line.end(), rows_[i].cells.begin(), rows_[i].cells.end());
      more = rows_[i].wrapped;
    }
    if (here) {
      row = rows.size() + cursor / columns;
      column = cursor % columns;
    }
    do {
      const auto count = static_cast<std::ptrdiff_t>(std::min(columns, line.size()));
      rows.push_back({{line.begin(), line.begin() + count}, false});
      line.erase(line.begin(), line.begin() + count);
      rows.back().wrapped = !line.empty();
    } while (!line.empty());
  }
  rows_ = std::move(rows);
  row_ = row;
  column_ = column;
  columns_ = columns;
}

std::string TerminalScreen::text() const {
  std::string out;
  for (const Row& each : rows_) out += to_text(each.cells) + '\n';
  out.erase(out.find_last_not_of('\n') + 1);
  return out;
}

}  // namespace chat::test
