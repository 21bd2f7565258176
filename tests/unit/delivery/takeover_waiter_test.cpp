#include "delivery/push/takeover_waiter.h"

#include <gtest/gtest.h>

#include "support/fake_clock.h"
#include "unit/delivery/people.h"

namespace chat::delivery {
namespace {

class TakeoverWaiterTest : public ::testing::Test {
 protected:
  void wait(SessionEpoch epoch) {
    waiter.wait(kAlice, epoch, [this] { ++calls; });
  }
  void time_out() {
    clock.advance(TakeoverWaiter::kPatience);
    waiter.tick();
  }
  std::size_t reviews() { return waiter.take_reviews().size(); }

  test::FakeClock clock;
  TakeoverWaiter waiter{clock};
  int calls = 0;
};

TEST_F(TakeoverWaiterTest, EndsWhenTheOlderSessionHasClosed) {
  wait(2);
  waiter.tick();
  waiter.gone(UserId{2}, 1);
  EXPECT_EQ(calls, 0);
  waiter.gone(kAlice, 1);
  EXPECT_EQ(calls, 1);
  time_out();
  EXPECT_EQ(calls, 1);
}

TEST_F(TakeoverWaiterTest, TimesOutIfTheNodeDoesNotAnswer) {
  wait(2);
  time_out();
  time_out();
  EXPECT_EQ(calls, 1);
}

TEST_F(TakeoverWaiterTest, ReportOfAnOlderSessionDoesNotEndTheWait) {
  wait(3);
  waiter.gone(kAlice, 1);
  EXPECT_EQ(calls, 0);
  waiter.gone(kAlice, 2);
  EXPECT_EQ(calls, 1);
}

TEST_F(TakeoverWaiterTest, ASettledTakeoverIsNotReviewed) {
  wait(2);
  waiter.gone(kAlice, 1);
  clock.advance(TakeoverWaiter::kReviewInterval);
  EXPECT_EQ(reviews(), 0U);
}

TEST_F(TakeoverWaiterTest, LateTakeoverIsReviewedUntilAfterTheReport) {
  wait(2);
  time_out();
  EXPECT_EQ(reviews(), 0U);
  for (int i = 0; i < 3; ++i) {
    clock.advance(TakeoverWaiter::kReviewInterval);
    const auto due = waiter.take_reviews();
    ASSERT_EQ(due.size(), 1U);
    EXPECT_EQ(due[0].user, kAlice);
    EXPECT_EQ(due[0].epoch, 2);
    EXPECT_EQ(reviews(), 0U);
  }
  waiter.gone(kAlice, 1);
  const auto last = waiter.take_reviews();
  ASSERT_EQ(last.size(), 1U);
  EXPECT_EQ(last[0].epoch, 0);
  clock.advance(TakeoverWaiter::kReviewInterval);
  EXPECT_EQ(reviews(), 0U);
}

TEST_F(TakeoverWaiterTest, UnexpectedReportCausesAReview) {
  waiter.gone(kAlice, 1);
  EXPECT_EQ(reviews(), 1U);
  EXPECT_EQ(reviews(), 0U);
}

TEST_F(TakeoverWaiterTest, AnOlderReportCausesAReviewAndSettlesNothing) {
  wait(3);
  time_out();
  waiter.gone(kAlice, 1);
  const auto due = waiter.take_reviews();
  ASSERT_EQ(due.size(), 1U);
  EXPECT_EQ(due[0].epoch, 3);
  clock.advance(TakeoverWaiter::kReviewInterval);
  EXPECT_EQ(reviews(), 1U);
}

TEST_F(TakeoverWaiterTest, ReviewsOfATakeoverThatIsNeverReportedEnd) {
  wait(2);
  time_out();
  clock.advance(TakeoverWaiter::kUnsettledMax);
  EXPECT_EQ(reviews(), 1U);
  clock.advance(TakeoverWaiter::kReviewInterval);
  EXPECT_EQ(reviews(), 0U);
}

}  // namespace
}  // namespace chat::delivery
