#include "mode.h"

#include <algorithm>

namespace chat::bench {
namespace {

// How often to look for an instruction of the conductor.
constexpr std::chrono::milliseconds kListen{5};

void set_stage(Shard& shard, Stage stage) {
  shard.state().stage.store(stage, std::memory_order_release);
}

void wait_for(Shard& shard, const std::atomic<bool>& word) {
  while (!word.load(std::memory_order_acquire)) {
    const SteadyTime now = time_now();
    shard.turn(now);
    shard.poller().run_once(now + kListen);
  }
}

void run_load(Shard& shard, Mode& mode, bool by_itself) {
  mode.start(time_now());
  for (;;) {
    const SteadyTime now = time_now();
    shard.turn(now);
    if (by_itself ? mode.done() : now >= shard.until()) break;
    if (by_itself && shard.shared().stop.load(std::memory_order_acquire)) break;
    // The measured span may begin and end while no input arrives.
    const SteadyTime bound = now < shard.from() ? shard.from() : shard.until();
    const SteadyTime heard = by_itself ? now + 20 * kListen : bound;
    shard.poller().run_once(std::min({mode.turn(now), bound, heard}));
  }
  mode.stop();
  const SteadyTime deadline = time_now() + to_duration(shard.options().drain);
  while (!mode.at_rest() && time_now() < deadline) {
    shard.turn(time_now());
    shard.poller().run_once(time_now() + kListen);
  }
}

}  // namespace

bool ends_by_itself(const BenchOptions& options) {
  return options.mode == ModeName::kOffline || options.mode == ModeName::kStorm;
}

std::unique_ptr<Mode> make_mode(Shard& shard) {
  switch (shard.options().mode) {
    case ModeName::kPing: return make_ping(shard);
    case ModeName::kPairs: return shard.options().random ? make_random(shard) : make_pairs(shard);
    case ModeName::kGroup: return make_group(shard);
    case ModeName::kIdle: return make_idle(shard);
    case ModeName::kLogin: return make_login(shard);
    case ModeName::kOffline: return make_offline(shard);
    case ModeName::kStorm: return make_storm(shard);
  }
  return nullptr;
}

int run_shard(Shard& shard) {
  const std::unique_ptr<Mode> mode = make_mode(shard);
  if (!mode->set_up()) {
    set_stage(shard, Stage::kFailed);
    return 1;
  }
  set_stage(shard, Stage::kReady);
  wait_for(shard, shard.shared().go);
  shard.set_span(shard.shared().from.load(), shard.shared().until.load());
  run_load(shard, *mode, ends_by_itself(shard.options()));
  shard.state().done_at.store(time_now());
  set_stage(shard, Stage::kDone);
  wait_for(shard, shard.shared().stop);
  shard.close_books();
  set_stage(shard, Stage::kFinished);
  return 0;
}

}  // namespace chat::bench
