#include "chat/base/unicode.h"

#include <gtest/gtest.h>

#include <string>

namespace chat::base {
namespace {

TEST(Unicode, RecognisesNamesWithoutVisibleCharacters) {
  for (const std::string name :
       {"", " ", "\u00A0\u3000", "\u0301", "\u2800", "\u200B", "\u3164", "\u115F\u1160", "\uFFA0",
        "\uFE0F", "\U000E0041", "\uE000", "\U000FFFFE", "\u20DD"}) {
    EXPECT_FALSE(has_visible(name)) << name;
  }
  for (const std::string name : {"a", " a", "\u0301a", "\u4E2D", "\U0001F600", "\u00AC", "."}) {
    EXPECT_TRUE(has_visible(name)) << name;
    EXPECT_FALSE(has_invisible(name)) << name;
  }
}

TEST(Unicode, EveryDefaultIgnorableCharacterIsInvisible) {
  int count = 0;
  for (char32_t c = 0; c <= 0x10FFFF; ++c) {
    if (!is_default_ignorable(c)) continue;
    ++count;
    EXPECT_TRUE(is_invisible(c));
  }
  EXPECT_EQ(count, 4174);  // DerivedCoreProperties.txt of Unicode 14.0
}

TEST(Unicode, SymbolsWithoutAGlyphAreInvisible) {
  for (const char32_t c : {0xFFFCU, 0x13430U, 0x13438U, 0x1343FU, 0x13441U, 0x1D159U}) {
    EXPECT_TRUE(is_invisible(c));
  }
  for (const char32_t c : {0xFFFDU, 0x1342EU, 0x1D158U, 0x1D15AU}) EXPECT_FALSE(is_invisible(c));
}

TEST(Unicode, FoldsNamesThatLookTheSame) {
  EXPECT_EQ(fold_name("a\u2800b"), "a b");
  EXPECT_EQ(fold_name("A\u200Bli\u00ADce\uFEFF"), "alice");
  EXPECT_EQ(fold_name("a\u00A0b\u3000c"), "a b c");
  EXPECT_EQ(fold_name("\u00C4\u4E2D\U0001F600"), "\u00C4\u4E2D\U0001F600");
}

}  // namespace
}  // namespace chat::base
