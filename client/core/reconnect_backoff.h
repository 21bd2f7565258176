#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <random>
#include <utility>

namespace chat::client {

// Back-off for reconnecting with full jitter: random(0, min(30 s, 0.5 s · 2ⁿ)), so that the clients
// of a failed server don't reconnect in step.
class ReconnectBackoff {
 public:
  // Returns a number in [0, most].
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

// Back-off for resending a chat that the server could not accept: the server's retry_after_ms,
// doubled with each attempt up to 30 s, plus up to half as jitter.
inline std::chrono::milliseconds retry_delay(std::chrono::milliseconds wish, int tries,
                                             const ReconnectBackoff::Random& random) {
  constexpr std::int64_t kLeastMs = 20;
  constexpr std::int64_t kMostMs = 30'000;
  const std::int64_t first = std::clamp(std::int64_t{wish.count()}, kLeastMs, kMostMs);
  const std::int64_t grown = std::min(kMostMs, first << std::min(tries, 10));
  return std::chrono::milliseconds(grown + random(grown / 2));
}

}  // namespace chat::client
