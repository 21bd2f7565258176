#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "bench_options.h"
#include "shared_state.h"

namespace chat::bench {

// A snapshot of a process from /proc.
struct ProcessSample {
  double cpu_s = 0;   // CPU time since it began, to the nanosecond
  double user_s = 0;  // its parts, to the 1/100 s
  double system_s = 0;
  std::uint64_t rss_bytes = 0;
  std::uint64_t anonymous_bytes = 0;      // its own memory: heap, stacks
  std::uint64_t private_dirty_bytes = 0;  // what its exit would free
};

// Empty if the process does not exist or may not be inspected.
std::optional<ProcessSample> sample_process(int pid);

// Snapshots of several processes. A missing process has zeroes.
struct Samples {
  SteadyTime at{};
  std::vector<ProcessSample> processes;
};

Samples sample_all(const std::vector<Watched>& watched);

}  // namespace chat::bench
