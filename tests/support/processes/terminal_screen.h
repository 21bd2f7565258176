#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace chat::test {

// What a person sees on a terminal that got these bytes: an emulator of the few sequences (ECMA-48)
// that the client uses. Rows that were wrapped by the terminal itself are joined and broken anew
// when its width changes, as most terminals do. It scrolls without an end.
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
    bool wrapped = false;  // goes on in the next one
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
