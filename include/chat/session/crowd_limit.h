#pragma once

#include <atomic>
#include <cstddef>

namespace chat::session {

// How many clients are in a state that the server can bear from some of them only: much is unread,
// which costs up to about 1 MiB each; or nothing was ever sent. Beyond `max` the sessions that are
// looked at and have not left the state end themselves; the others stay.
// Threading: thread-safe. A count, nothing is ordered by it.
class CrowdLimit {
 public:
  explicit CrowdLimit(std::size_t max) : max_(max) {}  // 0: no limit
  void enter() { count_.fetch_add(1, std::memory_order_relaxed); }
  void leave() { count_.fetch_sub(1, std::memory_order_relaxed); }
  // Leaves if there are too many: exactly those beyond `max` do, however many ask at once.
  bool leave_if_too_many() {
    std::size_t count = count_.load(std::memory_order_relaxed);
    while (max_ != 0 && count > max_) {
      if (count_.compare_exchange_weak(count, count - 1, std::memory_order_relaxed)) return true;
    }
    return false;
  }

 private:
  const std::size_t max_;
  std::atomic<std::size_t> count_{0};
};

}  // namespace chat::session
