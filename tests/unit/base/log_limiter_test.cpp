#include "chat/base/log_limiter.h"

#include <gtest/gtest.h>

#include <chrono>
#include <optional>

#include "support/fake_clock.h"

namespace chat::log {
namespace {

using std::chrono::seconds;

constexpr base::Rate kTwoASecond{.per_period = 2, .burst = 3};

TEST(LogLimiter, LogsABurstAndThenNoMoreThanTheRate) {
  test::FakeClock clock;
  Limiter limiter{kTwoASecond};
  int logged = 0;
  for (int i = 0; i < 1000; ++i) logged += limiter.admit(clock.now()) ? 1 : 0;
  EXPECT_EQ(logged, 3);
  for (int second = 0; second < 10; ++second) {
    clock.advance(seconds(1));
    for (int i = 0; i < 1000; ++i) logged += limiter.admit(clock.now()) ? 1 : 0;
  }
  EXPECT_EQ(logged, 23);
}

TEST(LogLimiter, NextLineNamesHowManyWereSuppressed) {
  test::FakeClock clock;
  Limiter limiter{kTwoASecond};
  for (int i = 0; i < 3; ++i) EXPECT_EQ(limiter.admit(clock.now()), 0U);
  for (int i = 0; i < 7; ++i) EXPECT_EQ(limiter.admit(clock.now()), std::nullopt);
  clock.advance(seconds(1));
  EXPECT_EQ(limiter.admit(clock.now()), 7U);
  EXPECT_EQ(limiter.admit(clock.now()), 0U);
}

TEST(LogLimiter, RepeatedFaultIsLoggedOnceInTenSeconds) {
  test::FakeClock clock;
  Limiter limiter{kRepeatedFault};
  int logged = 0;
  for (int quarter = 0; quarter < 4 * 60; ++quarter) {
    logged += limiter.admit(clock.now()) ? 1 : 0;
    clock.advance(std::chrono::milliseconds(250));
  }
  EXPECT_EQ(logged, 6);
}

}  // namespace
}  // namespace chat::log
