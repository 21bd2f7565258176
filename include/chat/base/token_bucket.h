#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "chat/base/clock.h"

namespace chat::base {

// Allows `per_second` units on average and `burst` at once. A rate of 0 allows everything.
// Threading: externally synchronised.
class TokenBucket {
 public:
  TokenBucket(std::int64_t per_second, std::int64_t burst, SteadyTime now)
      : per_second_(per_second), burst_(burst), tokens_(static_cast<double>(burst)), last_(now) {}

  // Takes `count` if they are there: 0 ms. Otherwise takes nothing and says how long to wait.
  std::chrono::milliseconds take(std::int64_t count, SteadyTime now) {
    if (per_second_ == 0) return std::chrono::milliseconds(0);
    refill(now);
    if (tokens_ < static_cast<double>(count)) return wait_for(static_cast<double>(count) - tokens_);
    tokens_ -= static_cast<double>(count);
    return std::chrono::milliseconds(0);
  }

  // Takes them in any case, into debt; says how long until the debt is paid (0: none).
  std::chrono::milliseconds charge(std::int64_t count, SteadyTime now) {
    if (per_second_ == 0) return std::chrono::milliseconds(0);
    refill(now);
    tokens_ -= static_cast<double>(count);
    return tokens_ >= 0 ? std::chrono::milliseconds(0) : wait_for(-tokens_);
  }

 private:
  void refill(SteadyTime now) {
    const double seconds = std::chrono::duration<double>(now - last_).count();
    tokens_ =
        std::min(static_cast<double>(burst_), tokens_ + seconds * static_cast<double>(per_second_));
    last_ = now;
  }
  std::chrono::milliseconds wait_for(double missing) const {
    const double ms = missing * 1000.0 / static_cast<double>(per_second_);
    return std::chrono::milliseconds(static_cast<std::int64_t>(ms) + 1);
  }

  std::int64_t per_second_;
  std::int64_t burst_;
  double tokens_;
  SteadyTime last_;
};

}  // namespace chat::base
