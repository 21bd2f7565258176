#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace chat::test {

// Emulates a terminal with the few sequences (ECMA-48) that the client uses. Like most terminals,
// it re-wraps rows that it wrapped itself when its width changes. It scrolls without limit.
class TerminalScreen {
 public:
  explicit TerminalScreen(std::size_t columns) : columns_(columns) {}

  void write(std::string_view bytes);
  void resize(std::size_t columns);

  // Without blanks at the rows' ends and empty rows at the end, joined by LF.
  std::string text() const;
  std::size_t cursor_row() const { return row_; }
  std::size_t cursor_column() const { return column_; }

 private:
  struct Row {
    std::vector<std::u32string> cells;
    bool wrapped = false;  // continues in the next row
  };

  void put(char32_t code);
  void control(std::string_view parameters, char final);
  Row& row();

  std::size_t columns_;
  std::vector<Row> rows_{Row{}};
  std::size_t row_ = 0;
  std::size_t column_ = 0;
  bool wraps_ = true;
};

}  // namespace chat::test
