#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <random>
#include <vector>

#include "chat/base/check.h"
#include "chat/base/token_bucket.h"
#include "chat/session/deadlines.h"
#include "chat/session/registry.h"
#include "net/inner/timer_wheel.h"
#include "support/fake_clock.h"
#include "support/session_rig.h"

// Small steps that belong to one session.
namespace chat::bench {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// User ids in the order in which they are looked up.
std::vector<UserId> shuffled_users(std::int64_t users) {
  std::vector<UserId> ids;
  for (std::int32_t id = 1; id <= users; ++id) ids.push_back({id});
  std::shuffle(ids.begin(), ids.end(), std::mt19937(1));
  return ids;
}

// One session holds all users, so this measures the table and not its sessions.
void registry_look_up(benchmark::State& state) {
  test::SessionRig rig;
  session::Registry registry;
  const auto pair = rig.connect();
  const auto users = shuffled_users(state.range(0));
  for (const UserId user : users) {
    CHAT_CHECK(registry.reserve(user, pair.session, false, [] {}) ==
               session::Registry::Reservation::kGranted);
  }
  std::size_t next = 0;
  for (auto _ : state) {
    CHAT_CHECK(registry.find(users[next]) != nullptr);
    if (++next == users.size()) next = 0;
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(registry_look_up)->Arg(1'000)->Arg(1'000'000);

class Timer final : public net::TimerEntry {
  void on_deadline() override {}
};

void timer_re_arm(benchmark::State& state) {
  test::FakeClock clock;
  net::TimerWheel wheel(clock.now());
  std::vector<Timer> timers(static_cast<std::size_t>(state.range(0)));
  const auto order = shuffled_users(state.range(0));
  std::size_t next = 0;
  milliseconds later{0};
  for (auto _ : state) {
    later = (later + milliseconds(1)) % seconds(45);
    wheel.schedule(timers[static_cast<std::size_t>(order[next].value - 1)],
                   clock.now() + seconds(30) + later);
    if (++next == order.size()) next = 0;
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(timer_re_arm)->Arg(1'000)->Arg(1'000'000);

// The work of each read: report the input and compute the next deadline.
void deadlines_of_a_read(benchmark::State& state) {
  test::FakeClock clock;
  session::Deadlines deadlines(clock.now());
  deadlines.logged_in(true);
  for (auto _ : state) {
    deadlines.input(clock.now());
    deadlines.frames(true, false, clock.now());
    auto next = deadlines.next(false, {.output_stall = milliseconds(1000)});
    benchmark::DoNotOptimize(next);
  }
}
BENCHMARK(deadlines_of_a_read);

void token_bucket(benchmark::State& state) {
  test::FakeClock clock;
  const base::Rate rate{.per_period = 20, .burst = 40};
  base::TokenBucket bucket;
  auto now = clock.now();
  for (auto _ : state) {
    now += milliseconds(1);
    auto wait = bucket.take(rate, 1, now);
    benchmark::DoNotOptimize(wait);
  }
}
BENCHMARK(token_bucket);

}  // namespace
}  // namespace chat::bench
