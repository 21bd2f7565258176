#pragma once

#include <optional>

#include "bench_options.h"
#include "micros.h"
#include "shard.h"

namespace chat::bench {

// When the messages of an open loop are due: at equal distances, whatever the server does. One
// that leaves late counts from the time when it was due, so a server that stalls can't hide it.
// Without --rate nothing is ever due. Threading: confined to the loop's thread.
class SendPacer {
 public:
  explicit SendPacer(Shard& shard) {
    const BenchOptions& options = shard.options();
    if (!options.open_loop()) return;
    const auto part = static_cast<double>(shard.part().size());
    interval_ = static_cast<double>(units_of(options)) / part / options.rate * kSecond;
    // Processes take turns.
    offset_ = interval_ * static_cast<double>(shard.part().begin) /
              static_cast<double>(units_of(options));
  }

  void start(Micros now) {
    start_ = now;
    if (interval_ > 0) due_ = now + static_cast<Micros>(offset_);
  }

  // The next message that is due by now, and when it was.
  std::optional<Micros> next(Micros now) {
    if (due_ > now) return std::nullopt;
    const Micros due = due_;
    ++sent_;
    due_ = start_ + static_cast<Micros>(offset_ + interval_ * static_cast<double>(sent_));
    return due;
  }

  Micros due() const { return due_; }

 private:
  double interval_ = 0;
  double offset_ = 0;
  Micros start_ = 0;
  Micros due_ = kNever;
  std::uint64_t sent_ = 0;
};

}  // namespace chat::bench
