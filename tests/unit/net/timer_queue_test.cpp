#include "net/inner/timer_queue.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/timerfd.h>

#include <chrono>
#include <string>

namespace chat::net {
namespace {

using base::SteadyTime;
using std::chrono::milliseconds;

constexpr milliseconds kOnce{0};

// Advanced manually: the times are in the far future, so that the timerfd never fires.
class TimerQueueTest : public testing::Test {
 protected:
  TimerQueue queue_{base::UniqueFd(::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC))};
  const SteadyTime start_ = std::chrono::steady_clock::now() + std::chrono::hours(1);
  std::string calls_;
};

TEST_F(TimerQueueTest, RunsAOneShotOnceAndNeverEarly) {
  queue_.add(start_ + milliseconds(10), kOnce, [this] { calls_ += 'a'; });
  queue_.run_due(start_ + milliseconds(9));
  EXPECT_EQ(calls_, "");
  queue_.run_due(start_ + milliseconds(10));
  queue_.run_due(start_ + milliseconds(100));
  EXPECT_EQ(calls_, "a");
}

TEST_F(TimerQueueTest, RunsInOrderOfDueTimeAndThenOfAdding) {
  queue_.add(start_ + milliseconds(20), kOnce, [this] { calls_ += 'c'; });
  queue_.add(start_ + milliseconds(10), kOnce, [this] { calls_ += 'a'; });
  queue_.add(start_ + milliseconds(10), kOnce, [this] { calls_ += 'b'; });
  queue_.run_due(start_ + milliseconds(30));
  EXPECT_EQ(calls_, "abc");
}

TEST_F(TimerQueueTest, RepeatsAtItsIntervalWithoutCatchingUp) {
  queue_.add(start_ + milliseconds(10), milliseconds(10), [this] { calls_ += 'r'; });
  queue_.run_due(start_ + milliseconds(10));
  queue_.run_due(start_ + milliseconds(19));
  EXPECT_EQ(calls_, "r");
  queue_.run_due(start_ + milliseconds(20));
  EXPECT_EQ(calls_, "rr");
  queue_.run_due(start_ + milliseconds(500));  // overslept: one call, not 48
  EXPECT_EQ(calls_, "rrr");
}

TEST_F(TimerQueueTest, StopsARepeatingTimerThatCancelsItself) {
  TimerId id = 0;
  id = queue_.add(start_, milliseconds(10), [&] {
    calls_ += 'x';
    queue_.cancel(id);
  });
  for (int i = 0; i < 5; ++i) queue_.run_due(start_ + milliseconds(10 * i));
  EXPECT_EQ(calls_, "x");
}

TEST_F(TimerQueueTest, NeverRunsATimerThatAnotherCancelled) {
  const TimerId victim =
      queue_.add(start_ + milliseconds(1), milliseconds(5), [this] { calls_ += 'v'; });
  queue_.add(start_, kOnce, [&] {
    calls_ += 'c';
    queue_.cancel(victim);
  });
  queue_.run_due(start_ + milliseconds(50));
  EXPECT_EQ(calls_, "c");
}

TEST_F(TimerQueueTest, IgnoresCancellingUnknownTimers) {
  const TimerId id = queue_.add(start_, kOnce, [this] { calls_ += 'a'; });
  queue_.run_due(start_);
  queue_.cancel(id);
  queue_.cancel(0);
  queue_.cancel(12345);
  queue_.add(start_, kOnce, [this] { calls_ += 'b'; });
  queue_.run_due(start_);
  EXPECT_EQ(calls_, "ab");
}

TEST_F(TimerQueueTest, RunsTimersAddedByCallbacks) {
  queue_.add(start_, kOnce, [&] {
    calls_ += 'a';
    queue_.add(start_ + milliseconds(5), kOnce, [this] { calls_ += 'b'; });
  });
  queue_.run_due(start_);
  EXPECT_EQ(calls_, "a");
  queue_.run_due(start_ + milliseconds(5));
  EXPECT_EQ(calls_, "ab");
}

TEST_F(TimerQueueTest, DescriptorBecomesReadableWhenATimerIsDue) {
  queue_.add(start_, kOnce, [] {});
  pollfd waiting{queue_.fd(), POLLIN, 0};
  EXPECT_EQ(::poll(&waiting, 1, 0), 0);
  queue_.add(std::chrono::steady_clock::now() - milliseconds(1), kOnce, [] {});
  EXPECT_EQ(::poll(&waiting, 1, 5000), 1);
  queue_.run_due(std::chrono::steady_clock::now());
  EXPECT_EQ(::poll(&waiting, 1, 0), 0);
}

}  // namespace
}  // namespace chat::net
