#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace chat::client {

// A text as rows of a terminal, none wider than it, and where the cursor stands in them.
struct Rows {
  struct Row {
    std::string text;
    int cells = 0;
    friend bool operator==(const Row&, const Row&) = default;
  };
  std::vector<Row> rows;
  std::size_t cursor_row = 0;
  int cursor_column = 0;
  int columns = 0;
};

// Behind `prompt`, with the cursor before text[cursor]. Controls are shown as ‹1b›, line ends as ⏎.
// Where the rows are more than `height`, those around the cursor are left.
Rows lay_out(std::u32string_view prompt, std::u32string_view text, std::size_t cursor, int columns,
             int height);

// Draws rows at the bottom of what a terminal has shown so far, and changes them there.
//
// Each row is written by itself, so that the terminal never wraps one; only rows that have changed
// are. After a resize a terminal may have broken rows into several: erase() takes account of that.
// Threading: externally synchronised.
class LineView {
 public:
  // Each returns what is to be written to the terminal.
  std::string show(Rows next);
  // Takes the rows off; the cursor is where they began.
  std::string erase();
  // Leaves the rows where they are; the cursor is at the beginning of the row below.
  std::string leave();

  // The terminal has as many columns now.
  void set_columns(int columns) { columns_ = columns; }
  bool shown() const { return !drawn_.rows.empty(); }

 private:
  std::string move_to_row(std::size_t row);

  int columns_ = 0;  // 0: as when the rows were drawn
  Rows drawn_;
};

// `text` in which the terminal does not begin rows by itself: a character that it draws wider than
// expected stays in its row.
std::string without_wrap(const std::string& text);

// How many rows and columns the terminal on standard output has.
struct TerminalSize {
  int rows = 24;
  int columns = 80;
};
TerminalSize terminal_size();

}  // namespace chat::client
