#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "bench_options.h"
#include "bench_report.h"
#include "shard.h"

namespace chat::bench {

inline constexpr int kFine = 0;
inline constexpr int kNotFine = 1;
inline constexpr int kSetUpFailed = 3;

// Runs a whole benchmark: forks the load processes, tells them when to begin and stop, samples the
// servers' processes, and reports. It does next to nothing while they work.
// Threading: the program's only thread. Blocks until the run is over.
class BenchConductor {
 public:
  explicit BenchConductor(BenchOptions options);
  ~BenchConductor();
  BenchConductor(const BenchConductor&) = delete;
  BenchConductor& operator=(const BenchConductor&) = delete;

  // Returns the exit code, also in a load process.
  int run();

 private:
  bool resolve_servers();
  bool look_before();
  std::vector<Part> divide() const;
  void map_memory(std::size_t shards);
  // False in a load process, whose work is done by then.
  bool fork_shards();
  bool wait_until_ready();
  void measure();
  void wait_for_done();
  SteadyTime last_done() const;
  void drain();
  void finish();
  void reap();

  // True if all have reached it, or one has failed or died.
  bool all_at(Stage stage);
  bool broken();
  std::uint64_t sum(Count what) const;
  bool nothing_missing() const;
  void wait(SteadyTime until);
  void show_progress();

  std::vector<Watched> load() const;

  BenchReport report_;
  std::vector<Endpoint> servers_;
  std::vector<Part> parts_;
  SharedState* shared_ = nullptr;
  ShardState* states_ = nullptr;
  std::vector<pid_t> pids_;
  std::string trouble_;
  int shard_exit_ = 0;
  SteadyTime shown_at_{};
  std::uint64_t shown_ = 0;
};

}  // namespace chat::bench
