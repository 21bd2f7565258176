#pragma once

#include <atomic>
#include <chrono>

namespace chat::base {

// For work that takes a second in vain while somebody has locked the tables that it needs. After
// such a failure it is refused at once for kHold. Then one attempt is admitted, and everything else
// is refused until it has an outcome, or for kAttempt. Who was admitted notes how it went.
// Threading: thread-safe.
class StallGuard {
 public:
  static constexpr std::chrono::milliseconds kHold{100};
  static constexpr std::chrono::milliseconds kAttempt{2'000};

  bool admits() {
    if (!stalled_.load()) return true;
    const auto time = now();
    auto next = next_.load();
    return time >= next && next_.compare_exchange_strong(next, time + kAttempt);
  }
  void note(bool stalled) {
    if (stalled) next_ = now() + kHold;
    stalled_ = stalled;
  }

 private:
  static std::chrono::milliseconds now() {
    return std::chrono::duration_cast<std::chrono::milliseconds>(
        std::chrono::steady_clock::now().time_since_epoch());
  }

  std::atomic<bool> stalled_{false};
  std::atomic<std::chrono::milliseconds> next_{};
};

}  // namespace chat::base
