#include "chat/base/normal_form.h"

#include <gtest/gtest.h>

#include <string>

namespace chat::base {
namespace {

TEST(NormalForm, OneOfEachTwinIsComposed) {
  struct Twins {
    std::string composed;
    std::string other;
  };
  const Twins all[] = {
      {"\u00E9", "e\u0301"},
      {"\u00C5", "\u212B"},
      {"\u00C5", "A\u030A"},
      {"K", "\u212A"},
      {"\u03A9", "\u2126"},
      {"\u8C48", "\uF900"},
      {"\uAC00", "\u1100\u1161"},
      {"\uAC01", "\uAC00\u11A8"},
      {"\u1EC7", "\u1EB9\u0302"},
      {"\u0929", "\u0928\u093C"},
      {"\u0915\u093C", "\u0958"},
      {"\u1EE4\u0300", "\u00D9\u0323"},
      {"q\u0323\u0307", "q\u0307\u0323"},
      {"\U000110AB", "\U000110A5\U000110BA"},
  };
  for (const auto& [composed, other] : all) {
    EXPECT_FALSE(is_composed(other)) << other;
    EXPECT_FALSE(is_composed("a" + other + "b")) << other;
    EXPECT_TRUE(is_composed(composed)) << composed;
    EXPECT_TRUE(is_composed("a" + composed + "b")) << composed;
  }
}

TEST(NormalForm, MarksWithoutAComposedFormAreAllowed) {
  for (const std::string text :
       {"", "alice", "x\u0301", "\u1ECD\u0301", "\u0301", "e\u0332", "\u0915\u093C",
        "\u05E9\u05BC\u05C1", "\u0E19\u0E49\u0E33", "\U0001F600"}) {
    EXPECT_TRUE(is_composed(text)) << text;
  }
}

// A mark in between prevents composition only if it has the same class.
TEST(NormalForm, ComposesPastMarksOfOtherClasses) {
  EXPECT_FALSE(is_composed("e\u0332\u0301"));
  EXPECT_TRUE(is_composed("e\u030D\u0301"));
}

}  // namespace
}  // namespace chat::base
