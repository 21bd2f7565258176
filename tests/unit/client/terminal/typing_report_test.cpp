#include "client/terminal/typing_report.h"

#include <gtest/gtest.h>

namespace chat::client {
namespace {

using namespace std::chrono_literals;

class TypingReportTest : public ::testing::Test {
 protected:
  static constexpr Target kBob{{2}, {}};
  static constexpr Target kTea{{}, {7}};
  enum class Told { kNothing, kOn, kOff };

  TypingReportTest() { report.enable(); }
  // At `at`, with a line of this text for bob.
  Told told(const std::u32string& line, std::chrono::seconds at) { return told(kBob, line, at); }
  Told told(const std::optional<Target>& current, const std::u32string& line,
            std::chrono::seconds at) {
    const auto out = report.next(current, line, base::SteadyTime(at));
    if (!out) return Told::kNothing;
    to = out->to;
    return out->on ? Told::kOn : Told::kOff;
  }

  TypingReport report;
  Target to;  // of the last report
};

TEST_F(TypingReportTest, ComesAtMostOnceInTheIntervalAndOnlyAfterAChange) {
  EXPECT_EQ(told(U"a", 10s), Told::kOn);
  EXPECT_EQ(told(U"ab", 13s), Told::kNothing);
  EXPECT_EQ(told(U"ab", 14s), Told::kOn);
  EXPECT_EQ(told(U"ab", 18s), Told::kNothing);
  EXPECT_EQ(told(U"abc", 19s), Told::kOn);
}

TEST_F(TypingReportTest, NeedsATextAConversationAndAServerThatTakesIt) {
  EXPECT_EQ(told(U"", 10s), Told::kNothing);
  EXPECT_EQ(told(std::nullopt, U"a", 10s), Told::kNothing);
  TypingReport older;
  EXPECT_FALSE(older.next(kBob, U"a", base::SteadyTime(10s)));
}

TEST_F(TypingReportTest, AnEmptiedLineEndsItOnce) {
  EXPECT_EQ(told(U"a", 10s), Told::kOn);
  EXPECT_EQ(told(U"", 11s), Told::kOff);
  EXPECT_EQ(told(U"", 12s), Told::kNothing);
  EXPECT_EQ(told(U"b", 14s), Told::kOn);
}

TEST_F(TypingReportTest, AnUnchangedLineEndsItOnce) {
  EXPECT_EQ(told(U"a", 10s), Told::kOn);
  EXPECT_EQ(told(U"a", 17s), Told::kNothing);
  EXPECT_EQ(told(U"a", 18s), Told::kOff);
  EXPECT_EQ(told(U"a", 30s), Told::kNothing);
  EXPECT_EQ(told(U"ab", 31s), Told::kOn);
}

TEST_F(TypingReportTest, ASentTextEndsItByItself) {
  EXPECT_EQ(told(U"a", 10s), Told::kOn);
  report.sent(kBob, base::SteadyTime(11s));
  EXPECT_EQ(told(U"", 11s), Told::kNothing);
  EXPECT_EQ(told(U"b", 14s), Told::kOn);
  report.sent(kTea, base::SteadyTime(15s));
  EXPECT_EQ(told(U"", 15s), Told::kOff);
}

// Those who have just received the message ignore an earlier report, and the server drops it.
TEST_F(TypingReportTest, AfterASentTextTheNextComesWhenItIsShown) {
  report.sent(kBob, base::SteadyTime(10s));
  EXPECT_EQ(told(U"a", 11s), Told::kNothing);
  EXPECT_EQ(told(U"ab", 12s), Told::kOn);
  report.sent(kBob, base::SteadyTime(13s));
  EXPECT_EQ(told(U"c", 15s), Told::kNothing);
  EXPECT_EQ(told(U"cd", 16s), Told::kOn);
}

TEST_F(TypingReportTest, AnotherConversationEndsIt) {
  EXPECT_EQ(told(kBob, U"a", 10s), Told::kOn);
  EXPECT_EQ(told(kTea, U"b", 11s), Told::kOff);
  EXPECT_EQ(to, kBob);
  EXPECT_EQ(told(kTea, U"b", 14s), Told::kOn);
  EXPECT_EQ(to, kTea);
}

TEST_F(TypingReportTest, ARefusalHoldsUntilTheLineIsEmpty) {
  EXPECT_EQ(told(U"a", 10s), Told::kOn);
  report.refused();
  EXPECT_EQ(told(U"ab", 20s), Told::kNothing);
  EXPECT_EQ(told(U"ab", 30s), Told::kNothing);
  EXPECT_EQ(told(U"", 31s), Told::kNothing);
  EXPECT_EQ(told(U"b", 32s), Told::kOn);
}

TEST_F(TypingReportTest, ARefusalConcernsOneConversation) {
  EXPECT_EQ(told(kTea, U"a", 10s), Told::kOn);
  report.refused();
  EXPECT_EQ(told(kTea, U"a", 11s), Told::kNothing);
  EXPECT_EQ(told(kBob, U"b", 20s), Told::kOn);
}

}  // namespace
}  // namespace chat::client
