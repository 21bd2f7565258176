#include "net/inner/timer_wheel.h"

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <random>
#include <vector>

namespace chat::net {
namespace {

using base::SteadyTime;
using std::chrono::milliseconds;

constexpr SteadyTime kStart{std::chrono::hours(1000)};
constexpr auto kTick = TimerWheel::kTick;
constexpr auto kHorizon = kTick * static_cast<int>(TimerWheel::kSlots);

class Probe final : public TimerEntry {
 public:
  std::function<void()> call;
  int fired = 0;

 private:
  void on_deadline() override {
    ++fired;
    if (call) call();
  }
};

// Advances the wheel in small steps; returns when the probe fired.
SteadyTime advance_until_fired(TimerWheel& wheel, const Probe& probe, SteadyTime from,
                               SteadyTime limit) {
  for (SteadyTime now = from; now <= limit; now += milliseconds(10)) {
    wheel.advance(now);
    if (probe.fired > 0) return now;
  }
  return SteadyTime::max();
}

TEST(TimerWheel, FiresNeverEarlyAndAtMostOneTickLate) {
  for (int delay = 0; delay <= 1100; delay += 10) {
    TimerWheel wheel(kStart);
    Probe probe;
    const SteadyTime due = kStart + milliseconds(delay);
    wheel.schedule(probe, due);
    const SteadyTime fired = advance_until_fired(wheel, probe, kStart, due + 10 * kTick);
    EXPECT_GE(fired, due) << delay;
    EXPECT_LE(fired, due + kTick) << delay;
    EXPECT_EQ(probe.fired, 1);
  }
}

TEST(TimerWheel, FiresRandomDeadlinesInTheirTickWhileItTurns) {
  std::mt19937 random(7);
  TimerWheel wheel(kStart);
  struct RandomDeadline {
    Probe probe;
    SteadyTime due;
    SteadyTime fired{};
  };
  std::vector<std::unique_ptr<RandomDeadline>> all;
  SteadyTime now = kStart;
  for (int step = 0; step < 5000; ++step) {
    now += milliseconds(random() % 200);
    wheel.advance(now);
    auto& added = *all.emplace_back(std::make_unique<RandomDeadline>());
    added.due = now + milliseconds(random() % 300'000);
    added.probe.call = [&added, &now] { added.fired = now; };
    wheel.schedule(added.probe, added.due);
  }
  for (; !wheel.empty(); now += milliseconds(100)) wheel.advance(now);
  for (const auto& deadline : all) {
    EXPECT_EQ(deadline->probe.fired, 1);
    EXPECT_GE(deadline->fired, deadline->due);
    EXPECT_LE(deadline->fired, deadline->due + kTick + milliseconds(200));  // our own steps
  }
}

TEST(TimerWheel, NextTickIsTheTimeOfTheNextAdvance) {
  TimerWheel wheel(kStart);
  EXPECT_EQ(wheel.next_tick(), kStart + kTick);
  wheel.advance(kStart + 3 * kTick + milliseconds(1));
  EXPECT_EQ(wheel.next_tick(), kStart + 4 * kTick);
}

TEST(TimerWheel, KeepsADeadlinePastTheHorizonUntilItIsDue) {
  TimerWheel wheel(kStart);
  Probe probe;
  const SteadyTime due = kStart + 3 * kHorizon + milliseconds(70);
  wheel.schedule(probe, due);
  const SteadyTime fired = advance_until_fired(wheel, probe, kStart, due + 2 * kTick);
  EXPECT_GE(fired, due);
  EXPECT_LE(fired, due + kTick);
}

TEST(TimerWheel, FiresExactlyTheDueEntriesAfterALongSleep) {
  TimerWheel wheel(kStart);
  std::vector<std::unique_ptr<Probe>> due;
  for (std::size_t i = 0; i < 2 * TimerWheel::kSlots; ++i) {
    due.push_back(std::make_unique<Probe>());
    wheel.schedule(*due.back(), kStart + kTick * static_cast<int>(i));
  }
  Probe later;
  const SteadyTime woken = kStart + 10 * kHorizon;
  wheel.schedule(later, woken + kTick);
  wheel.advance(woken);
  for (const auto& probe : due) EXPECT_EQ(probe->fired, 1);
  EXPECT_EQ(later.fired, 0);
  wheel.advance(woken + 2 * kTick);
  EXPECT_EQ(later.fired, 1);
}

TEST(TimerWheel, FiresADeadlineInThePastAtTheNextTick) {
  TimerWheel wheel(kStart);
  wheel.advance(kStart + 5 * kTick);
  Probe probe;
  wheel.schedule(probe, kStart - std::chrono::hours(1));
  EXPECT_EQ(probe.fired, 0);
  wheel.advance(kStart + 6 * kTick);
  EXPECT_EQ(probe.fired, 1);
}

TEST(TimerWheel, MovesADeadlineLaterAndEarlier) {
  TimerWheel wheel(kStart);
  Probe later;
  Probe earlier;
  wheel.schedule(later, kStart + kTick);
  wheel.schedule(earlier, kStart + 50 * kTick);
  wheel.schedule(later, kStart + 20 * kTick);
  wheel.schedule(earlier, kStart + 2 * kTick);
  wheel.advance(kStart + 10 * kTick);
  EXPECT_EQ(later.fired, 0);
  EXPECT_EQ(earlier.fired, 1);
  wheel.advance(kStart + 60 * kTick);
  EXPECT_EQ(later.fired, 1);
  EXPECT_EQ(earlier.fired, 1);
}

TEST(TimerWheel, NeverFiresACancelledEntry) {
  TimerWheel wheel(kStart);
  Probe probe;
  wheel.cancel(probe);  // not on it: harmless
  wheel.schedule(probe, kStart + kTick);
  EXPECT_TRUE(probe.scheduled());
  wheel.cancel(probe);
  EXPECT_FALSE(probe.scheduled());
  wheel.advance(kStart + kHorizon);
  EXPECT_EQ(probe.fired, 0);
}

TEST(TimerWheel, IsEmptyWhenNothingIsScheduled) {
  TimerWheel wheel(kStart);
  EXPECT_TRUE(wheel.empty());
  Probe first;
  {
    Probe second;
    wheel.schedule(first, kStart + kTick);
    wheel.schedule(first, kStart + 2 * kTick);  // moved, not counted twice
    wheel.schedule(second, kStart + kTick);
    wheel.cancel(first);
    EXPECT_FALSE(wheel.empty());
  }
  EXPECT_TRUE(wheel.empty());
  wheel.schedule(first, kStart + kTick);
  wheel.advance(kStart + 2 * kTick);
  EXPECT_TRUE(wheel.empty());
}

TEST(TimerWheel, CallbackMayRescheduleItself) {
  TimerWheel wheel(kStart);
  Probe probe;
  SteadyTime now = kStart;
  probe.call = [&] { wheel.schedule(probe, now + 4 * kTick); };
  wheel.schedule(probe, now + kTick);
  for (; now <= kStart + 41 * kTick; now += kTick) wheel.advance(now);
  // First after at most 2 ticks, then every 4 to 5.
  EXPECT_GE(probe.fired, 8);
  EXPECT_LE(probe.fired, 10);
}

TEST(TimerWheel, CallbackMayChangeItsNeighbours) {
  TimerWheel wheel(kStart);
  Probe first;
  Probe cancelled;
  Probe moved;
  auto destroyed = std::make_unique<Probe>();
  bool destroyed_fired = false;
  destroyed->call = [&] { destroyed_fired = true; };
  Probe last;
  for (Probe* probe : {&first, &cancelled, &moved, destroyed.get(), &last}) {
    wheel.schedule(*probe, kStart + kTick);
  }
  first.call = [&] {
    wheel.cancel(cancelled);
    wheel.schedule(moved, kStart + 10 * kTick);
    destroyed.reset();
  };
  wheel.advance(kStart + 2 * kTick);
  EXPECT_EQ(first.fired, 1);
  EXPECT_EQ(cancelled.fired, 0);
  EXPECT_EQ(moved.fired, 0);
  EXPECT_FALSE(destroyed_fired);
  EXPECT_EQ(last.fired, 1);
  EXPECT_FALSE(wheel.empty());
  wheel.advance(kStart + 11 * kTick);
  EXPECT_EQ(moved.fired, 1);
  EXPECT_TRUE(wheel.empty());
}

TEST(TimerWheel, CallbackMayDestroyItsEntry) {
  TimerWheel wheel(kStart);
  auto probe = std::make_unique<Probe>();
  bool fired = false;
  probe->call = [&probe, &fired] {
    bool& told = fired;  // the closure dies with the probe
    probe.reset();
    told = true;
  };
  wheel.schedule(*probe, kStart + kTick);
  wheel.advance(kStart + 2 * kTick);
  EXPECT_TRUE(fired);
  EXPECT_TRUE(wheel.empty());
}

TEST(TimerWheel, MayBeDestroyedBeforeItsEntries) {
  Probe probe;
  {
    TimerWheel wheel(kStart);
    wheel.schedule(probe, kStart + kTick);
  }
  EXPECT_FALSE(probe.scheduled());
}

}  // namespace
}  // namespace chat::net
