#pragma once

#include <memory>

#include "bench/chatbench/shard.h"

namespace chat::bench {

// What one load process does in a run. The order of calls is that of the functions below.
class Mode {
 public:
  virtual ~Mode() = default;

  // Establishes the connections. False if that failed; Shard::fail() has recorded why.
  virtual bool set_up() = 0;
  // All processes are ready: the load begins.
  virtual void start(SteadyTime now) = 0;
  // Called in every turn; returns the latest time for the next call.
  virtual SteadyTime turn(SteadyTime /*now*/) { return kNever; }
  // For modes that don't end by the clock.
  virtual bool done() const { return false; }
  // Ends the load; messages in flight may still arrive.
  virtual void stop() {}
  // True once nothing in flight could disturb the next run, as the login of a client that has left
  // might.
  virtual bool at_rest() const { return true; }
};

// True if a run ends when its work is done, not by the clock.
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
