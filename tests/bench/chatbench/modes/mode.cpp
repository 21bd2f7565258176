#include "mode.h"

#include <algorithm>

namespace chat::bench {
namespace {

// How soon a word of the conductor is heard.
constexpr Micros kListen = 5'000;

void set_stage(Shard& shard, Stage stage) {
  shard.state().stage.store(stage, std::memory_order_release);
}

void wait_for(Shard& shard, const std::atomic<bool>& word) {
  while (!word.load(std::memory_order_acquire)) {
    const Micros now = now_micros();
    shard.turn(now);
    shard.loop().run_once(now + kListen);
  }
}

void run_load(Shard& shard, Mode& mode, bool by_itself) {
  mode.start(now_micros());
  for (;;) {
    const Micros now = now_micros();
    shard.turn(now);
    if (by_itself ? mode.done() : now >= shard.until()) break;
    if (by_itself && shard.shared().stop.load(std::memory_order_acquire)) break;
    // The span begins, and may end, while nothing comes in.
    const Micros bound = now < shard.from() ? shard.from() : shard.until();
    const Micros heard = by_itself ? now + 20 * kListen : bound;
    shard.loop().run_once(std::min({mode.turn(now), bound, heard}));
  }
  mode.stop();
  const Micros deadline = now_micros() + static_cast<Micros>(shard.options().drain * kSecond);
  while (!mode.at_rest() && now_micros() < deadline) {
    shard.turn(now_micros());
    shard.loop().run_once(now_micros() + kListen);
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
  shard.state().done_at.store(now_micros());
  set_stage(shard, Stage::kDone);
  wait_for(shard, shard.shared().stop);
  set_stage(shard, Stage::kFinished);
  return 0;
}

}  // namespace chat::bench
