#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace chat::client {

// A text as rows that fit the terminal's width, with the position of the cursor.
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

// Lays out `prompt` and `text`, with the cursor before text[cursor]. Control characters are shown
// as ‹1b›, line ends as ⏎. Of more than `height` rows, those around the cursor are kept.
Rows lay_out(std::u32string_view prompt, std::u32string_view text, std::size_t cursor, int columns,
             int height);

// Puts one row with a faint `status` above the others, cut to their width.
void put_above(Rows& rows, std::u32string_view status, bool color);

// Draws and updates rows below the terminal's previous output.
//
// Only changed rows are written, each separately, so that the terminal never wraps one. After a
// resize the terminal may have wrapped rows, which erase() takes into account.
// Threading: externally synchronised.
class LineView {
 public:
  // Each returns the output for the terminal.
  std::string show(Rows next);
  // Erases the rows; the cursor is then where they began.
  std::string erase();
  // Keeps the rows; the cursor is then at the beginning of the row below.
  std::string leave();

  // The terminal was resized.
  void set_columns(int columns) { columns_ = columns; }
  bool shown() const { return !drawn_.rows.empty(); }
  std::size_t height() const { return drawn_.rows.size(); }

 private:
  std::string move_to_row(std::size_t row);

  int columns_ = 0;  // 0: as when the rows were drawn
  Rows drawn_;
};

// `text` with automatic wrap disabled: a character drawn wider than expected stays in its row.
std::string without_wrap(const std::string& text);

// The size of the terminal on standard output.
struct TerminalSize {
  int rows = 24;
  int columns = 80;
};
TerminalSize terminal_size();

}  // namespace chat::client
