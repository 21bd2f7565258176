#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <random>
#include <utility>

namespace chat::client {

// How long to wait before trying to connect again: full jitter, random(0, min(30 s, 0.5 s · 2ⁿ)),
// so that the clients of a server that fell don't come back in step.
class ReconnectBackoff {
 public:
  // Gives a number in [0, most].
  using Random = std::function<std::int64_t(std::int64_t most)>;

  explicit ReconnectBackoff(Random random) : random_(std::move(random)) {}

  std::chrono::milliseconds next() {
    constexpr std::int64_t kFirstMs = 500;
    constexpr std::int64_t kMostMs = 30'000;
    const std::int64_t most = std::min(kMostMs, kFirstMs << std::min(tries_++, 10));
    return std::chrono::milliseconds(random_(most));
  }
  void reset() { tries_ = 0; }

 private:
  const Random random_;
  int tries_ = 0;
};

// In [0, most]. Threading: any thread.
inline std::int64_t random_up_to(std::int64_t most) {
  thread_local std::minstd_rand random(std::random_device{}());
  return std::uniform_int_distribution<std::int64_t>(0, most)(random);
}

// How long to wait before sending again what the server could not take: its own wish, doubled with
// each try up to 30 s, and half as much again at most, so that clients don't come back in step.
inline std::chrono::milliseconds retry_delay(std::chrono::milliseconds wish, int tries,
                                             const ReconnectBackoff::Random& random) {
  constexpr std::int64_t kLeastMs = 20;
  constexpr std::int64_t kMostMs = 30'000;
  const std::int64_t first = std::clamp(std::int64_t{wish.count()}, kLeastMs, kMostMs);
  const std::int64_t grown = std::min(kMostMs, first << std::min(tries, 10));
  return std::chrono::milliseconds(grown + random(grown / 2));
}

}  // namespace chat::client
