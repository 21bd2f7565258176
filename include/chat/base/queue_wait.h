#pragma once

#include <chrono>
#include <utility>

namespace chat::base {

// How long the work that runs on this thread has waited for its turn already: for the parts of it
// that may wait themselves, and have less time then. 0 outside of a scope. Scopes may be nested.
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
