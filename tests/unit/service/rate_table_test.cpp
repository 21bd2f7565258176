#include "chat/service/rate_table.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "support/fake_clock.h"

namespace chat::service {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(RateTable, SaysHowLongToWaitAtTheLimitAndForgetsAfterTheMinute) {
  test::FakeClock clock;
  RateTable table(2, clock);
  EXPECT_EQ(table.wait("a"), milliseconds(0));
  table.count("a");
  clock.advance(seconds(10));
  EXPECT_EQ(table.wait("a"), milliseconds(0));
  table.count("a");
  EXPECT_EQ(table.wait("a"), seconds(50));
  EXPECT_EQ(table.wait("b"), milliseconds(0));
  clock.advance(seconds(50) - std::chrono::nanoseconds(1));
  EXPECT_EQ(table.wait("a"), milliseconds(1));
  clock.advance(std::chrono::nanoseconds(1));
  EXPECT_EQ(table.wait("a"), milliseconds(0));
  table.count("a");
  EXPECT_EQ(table.wait("a"), milliseconds(0));
}

TEST(RateTable, ZeroIsNoLimit) {
  test::FakeClock clock;
  RateTable table(0, clock);
  for (int i = 0; i < 1000; ++i) table.count("a");
  EXPECT_EQ(table.wait("a"), milliseconds(0));
}

TEST(RateTable, IsBoundedAndKeepsWhatIsFreshWhereItCan) {
  test::FakeClock clock;
  RateTable table(1, clock);
  for (std::size_t i = 0; i < RateTable::kKeysMax - 1; ++i) table.count(std::to_string(i));
  clock.advance(seconds(59));
  table.count("fresh");
  clock.advance(seconds(2));
  table.count("one more");  // those whose minute is over go
  EXPECT_GT(table.wait("fresh"), milliseconds(0));
  EXPECT_GT(table.wait("one more"), milliseconds(0));
  EXPECT_EQ(table.wait("0"), milliseconds(0));
}

}  // namespace
}  // namespace chat::service
