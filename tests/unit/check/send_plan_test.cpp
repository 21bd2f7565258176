#include "client/check/send_plan.h"

#include <gtest/gtest.h>

namespace chat::client::check {
namespace {

using std::chrono::milliseconds;

class SendPlanTest : public ::testing::Test {
 protected:
  SendPlan plan(std::size_t window, bool resend = true) {
    SendPlan out(ledger, 0, window, resend);
    out.begin({start, milliseconds(10), 5});
    return out;
  }
  base::SteadyTime at(int ms) const { return start + milliseconds(ms); }

  Ledger ledger{2};
  const base::SteadyTime start = base::SteadyTime() + std::chrono::hours(1);
};

TEST_F(SendPlanTest, SendsEachMessageAtItsTime) {
  SendPlan sending = plan(64);
  EXPECT_EQ(sending.next_time(), at(0));
  EXPECT_EQ(sending.next(at(0)), 0U);
  EXPECT_EQ(sending.next(at(9)), std::nullopt);
  EXPECT_EQ(sending.next_time(), at(10));
  EXPECT_EQ(sending.next(at(25)), 1U);
  EXPECT_EQ(sending.next(at(25)), 2U);
  EXPECT_EQ(sending.next(at(25)), std::nullopt);
}

TEST_F(SendPlanTest, WindowDelaysSendingAndLatencyCountsFromTheDueTime) {
  SendPlan sending = plan(2);
  EXPECT_EQ(sending.next(at(100)), 0U);
  EXPECT_EQ(sending.next(at(100)), 1U);
  EXPECT_EQ(sending.next(at(100)), std::nullopt);
  EXPECT_EQ(sending.next_time(), base::SteadyTime::max());
  sending.answered(0);
  EXPECT_EQ(sending.next(at(100)), 2U);
  EXPECT_EQ(ledger.acked(2, 1).due, at(20));
}

TEST_F(SendPlanTest, RefusedMessageGoesFirstAndNothingBeforeItsTime) {
  SendPlan sending = plan(64);
  sending.next(at(0));
  sending.refused(0, at(50));
  EXPECT_EQ(sending.next(at(49)), std::nullopt);
  EXPECT_EQ(sending.next_time(), at(50));
  EXPECT_EQ(sending.next(at(50)), 0U);
  EXPECT_EQ(sending.next(at(50)), 1U);
}

TEST_F(SendPlanTest, UnansweredMessagesAreSentAgainInOrder) {
  SendPlan sending = plan(64);
  for (int i = 0; i < 3; ++i) sending.next(at(20));
  sending.answered(1);
  sending.connection_lost();
  EXPECT_EQ(sending.waits_since(), base::SteadyTime::max());
  EXPECT_EQ(sending.next(at(21)), 0U);
  EXPECT_EQ(sending.next(at(21)), 2U);
  EXPECT_EQ(sending.next(at(21)), std::nullopt);
  EXPECT_EQ(sending.waits_since(), at(21));
}

TEST_F(SendPlanTest, GivesUpUnansweredMessagesWithoutResend) {
  SendPlan sending = plan(64, false);
  sending.next(at(0));
  sending.connection_lost();
  EXPECT_TRUE(sending.idle());
  EXPECT_TRUE(ledger.settled());
  EXPECT_EQ(sending.next(at(10)), 1U);
}

TEST_F(SendPlanTest, FinishesOnlyMessagesThatItHasBegun) {
  SendPlan sending = plan(64);
  sending.next(at(0));
  EXPECT_EQ(sending.end(), 4U);
  EXPECT_EQ(sending.next(at(100)), std::nullopt);
  sending.connection_lost();
  EXPECT_EQ(sending.next(at(100)), 0U);
}

}  // namespace
}  // namespace chat::client::check
