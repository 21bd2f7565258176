#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace chat::client::load {

// The percentiles in reports, with their names.
inline constexpr std::array<std::pair<const char*, double>, 4> kPercentiles = {
    {{"p50", 50.0}, {"p90", 90.0}, {"p99", 99.0}, {"p99.9", 99.9}}};

// A histogram of durations. Its buckets are at most 1/64 of their value wide, so it gives
// percentiles of any number of measurements in little memory. The maximum is exact.
// Threading: externally synchronised. Bounds: 18 KiB; durations above 12 days count as 12 days.
class Latency {
 public:
  using Duration = std::chrono::microseconds;

  // Negative durations count as 0.
  void add(Duration took);
  void add(const Latency& other);

  std::uint64_t count() const { return count_; }
  Duration max() const { return max_; }
  // The duration that `percent` of the measurements do not exceed, 0 < percent <= 100. 0 if there
  // are none.
  Duration percentile(double percent) const;

 private:
  static constexpr int kSubBits = 6;
  static constexpr std::size_t kSub = std::size_t{1} << kSubBits;
  static constexpr int kMostBits = 40;
  static constexpr std::size_t kBuckets = kSub * (kMostBits - kSubBits + 2);

  static std::size_t bucket_of(std::uint64_t value);
  static std::uint64_t highest_in(std::size_t bucket);

  std::array<std::uint64_t, kBuckets> counts_{};
  std::uint64_t count_ = 0;
  Duration max_{0};
};

}  // namespace chat::client::load
