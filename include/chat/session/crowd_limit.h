#pragma once

#include <atomic>
#include <cstddef>

namespace chat::session {

// Counts the clients in a state that the server can afford for only some of them: much unread
// output, which costs up to about 1 MiB each, or nothing sent yet. Above `max`, sessions that are
// still in that state when they are checked end themselves; the others stay.
// Threading: thread-safe; a relaxed counter that orders nothing else.
class CrowdLimit {
 public:
  explicit CrowdLimit(std::size_t max) : max_(max) {}  // 0: no limit
  void enter() { count_.fetch_add(1, std::memory_order_relaxed); }
  void leave() { count_.fetch_sub(1, std::memory_order_relaxed); }
  // Leaves if there are too many. Exactly the excess leaves, however many sessions call this at
  // once.
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
