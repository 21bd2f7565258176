#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "chat/base/clock.h"

namespace chat::base {

// `per_period` units on average and `burst` at once. 0 a period: no limit.
struct Rate {
  std::int64_t per_period = 0;
  std::int64_t burst = 0;
  std::chrono::seconds period{1};

  // How long so many units take to come. Precondition: there is a limit.
  std::chrono::nanoseconds time_of(std::int64_t units) const {
    return std::chrono::nanoseconds(period * units) / per_period;
  }
};

// Keeps one client to a rate. There is a bucket or two for each of very many clients, so it holds
// nothing but the time at which it will be full again; what is missing now follows from that.
// All calls name the same rate.
// Threading: externally synchronised.
class TokenBucket {
 public:
  // Takes `count` if they are there: 0 ms. Otherwise takes nothing and says how long to wait.
  std::chrono::milliseconds take(const Rate& rate, std::int64_t count, SteadyTime now) {
    const SteadyTime before = full_at_;
    const auto wait = charge(rate, count, now);
    if (wait.count() > 0) full_at_ = before;
    return wait;
  }

  // Takes them in any case, into debt; says how long until the debt is paid (0: none).
  std::chrono::milliseconds charge(const Rate& rate, std::int64_t count, SteadyTime now) {
    if (rate.per_period == 0) return std::chrono::milliseconds(0);
    full_at_ = std::max(full_at_, now) + rate.time_of(count);
    const auto debt = full_at_ - now - rate.time_of(rate.burst);
    return std::max(std::chrono::ceil<std::chrono::milliseconds>(debt),
                    std::chrono::milliseconds(0));
  }

  // What was taken and not used.
  void give_back(const Rate& rate, std::int64_t count) {
    if (rate.per_period != 0) full_at_ -= rate.time_of(count);
  }

  // Takes all that is there.
  void empty(const Rate& rate, SteadyTime now) {
    if (rate.per_period != 0) full_at_ = std::max(full_at_, now + rate.time_of(rate.burst));
  }

 private:
  SteadyTime full_at_{};
};

}  // namespace chat::base
