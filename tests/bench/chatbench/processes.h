#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "bench_options.h"
#include "shared_state.h"

namespace chat::bench {

// What /proc tells of a process at one time.
struct ProcessSample {
  double cpu_s = 0;   // CPU time since it began, to the nanosecond
  double user_s = 0;  // its parts, to the 1/100 s
  double system_s = 0;
  std::uint64_t rss_bytes = 0;
  std::uint64_t anonymous_bytes = 0;      // its own memory: heap, stacks
  std::uint64_t private_dirty_bytes = 0;  // what would be free again without it
};

// Nothing when there is no such process, or it may not be looked at.
std::optional<ProcessSample> sample_process(int pid);

// The state of several processes at one time. A process that isn't there has zeroes.
struct Samples {
  SteadyTime at{};
  std::vector<ProcessSample> processes;
};

Samples sample_all(const std::vector<Watched>& watched);

}  // namespace chat::bench
