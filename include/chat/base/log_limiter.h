#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "chat/base/clock.h"
#include "chat/base/log.h"
#include "chat/base/mutex.h"
#include "chat/base/token_bucket.h"

namespace chat::log {

// For events that a client or a lasting fault can repeat at will.
inline constexpr base::Rate kUsualLines{.per_period = 2, .burst = 50};
// For events of logged-in users, many of whom may reconnect at once.
inline constexpr base::Rate kAccountLines{.per_period = 50, .burst = 5000};
// For a fault that is retried continually: one line per ten seconds.
inline constexpr base::Rate kRepeatedFault{
    .per_period = 1, .burst = 1, .period = std::chrono::seconds(10)};

// Limits how often one kind of line is logged. Lines beyond the rate are dropped and counted; the
// next line reports the count as `suppressed`.
//
//   constinit log::Limiter failures{log::kUsualLines};   // one for each event, at namespace scope
//   log::limited(log::Level::kInfo, failures, "event=login_failed peer={}", peer);
//
// Threading: thread-safe.
class Limiter {
 public:
  constexpr explicit Limiter(const base::Rate& rate) : rate_(rate) {}

  // Nothing: do not log. Otherwise the number of lines suppressed since the last one.
  std::optional<std::uint64_t> admit(base::SteadyTime now);

 private:
  const base::Rate rate_;
  base::Mutex mutex_;
  base::TokenBucket bucket_ CHAT_GUARDED_BY(mutex_);
  std::uint64_t suppressed_ CHAT_GUARDED_BY(mutex_) = 0;
};

// Logs `event` and `detail`, concatenated, with the current exception, at level error. Call it in a
// catch block. Never throws: a line that cannot be logged, as when memory has run out, is dropped.
void limited_exception(Limiter& limiter, std::string_view event,
                       std::string_view detail = {}) noexcept;

// Appends " suppressed=N" to the line unless N is 0.
void write_limited(Level level, std::string line, std::uint64_t suppressed);

template <typename... Args>
void limited(Level level, Limiter& limiter, fmt::format_string<Args...> format, Args&&... args) {
  if (!enabled(level)) return;
  const auto suppressed = limiter.admit(base::system_clock().now());
  if (!suppressed) return;
  write_limited(level, fmt::format(format, std::forward<Args>(args)...), *suppressed);
}

}  // namespace chat::log
