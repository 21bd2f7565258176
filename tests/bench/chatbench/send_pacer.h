#pragma once

#include <optional>

#include "bench_options.h"
#include "shard.h"

namespace chat::bench {

// When the messages of an open loop are due: at equal intervals, whatever the server does. A late
// message's latency counts from the time at which it was due, so a server that stalls cannot hide
// the delay. Without --rate nothing is ever due.
// Threading: confined to the loop's thread.
class SendPacer {
 public:
  explicit SendPacer(Shard& shard) {
    const BenchOptions& options = shard.options();
    if (!options.open_loop()) return;
    const auto units = static_cast<double>(units_of(options));
    interval_ = units / static_cast<double>(shard.part().size()) / options.rate;
    // Processes take turns.
    offset_ = interval_ * static_cast<double>(shard.part().begin) / units;
  }

  void start(SteadyTime now) {
    start_ = now;
    if (interval_ > 0) due_ = now + to_duration(offset_);
  }

  // Takes the next message that is due by now; returns when it was due.
  std::optional<SteadyTime> next(SteadyTime now) {
    if (due_ > now) return std::nullopt;
    const SteadyTime due = due_;
    due_ = start_ + to_duration(offset_ + interval_ * static_cast<double>(++sent_));
    return due;
  }

  SteadyTime due() const { return due_; }

 private:
  double interval_ = 0;  // s
  double offset_ = 0;    // s
  SteadyTime start_{};
  SteadyTime due_ = kNever;
  std::uint64_t sent_ = 0;
};

}  // namespace chat::bench
