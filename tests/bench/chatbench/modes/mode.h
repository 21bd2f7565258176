#pragma once

#include <memory>

#include "bench/chatbench/shard.h"

namespace chat::bench {

// What one load process does in a run. The order of calls is that of the functions below.
class Mode {
 public:
  virtual ~Mode() = default;

  // Makes the connections. False: Shard::fail() told why.
  virtual bool set_up() = 0;
  // All processes are ready: the load begins.
  virtual void start(SteadyTime now) = 0;
  // Called in every turn; returns when it wants to be called again at the latest.
  virtual SteadyTime turn(SteadyTime /*now*/) { return kNever; }
  // For modes that don't end by the clock.
  virtual bool done() const { return false; }
  // No more load; what is under way may still come.
  virtual void stop() {}
  // Whether nothing that is under way would disturb who comes next: a login of a client that has
  // gone might.
  virtual bool at_rest() const { return true; }
};

// Whether a run ends when its work is done, not by the clock.
bool ends_by_itself(const BenchOptions& options);

std::unique_ptr<Mode> make_mode(Shard& shard);

std::unique_ptr<Mode> make_ping(Shard& shard);
std::unique_ptr<Mode> make_pairs(Shard& shard);
std::unique_ptr<Mode> make_random(Shard& shard);
std::unique_ptr<Mode> make_group(Shard& shard);
std::unique_ptr<Mode> make_idle(Shard& shard);
std::unique_ptr<Mode> make_login(Shard& shard);
std::unique_ptr<Mode> make_offline(Shard& shard);
std::unique_ptr<Mode> make_storm(Shard& shard);

// Runs one load process from set-up to results; returns its exit code.
int run_shard(Shard& shard);

}  // namespace chat::bench
