#pragma once

#include <algorithm>
#include <chrono>
#include <random>

namespace chat::cluster {

// Exponential back-off for reconnecting: a random pause between zero and a limit that doubles up to
// 2 s ("full jitter"), so that nodes that lost the same Redis don't reconnect in step.
// Threading: externally synchronised.
class Backoff {
 public:
  static constexpr std::chrono::milliseconds kFirst{50};
  static constexpr std::chrono::milliseconds kLongest{2000};

  explicit Backoff(std::random_device::result_type seed = std::random_device{}()) : random_(seed) {}

  std::chrono::milliseconds next() {
    std::uniform_int_distribution<std::chrono::milliseconds::rep> pause(0, limit_.count());
    limit_ = std::min(limit_ * 2, kLongest);
    return std::chrono::milliseconds(pause(random_));
  }
  void reset() { limit_ = kFirst; }

 private:
  std::mt19937 random_;
  std::chrono::milliseconds limit_ = kFirst;
};

}  // namespace chat::cluster
