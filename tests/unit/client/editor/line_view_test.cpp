#include "client/terminal/editor/line_view.h"

#include <gtest/gtest.h>

#include <clocale>
#include <random>
#include <string>

#include "client/core/code_points.h"
#include "support/processes/terminal_screen.h"

namespace chat::client {
namespace {

constexpr int kHeight = 10;

class LineViewTest : public ::testing::Test {
 protected:
  LineViewTest() { std::setlocale(LC_CTYPE, "C.UTF-8"); }

  void show(const std::u32string& text, std::size_t cursor) {
    screen.write(view.show(lay_out(U"> ", text, cursor, columns, kHeight)));
  }
  void print(const std::string& line) { screen.write(view.erase() + line + "\r\n"); }
  void resize(int to) {
    columns = to;
    screen.resize(static_cast<std::size_t>(to));
    view.set_columns(to);
    screen.write(view.erase());
  }

  int columns = 10;
  chat::test::TerminalScreen screen{10};
  LineView view;
};

TEST_F(LineViewTest, DrawsWhatIsTypedInRows) {
  show(U"12345678", 8);
  EXPECT_EQ(screen.text(), "> 12345678");
  EXPECT_EQ(screen.cursor_row(), 1U);
  show(U"123456789", 9);
  EXPECT_EQ(screen.text(), "> 12345678\n9");
  show(U"1", 1);
  EXPECT_EQ(screen.text(), "> 1");
  EXPECT_EQ(screen.cursor_row(), 0U);
  EXPECT_EQ(screen.cursor_column(), 3U);
}

TEST_F(LineViewTest, WideCharactersAreNotSplit) {
  show(U"x中中中中", 5);
  EXPECT_EQ(screen.text(), "> x中中中\n中");
  show(U"中中e\u0301", 4);
  EXPECT_EQ(screen.text(), "> 中中e\u0301");
  EXPECT_EQ(screen.cursor_column(), 7U);
}

// The terminal would draw the accent onto the character before.
TEST_F(LineViewTest, AnAccentIsNotInTheLastColumn) {
  show(U"1234567e\u0301", 9);
  EXPECT_EQ(screen.text(), "> 1234567\ne\u0301");
  show(U"123456e\u0301", 8);
  EXPECT_EQ(screen.text(), "> 123456e\u0301");
  show(U"123456中\u0301x", 8);
  EXPECT_EQ(screen.text(), "> 123456\n中\u0301x");
}

TEST_F(LineViewTest, ControlsAreShown) {
  columns = 30;
  screen.resize(30);
  show(U"a\nb\t\u202ec", 6);
  EXPECT_EQ(screen.text(), "> a⏎b ‹202e›c");
}

TEST_F(LineViewTest, MessagesAppearAboveTheLine) {
  print("before");
  show(U"a line of two rows", 3);
  print("message");
  show(U"a line of two rows", 3);
  EXPECT_EQ(screen.text(), "before\nmessage\n> a line o\nf two rows");
}

TEST_F(LineViewTest, ALongLineShowsTheRowsAroundTheCursor) {
  const std::u32string text(1000, 'x');
  const Rows at_end = lay_out(U"> ", text, text.size(), 10, kHeight);
  EXPECT_EQ(at_end.rows.size(), 10U);
  EXPECT_EQ(at_end.cursor_row, 9U);
  const Rows at_begin = lay_out(U"> ", text, 0, 10, kHeight);
  EXPECT_EQ(at_begin.rows.size(), 10U);
  EXPECT_EQ(at_begin.rows[0].text, "> xxxxxxxx");
}

TEST_F(LineViewTest, ResizeErasesExactlyTheOldRows) {
  for (const int to : {3, 4, 7, 20, 11}) {
    screen = chat::test::TerminalScreen(10);
    view = {};
    columns = 10;
    print("message");
    show(U"a line of three rows, or more", 12);
    resize(to);
    show(U"a_line", 6);
    const std::string text = screen.text();
    std::string flat;
    for (const char c : text) flat += c == '\n' ? "" : std::string(1, c);
    // The terminal has also wrapped the message's row.
    EXPECT_EQ(flat.find("> a_line"), 7U) << to << "\n" << text;
    EXPECT_EQ(flat.size(), 15U) << to << "\n" << text;
  }
}

// Whatever was drawn before, the screen shows the last rows.
TEST_F(LineViewTest, UpdatesEqualAFullRedraw) {
  std::minstd_rand random(1);
  const std::u32string letters = U"ab c中é\u0301😀\n";
  for (int i = 0; i < 2000; ++i) {
    std::u32string text;
    for (auto left = random() % 60; left > 0; --left) text += letters[random() % letters.size()];
    const std::size_t cursor = random() % (text.size() + 1);
    show(text, cursor);
    chat::test::TerminalScreen fresh(10);
    fresh.write(LineView().show(lay_out(U"> ", text, cursor, columns, kHeight)));
    ASSERT_EQ(screen.text(), fresh.text()) << to_utf8(text);
    ASSERT_EQ(screen.cursor_row(), fresh.cursor_row());
    ASSERT_EQ(screen.cursor_column(), fresh.cursor_column());
  }
}

}  // namespace
}  // namespace chat::client
