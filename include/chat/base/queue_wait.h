#pragma once

#include <chrono>
#include <utility>

namespace chat::base {

// How long the task that runs on this thread has waited in its queue. Code that may block has that
// much less time left. 0 outside a scope; scopes may be nested.
// Threading: per thread.
class QueueWait {
 public:
  using Clock = std::chrono::steady_clock;

  explicit QueueWait(Clock::time_point since)
      : outer_(std::exchange(current_, std::chrono::duration_cast<std::chrono::milliseconds>(
                                           Clock::now() - since))) {}
  ~QueueWait() { current_ = outer_; }
  QueueWait(const QueueWait&) = delete;
  QueueWait& operator=(const QueueWait&) = delete;

  static std::chrono::milliseconds current() { return current_; }

 private:
  inline static thread_local std::chrono::milliseconds current_{0};
  const std::chrono::milliseconds outer_;
};

}  // namespace chat::base
