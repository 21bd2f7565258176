#include "client/terminal/editor/edit_line.h"

#include <gtest/gtest.h>

#include <clocale>
#include <string>
#include <vector>

#include "client/core/code_points.h"

namespace chat::client {
namespace {

using Kind = Key::Kind;
using Effect = EditLine::Effect;

class EditLineTest : public ::testing::Test {
 protected:
  EditLineTest() { std::setlocale(LC_CTYPE, "C.UTF-8"); }

  Effect press(Kind kind) { return line.apply({kind}); }
  void type(const std::string& text) {
    for (const char32_t code : to_code_points(text)) line.apply({Kind::kCharacter, code});
  }
  Effect paste(std::u32string text) {
    Key key{Kind::kPaste};
    key.pasted = std::move(text);
    return line.apply(key);
  }
  std::string text() const { return to_utf8(line.text()); }
  // As the editor handles a finished line.
  void enter(const std::string& what) {
    type(what);
    line.remember(line.take());
  }

  EditLine line;
};

TEST_F(EditLineTest, InsertsAndDeletesAtTheCursor) {
  type("helo");
  press(Kind::kLeft);
  type("l");
  EXPECT_EQ(text(), "hello");
  press(Kind::kHome);
  press(Kind::kDelete);
  EXPECT_EQ(text(), "ello");
  EXPECT_EQ(press(Kind::kBackspace), Effect::kNone);
  press(Kind::kEnd);
  press(Kind::kBackspace);
  EXPECT_EQ(text(), "ell");
  EXPECT_EQ(press(Kind::kEnter), Effect::kEntered);
  EXPECT_EQ(line.take(), "ell");
  EXPECT_EQ(text(), "");
}

TEST_F(EditLineTest, CursorMovesByWholeCharacters) {
  type("ae\u0301👨\u200d👩z");
  press(Kind::kLeft);
  press(Kind::kLeft);
  EXPECT_EQ(line.cursor(), 3U);
  press(Kind::kLeft);
  EXPECT_EQ(line.cursor(), 1U);
  press(Kind::kDelete);
  EXPECT_EQ(text(), "a👨\u200d👩z");
  press(Kind::kRight);
  press(Kind::kBackspace);
  EXPECT_EQ(text(), "az");
}

TEST_F(EditLineTest, CutsAndYanks) {
  type("one two three");
  press(Kind::kKillWordLeft);
  EXPECT_EQ(text(), "one two ");
  press(Kind::kHome);
  press(Kind::kYank);
  EXPECT_EQ(text(), "threeone two ");
  press(Kind::kKillToEnd);
  EXPECT_EQ(text(), "three");
  press(Kind::kKillToBegin);
  EXPECT_EQ(text(), "");
}

TEST_F(EditLineTest, CtrlDEndsOnlyAnEmptyLine) {
  type("x");
  press(Kind::kHome);
  EXPECT_EQ(press(Kind::kDeleteOrEnd), Effect::kChanged);
  EXPECT_EQ(press(Kind::kDeleteOrEnd), Effect::kEnded);
}

TEST_F(EditLineTest, HistoryKeepsTheNewLine) {
  enter("first");
  enter("second");
  type("third");
  press(Kind::kUp);
  EXPECT_EQ(text(), "second");
  press(Kind::kUp);
  EXPECT_EQ(text(), "first");
  EXPECT_EQ(press(Kind::kUp), Effect::kNone);
  press(Kind::kDown);
  press(Kind::kDown);
  EXPECT_EQ(text(), "third");
}

TEST_F(EditLineTest, FindsOlderLines) {
  enter("/chat 1 apple");
  enter("/chat 1 banana");
  enter("/friends");
  press(Kind::kSearch);
  type("chat");
  EXPECT_EQ(text(), "/chat 1 banana");
  EXPECT_EQ(line.search_prompt(), U"(search)`chat': ");
  press(Kind::kSearch);
  EXPECT_EQ(text(), "/chat 1 apple");
  EXPECT_EQ(press(Kind::kEnter), Effect::kEntered);
  EXPECT_EQ(line.take(), "/chat 1 apple");
  type("new");
  press(Kind::kSearch);
  type("banana");
  EXPECT_EQ(text(), "/chat 1 banana");
  press(Kind::kCancel);
  EXPECT_EQ(text(), "new");
  EXPECT_FALSE(line.search_prompt());
}

TEST_F(EditLineTest, SecretLineLeavesNothingBehind) {
  line.begin(true);
  type("secret");
  press(Kind::kKillToBegin);
  type("secret");
  EXPECT_EQ(press(Kind::kUp), Effect::kNone);
  EXPECT_EQ(press(Kind::kSearch), Effect::kNone);
  EXPECT_EQ(line.take(), "secret");
  press(Kind::kYank);
  press(Kind::kUp);
  EXPECT_EQ(text(), "");
}

TEST_F(EditLineTest, APasteIsOneTextWithoutTheLineEndsAroundIt) {
  type("/chat 2 ");
  EXPECT_EQ(paste(U"one\ntwo\n\n"), Effect::kChanged);
  EXPECT_EQ(line.take(), "/chat 2 one\ntwo");
}

TEST_F(EditLineTest, OversizedInputIsDropped) {
  EXPECT_EQ(paste(std::u32string(EditLine::kMaxBytes - 3, 'x')), Effect::kChanged);
  EXPECT_EQ(paste(U"中"), Effect::kChanged);
  EXPECT_EQ(paste(U"y"), Effect::kTooLong);
  EXPECT_EQ(line.take().size(), EditLine::kMaxBytes);
  Key cut{Kind::kPaste};
  cut.cut = true;
  cut.pasted = U"begin";
  EXPECT_EQ(line.apply(cut), Effect::kTooLong);
  EXPECT_EQ(text(), "");
}

TEST_F(EditLineTest, CtrlCClearsTheLineAndReportsAnEmptyOne) {
  enter("older");
  type("half");
  EXPECT_EQ(press(Kind::kInterrupt), Effect::kChanged);
  EXPECT_EQ(text(), "");
  EXPECT_EQ(press(Kind::kInterrupt), Effect::kInterrupted);
  press(Kind::kSearch);
  type("old");
  EXPECT_EQ(press(Kind::kInterrupt), Effect::kChanged);
  EXPECT_EQ(text(), "");
  EXPECT_FALSE(line.search_prompt());
  line.begin(true);
  type("secret");
  EXPECT_EQ(press(Kind::kInterrupt), Effect::kCancelled);
}

TEST_F(EditLineTest, FocusReportsDoNotEndASearch) {
  enter("older");
  press(Kind::kSearch);
  type("old");
  EXPECT_EQ(press(Kind::kFocusOut), Effect::kUnfocused);
  EXPECT_EQ(press(Kind::kFocusIn), Effect::kFocused);
  EXPECT_TRUE(line.search_prompt());
}

}  // namespace
}  // namespace chat::client
