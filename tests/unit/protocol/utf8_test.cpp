#include "chat/protocol/utf8.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

namespace chat::protocol {
namespace {

using namespace std::string_literals;

TEST(Utf8, AcceptsTheFirstAndLastCodePointOfEachLength) {
  for (const std::string& text :
       {""s, "\0"s, "a"s, "\x7F"s, "\xC2\x80"s, "\xDF\xBF"s, "\xE0\xA0\x80"s, "\xED\x9F\xBF"s,
        "\xEE\x80\x80"s, "\xEF\xBF\xBF"s, "\xF0\x90\x80\x80"s, "\xF4\x8F\xBF\xBF"s}) {
    EXPECT_TRUE(is_valid_utf8(text)) << testing::PrintToString(text);
    EXPECT_EQ(count_code_points(text), text.empty() ? 0u : 1u);
  }
}

TEST(Utf8, RefusesEveryKindOfErrorAtEveryPosition) {
  const std::vector<std::string> faults = {
      "\x80",              // a continuation byte alone
      "\xBF",              //
      "\xC0\x80",          // overlong, two bytes
      "\xC1\xBF",          //
      "\xE0\x80\x80",      // overlong, three bytes
      "\xE0\x9F\xBF",      //
      "\xF0\x80\x80\x80",  // overlong, four bytes
      "\xF0\x8F\xBF\xBF",  //
      "\xED\xA0\x80",      // surrogates
      "\xED\xBF\xBF",      //
      "\xF4\x90\x80\x80",  // above U+10FFFF
      "\xF5\x80\x80\x80",  //
      "\xFE",              // no such byte
      "\xFF",              //
      "\xC3",              // cut short
      "\xE2\x82",          //
      "\xF0\x9F\x98",      //
      "\xC3(",             // a continuation byte missing
      "\xE2(\x82",         //
      "\xE2\x82(",         //
      "\xF0\x9F(\x98",     //
      "\xF0\x9F\x98(",     //
      "\xC3\xC3",          //
  };
  for (const std::string& fault : faults) {
    for (std::size_t before = 0; before <= 20; ++before) {
      for (const std::string& after : {""s, "0123456789"s}) {
        const std::string text = std::string(before, 'a') + fault + after;
        EXPECT_FALSE(is_valid_utf8(text)) << testing::PrintToString(text);
        EXPECT_EQ(valid_utf8_prefix(text), before);
      }
    }
  }
}

TEST(Utf8, DoesNotLookPastTheEnd) {
  const std::string_view text = "😀";
  for (std::size_t size = 1; size < text.size(); ++size) {
    EXPECT_EQ(valid_utf8_prefix(text.substr(0, size)), 0u);
  }
}

TEST(Utf8, AgreesWithTheDefinitionOnEveryCodePoint) {
  for (std::uint32_t c = 0x80; c <= 0x1FFFFF; ++c) {
    const int tail = c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
    std::string text(1, static_cast<char>(0xF00u >> (tail + 1) | c >> 6 * tail));
    for (int i = tail - 1; i >= 0; --i)
      text.push_back(static_cast<char>(0x80 | (c >> 6 * i & 0x3F)));
    const bool valid = c <= 0x10FFFF && (c < 0xD800 || c > 0xDFFF);
    ASSERT_EQ(is_valid_utf8(text), valid) << std::hex << c;
  }
}

TEST(Utf8, CountsCodePointsNotBytes) {
  EXPECT_EQ(count_code_points("aä€😀"), 4u);
  EXPECT_EQ(count_code_points("你好"), 2u);
}

TEST(Utf8, FindsEveryControlCharacter) {
  for (const std::string& control :
       {"\0"s, "\x1F"s, "\n"s, "\x7F"s, "\u0080"s, "\u009F"s, "\u2028"s, "\u2029"s, "\u061C"s,
        "\u200E"s, "\u200F"s, "\u202A"s, "\u202E"s, "\u2066"s, "\u2069"s}) {
    EXPECT_TRUE(has_control_characters("ä" + control + "b")) << testing::PrintToString(control);
    EXPECT_TRUE(has_control_characters(control));
  }
}

TEST(Utf8, NeighboursOfControlCharactersAreText) {
  for (const std::string& text : {" "s, "~"s, "\u00A0"s, "\u2027"s, "\u202F"s, "\u061B"s, "\u061D"s,
                                  "\u200D"s, "\u2010"s, "\u2065"s, "\u206A"s, "😀"s}) {
    EXPECT_FALSE(has_control_characters("a" + text)) << text;
  }
}

TEST(Utf8, FindsUnicodeWhiteSpaceAtBothEndsOnly) {
  for (const std::string& space :
       {" "s, "\t"s, "\r"s, "\u0085"s, "\u00A0"s, "\u1680"s, "\u2000"s, "\u200A"s, "\u2028"s,
        "\u2029"s, "\u202F"s, "\u205F"s, "\u3000"s}) {
    EXPECT_TRUE(has_outer_space(space)) << testing::PrintToString(space);
    EXPECT_TRUE(has_outer_space(space + "a"));
    EXPECT_TRUE(has_outer_space("ä" + space));
    EXPECT_FALSE(has_outer_space("a" + space + "b"));
  }
  EXPECT_FALSE(has_outer_space(""));
  EXPECT_FALSE(has_outer_space("😀"));
}

}  // namespace
}  // namespace chat::protocol
