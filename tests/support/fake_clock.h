#pragma once

#include <atomic>
#include <chrono>

#include "chat/base/clock.h"

namespace chat::test {

// A clock that advances only when the test says so. Threading: thread-safe.
class FakeClock final : public base::Clock {
 public:
  base::SteadyTime now() const override { return base::SteadyTime(passed_.load()); }
  UnixMillis unix_millis() const override {
    return kStartUnixMillis +
           std::chrono::duration_cast<std::chrono::milliseconds>(passed_.load()).count();
  }

  void advance(std::chrono::nanoseconds by) { passed_ = passed_.load() + by; }

 private:
  static constexpr UnixMillis kStartUnixMillis = 1'700'000'000'000;
  // Far from zero, so that "long ago" is still a valid time.
  std::atomic<std::chrono::nanoseconds> passed_{std::chrono::hours(24)};
};

}  // namespace chat::test
