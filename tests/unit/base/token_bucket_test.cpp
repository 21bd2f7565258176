#include "chat/base/token_bucket.h"

#include <gtest/gtest.h>

#include "support/fake_clock.h"

namespace chat::base {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(TokenBucket, AllowsTheBurstThenTheRate) {
  test::FakeClock clock;
  const Rate rate{20, 40};
  TokenBucket bucket;
  for (int i = 0; i < 40; ++i) ASSERT_EQ(bucket.take(rate, 1, clock.now()), milliseconds(0)) << i;
  const auto wait = bucket.take(rate, 1, clock.now());
  EXPECT_GE(wait, milliseconds(50));
  EXPECT_LE(wait, milliseconds(51));
  clock.advance(wait);
  EXPECT_EQ(bucket.take(rate, 1, clock.now()), milliseconds(0));
  EXPECT_GT(bucket.take(rate, 1, clock.now()), milliseconds(0));
}

TEST(TokenBucket, RefusedTakeTakesNothing) {
  test::FakeClock clock;
  const Rate rate{1, 2};
  TokenBucket bucket;
  for (int i = 0; i < 100; ++i) EXPECT_GT(bucket.take(rate, 3, clock.now()), milliseconds(0));
  EXPECT_EQ(bucket.take(rate, 2, clock.now()), milliseconds(0));
}

TEST(TokenBucket, SavesNoMoreThanTheBurst) {
  test::FakeClock clock;
  const Rate rate{10, 5};
  TokenBucket bucket;
  clock.advance(std::chrono::hours(1));
  for (int i = 0; i < 5; ++i) EXPECT_EQ(bucket.take(rate, 1, clock.now()), milliseconds(0));
  EXPECT_GT(bucket.take(rate, 1, clock.now()), milliseconds(0));
}

TEST(TokenBucket, ChargeGoesIntoDebtAndReturnsTheWait) {
  test::FakeClock clock;
  const Rate rate{1000, 1000};
  TokenBucket bucket;
  EXPECT_EQ(bucket.charge(rate, 1000, clock.now()), milliseconds(0));
  const auto wait = bucket.charge(rate, 500, clock.now());
  EXPECT_GE(wait, milliseconds(500));
  EXPECT_LE(wait, milliseconds(501));
  clock.advance(wait);
  EXPECT_EQ(bucket.charge(rate, 0, clock.now()), milliseconds(0));
}

TEST(TokenBucket, ZeroIsNoLimit) {
  test::FakeClock clock;
  const Rate rate{0, 0};
  TokenBucket bucket;
  EXPECT_EQ(bucket.take(rate, 1'000'000, clock.now()), milliseconds(0));
  EXPECT_EQ(bucket.charge(rate, 1'000'000, clock.now()), milliseconds(0));
}

}  // namespace
}  // namespace chat::base
