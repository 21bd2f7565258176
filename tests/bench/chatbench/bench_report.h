#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "bench_options.h"
#include "processes.h"
#include "shared_state.h"

namespace chat::bench {

// The results of a run. A plain value.
struct BenchReport {
  BenchOptions options;
  std::array<std::uint64_t, kCounts> totals{};    // since the start
  std::array<std::uint64_t, kCounts> measured{};  // within the measured span
  std::array<Latency, kTooks> took;
  double seconds = 0;      // the measured span
  double set_up_rate = 0;  // mode offline: messages/s sent to the offline recipients
  std::size_t load_processes = 1;
  std::string problem;  // the first thing that went wrong, for people

  // The watched processes: before anything was connected, and around the measured span.
  Samples before, begin, end;
  // The load processes themselves.
  Samples load_begin, load_end;

  std::uint64_t total(Count what) const { return totals[static_cast<std::size_t>(what)]; }
  std::uint64_t during(Count what) const { return measured[static_cast<std::size_t>(what)]; }
  const Latency& latency(Took what) const { return took[static_cast<std::size_t>(what)]; }
};

// A count that must be 0: its name and value.
struct Fault {
  const char* name;
  std::uint64_t number;
};

std::vector<Fault> faults_of(const BenchReport& report);
bool is_fine(const BenchReport& report);

// For people, and for programs.
std::string text_of(const BenchReport& report);
std::string json_of(const BenchReport& report);

}  // namespace chat::bench
