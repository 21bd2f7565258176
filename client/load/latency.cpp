#include "client/load/latency.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace chat::client::load {

// Values below kSub have a bucket each; above, each power of two is cut into kSub buckets.
std::size_t Latency::bucket_of(std::uint64_t value) {
  if (value < kSub) return static_cast<std::size_t>(value);
  const int shift = static_cast<int>(std::bit_width(value)) - 1 - kSubBits;
  const auto within = static_cast<std::size_t>(value >> shift) - kSub;
  return kSub * (static_cast<std::size_t>(shift) + 1) + within;
}

std::uint64_t Latency::highest_in(std::size_t bucket) {
  if (bucket < kSub) return bucket;
  const std::size_t shift = bucket / kSub - 1;
  const std::uint64_t first = static_cast<std::uint64_t>(kSub + bucket % kSub) << shift;
  return first + (std::uint64_t{1} << shift) - 1;
}

void Latency::add(Duration took) {
  constexpr std::int64_t kMost = (std::int64_t{1} << kMostBits) - 1;
  const std::int64_t value = std::clamp<std::int64_t>(took.count(), 0, kMost);
  ++counts_[bucket_of(static_cast<std::uint64_t>(value))];
  ++count_;
  max_ = std::max(max_, Duration(value));
}

void Latency::add(const Latency& other) {
  for (std::size_t i = 0; i < kBuckets; ++i) counts_[i] += other.counts_[i];
  count_ += other.count_;
  max_ = std::max(max_, other.max_);
}

Latency::Duration Latency::percentile(double percent) const {
  const auto rank = static_cast<std::uint64_t>(
      std::max(1.0, std::ceil(percent / 100.0 * static_cast<double>(count_))));
  std::uint64_t passed = 0;
  for (std::size_t i = 0; i < kBuckets; ++i) {
    passed += counts_[i];
    if (passed >= rank) return std::min(max_, Duration(static_cast<std::int64_t>(highest_in(i))));
  }
  return max_;
}

}  // namespace chat::client::load
