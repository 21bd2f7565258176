#include "client/terminal/editor/line_view.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <utility>

#include "client/core/code_points.h"

namespace chat::client {
namespace {

// Without automatic wrap, a character drawn wider than expected stays in its row.
constexpr std::string_view kWrapOff = "\x1b[?7l";
constexpr std::string_view kWrapOn = "\x1b[?7h";
constexpr std::string_view kToRowEnd = "\x1b[K";
constexpr std::string_view kToScreenEnd = "\x1b[J";

class Layout {
 public:
  explicit Layout(int columns) : columns_(columns) {}

  // `combined`: combining characters follow. Without automatic wrap the cursor stays on the last
  // cell, and they would join the character before it, so that cell is left empty.
  void add(char32_t code, bool combined) {
    std::string shown;
    int cells = 1;
    if (code == '\n') {
      shown = "⏎";
    } else if (code == '\t') {
      shown = " ";
    } else if (is_control(code)) {
      shown = fmt::format("‹{:02x}›", static_cast<std::uint32_t>(code));
      cells = static_cast<int>(to_code_points(shown).size());
    } else {
      append_utf8(shown, code);
      cells = cells_of(code);
    }
    const int room = columns_ - row().cells - (combined ? 1 : 0);
    if (cells > room && cells > 0 && row().cells > 0) out_.rows.emplace_back();
    row().text += shown;
    row().cells += cells;
  }

  // The end of a full row is the beginning of the next.
  void mark_cursor() {
    if (row().cells >= columns_) out_.rows.emplace_back();
    out_.cursor_row = out_.rows.size() - 1;
    out_.cursor_column = row().cells;
  }

  Rows take() { return std::move(out_); }

 private:
  Rows::Row& row() { return out_.rows.back(); }

  const int columns_;
  Rows out_{{Rows::Row{}}, 0, 0, 0};
};

void keep_around_cursor(Rows& rows, std::size_t height) {
  if (rows.rows.size() <= height) return;
  const std::size_t first =
      std::min(rows.cursor_row - std::min(rows.cursor_row, height - 1), rows.rows.size() - height);
  const auto begin = rows.rows.begin() + static_cast<std::ptrdiff_t>(first);
  rows.rows = std::vector<Rows::Row>(begin, begin + static_cast<std::ptrdiff_t>(height));
  rows.cursor_row -= first;
}

}  // namespace

Rows lay_out(std::u32string_view prompt, std::u32string_view text, std::size_t cursor, int columns,
             int height) {
  Layout layout(std::max(columns, 2));
  for (const char32_t code : prompt) layout.add(code, false);
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (i == cursor) layout.mark_cursor();
    layout.add(text[i], i + 1 < text.size() && combines(text[i + 1]));
  }
  if (cursor >= text.size()) layout.mark_cursor();
  Rows rows = layout.take();
  rows.columns = columns;
  keep_around_cursor(rows, static_cast<std::size_t>(std::max(height, 1)));
  return rows;
}

void put_above(Rows& rows, std::u32string_view status, bool color) {
  Rows laid = lay_out({}, status, 0, rows.columns, 1'000);
  Rows::Row row = std::move(laid.rows.front());
  if (color) row.text = "\x1b[2m" + row.text + "\x1b[0m";
  rows.rows.insert(rows.rows.begin(), std::move(row));
  ++rows.cursor_row;
}

std::string LineView::move_to_row(std::size_t row) {
  const std::size_t from = std::exchange(drawn_.cursor_row, row);
  if (row < from) return fmt::format("\x1b[{}A", from - row);
  if (row > from) return fmt::format("\x1b[{}B", row - from);
  return {};
}

std::string LineView::show(Rows next) {
  std::string out(kWrapOff);
  if (drawn_.rows.empty()) out += '\r' + std::string(kToScreenEnd);
  for (std::size_t i = 0; i < next.rows.size(); ++i) {
    const bool new_row = i >= drawn_.rows.size();
    if (!new_row && drawn_.rows[i] == next.rows[i]) continue;
    if (new_row && i > 0) {
      out += move_to_row(i - 1) + "\r\n";
      drawn_.cursor_row = i;
    } else {
      out += move_to_row(i);
    }
    out += '\r' + next.rows[i].text;
    // After a full row the cursor is on its last cell.
    if (next.rows[i].cells < next.columns) out += kToRowEnd;
    if (new_row) drawn_.rows.emplace_back();
  }
  if (next.rows.size() < drawn_.rows.size()) {
    out += move_to_row(next.rows.size());
    out += '\r';
    out += kToScreenEnd;
  }
  out += move_to_row(next.cursor_row) + '\r';
  if (next.cursor_column > 0) out += fmt::format("\x1b[{}C", next.cursor_column);
  out += kWrapOn;
  drawn_ = std::move(next);
  return out;
}

std::string LineView::erase() {
  if (drawn_.rows.empty()) return {};
  std::size_t above = drawn_.cursor_row;
  if (columns_ > 0) {
    const auto broken_into = [this](int cells) {
      return cells == 0 ? std::size_t{0} : static_cast<std::size_t>((cells - 1) / columns_);
    };
    for (std::size_t i = 0; i < drawn_.cursor_row; ++i) above += broken_into(drawn_.rows[i].cells);
    above += static_cast<std::size_t>(drawn_.cursor_column / columns_);
  }
  drawn_ = {};
  columns_ = 0;
  std::string out;
  if (above > 0) out += fmt::format("\x1b[{}A", above);
  out += '\r';
  return out + std::string(kToScreenEnd);
}

std::string LineView::leave() {
  if (drawn_.rows.empty()) return {};
  std::string out = move_to_row(drawn_.rows.size() - 1) + "\r\n";
  drawn_ = {};
  columns_ = 0;
  return out;
}

std::string without_wrap(const std::string& text) {
  return std::string(kWrapOff) + text + std::string(kWrapOn);
}

TerminalSize terminal_size() {
  winsize size{};
  TerminalSize out;
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0) return out;
  if (size.ws_col > 0) out.columns = size.ws_col;
  if (size.ws_row > 0) out.rows = size.ws_row;
  return out;
}

}  // namespace chat::client
