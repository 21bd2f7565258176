#include "client/text.h"

#include <gtest/gtest.h>

#include <clocale>
#include <string>

namespace chat::client {
namespace {

std::string times(int count, const std::string& text) {
  std::string out;
  for (int i = 0; i < count; ++i) out += text;
  return out;
}

TEST(RowsDown, CountsCellsAsATerminalDoes) {
  ASSERT_NE(std::setlocale(LC_CTYPE, "C.UTF-8"), nullptr);
  EXPECT_EQ(rows_down("", 80), 0);
  EXPECT_EQ(rows_down(times(79, "x"), 80), 0);
  EXPECT_EQ(rows_down(times(80, "x"), 80), 1);
  EXPECT_EQ(rows_down(times(81, "x"), 80), 1);
  EXPECT_EQ(rows_down(times(79, "é"), 80), 0);
  EXPECT_EQ(rows_down(times(39, "中"), 80), 0);
  EXPECT_EQ(rows_down(times(40, "中"), 80), 1);
  // The last cell of a row stays empty where a wide character does not fit.
  EXPECT_EQ(rows_down("x" + times(39, "中"), 80), 0);
  EXPECT_EQ(rows_down("x" + times(40, "中"), 80), 1);
  EXPECT_EQ(rows_down("x" + times(79, "中"), 80), 2);
  EXPECT_EQ(rows_down("中", 1), 2);
}

}  // namespace
}  // namespace chat::client
