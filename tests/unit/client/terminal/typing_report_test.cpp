#include "client/terminal/typing_report.h"

#include <gtest/gtest.h>

namespace chat::client {
namespace {

using namespace std::chrono_literals;

class TypingReportTest : public ::testing::Test {
 protected:
  static constexpr Target kBob{{2}, {}};
  static constexpr Target kTea{{}, {7}};

  TypingReportTest() { report.enable(); }
  bool due(const std::optional<Target>& current, bool composes, std::chrono::seconds at) {
    return report.due(current, composes, base::SteadyTime(at));
  }

  TypingReport report;
};

TEST_F(TypingReportTest, ComesAtMostOnceInTheInterval) {
  EXPECT_TRUE(due(kBob, true, 10s));
  EXPECT_FALSE(due(kBob, true, 13s));
  EXPECT_TRUE(due(kBob, true, 14s));
  report.sent();
  EXPECT_TRUE(due(kBob, true, 15s));
}

TEST_F(TypingReportTest, NeedsATextAConversationAndAServerThatTakesIt) {
  EXPECT_FALSE(due(kBob, false, 10s));
  EXPECT_FALSE(due(std::nullopt, true, 10s));
  TypingReport older;
  EXPECT_FALSE(older.due(kBob, true, base::SteadyTime(10s)));
}

TEST_F(TypingReportTest, ARefusalHoldsUntilTheLineIsEmpty) {
  EXPECT_TRUE(due(kTea, true, 10s));
  report.refused();
  EXPECT_FALSE(due(kTea, true, 20s));
  EXPECT_FALSE(due(kTea, false, 30s));
  EXPECT_TRUE(due(kTea, true, 31s));
}

TEST_F(TypingReportTest, ARefusalConcernsOneConversation) {
  EXPECT_TRUE(due(kTea, true, 10s));
  report.refused();
  EXPECT_TRUE(due(kBob, true, 20s));
}

}  // namespace
}  // namespace chat::client
