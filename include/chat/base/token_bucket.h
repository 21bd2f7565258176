#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "chat/base/clock.h"

namespace chat::base {

// `per_period` units on average and `burst` at once. `per_period` 0: no limit.
struct Rate {
  std::int64_t per_period = 0;
  std::int64_t burst = 0;
  std::chrono::seconds period{1};

  // The time in which `units` become available. Precondition: there is a limit.
  std::chrono::nanoseconds time_of(std::int64_t units) const {
    return std::chrono::nanoseconds(period * units) / per_period;
  }
};

// Limits one client to a rate. Servers hold one or two buckets for each of very many clients, so a
// bucket stores only the time at which it will be full again; its level follows from that. All
// calls must pass the same rate.
// Threading: externally synchronised.
class TokenBucket {
 public:
  // Takes `count` tokens if available and returns 0 ms. Otherwise takes none and returns how long
  // to wait.
  std::chrono::milliseconds take(const Rate& rate, std::int64_t count, SteadyTime now) {
    const SteadyTime before = full_at_;
    const auto wait = charge(rate, count, now);
    if (wait.count() > 0) full_at_ = before;
    return wait;
  }

  // Takes the tokens unconditionally, into debt if need be; returns how long until the debt is
  // paid.
  std::chrono::milliseconds charge(const Rate& rate, std::int64_t count, SteadyTime now) {
    if (rate.per_period == 0) return std::chrono::milliseconds(0);
    full_at_ = std::max(full_at_, now) + rate.time_of(count);
    const auto debt = full_at_ - now - rate.time_of(rate.burst);
    return std::max(std::chrono::ceil<std::chrono::milliseconds>(debt),
                    std::chrono::milliseconds(0));
  }

  // Returns tokens that were taken and not used.
  void give_back(const Rate& rate, std::int64_t count) {
    if (rate.per_period != 0) full_at_ -= rate.time_of(count);
  }

  // Takes all available tokens.
  void empty(const Rate& rate, SteadyTime now) {
    if (rate.per_period != 0) full_at_ = std::max(full_at_, now + rate.time_of(rate.burst));
  }

 private:
  SteadyTime full_at_{};
};

}  // namespace chat::base
