#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>

namespace chat::client {

// How long to wait before trying to connect again: full jitter, random(0, min(30 s, 0.5 s · 2ⁿ)),
// so that the clients of a server that fell don't come back in step.
class Backoff {
 public:
  // Gives a number in [0, most].
  using Random = std::function<std::int64_t(std::int64_t most)>;

  explicit Backoff(Random random) : random_(std::move(random)) {}

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

}  // namespace chat::client
