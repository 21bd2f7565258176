#pragma once

#include <algorithm>
#include <cstddef>
#include <deque>
#include <optional>
#include <utility>
#include <vector>

#include "chat/base/clock.h"
#include "chat/base/mutex.h"

namespace chat::base {

// A queue between threads that holds at most `capacity` items. When it is full, try_push() fails
// and the caller decides: stop reading, or refuse with `busy`.
//
// Consumers are woken one at a time: a push wakes nobody while a woken consumer has not run yet,
// and that consumer wakes the next one if items are left. So a burst costs a few wake-ups, not one
// per item.
// Threading: thread-safe, any number of producers and consumers.
template <typename T>
class BoundedQueue {
 public:
  explicit BoundedQueue(std::size_t capacity) : capacity_(capacity) {}

  // False when full or closed; `item` is untouched then.
  [[nodiscard]] bool try_push(T&& item) {
    bool wake = false;
    {
      MutexLock lock(mutex_);
      if (closed_ || items_.size() >= capacity_) return false;
      items_.push_back(std::move(item));
      wake = must_wake_locked();
    }
    if (wake) filled_.notify_one();
    return true;
  }

  // Pushes all or none; false when they don't fit or the queue is closed. None when that throws.
  [[nodiscard]] bool try_push_all(std::vector<T>& items) {
    bool wake = false;
    {
      MutexLock lock(mutex_);
      if (closed_ || items_.size() + items.size() > capacity_) return false;
      push_all_locked(items);
      wake = must_wake_locked();
    }
    if (wake) filled_.notify_one();
    return true;
  }

  // Blocks until there is room; false when the deadline passed or the queue is closed.
  [[nodiscard]] bool push_until(T&& item, SteadyTime deadline) {
    bool wake = false;
    {
      MutexLock lock(mutex_);
      while (!closed_ && items_.size() >= capacity_) {
        if (!drained_.wait_until(mutex_, deadline) && items_.size() >= capacity_) return false;
      }
      if (closed_) return false;
      items_.push_back(std::move(item));
      wake = must_wake_locked();
    }
    if (wake) filled_.notify_one();
    return true;
  }

  // Blocks until there is an item; nothing once the queue is closed and empty.
  std::optional<T> pop() {
    MutexLock lock(mutex_);
    const bool woken = wait_for_items_locked();
    if (items_.empty()) return std::nullopt;
    std::optional<T> item(std::move(items_.front()));
    items_.pop_front();
    if (woken && !items_.empty() && must_wake_locked()) filled_.notify_one();
    drained_.notify_one();
    return item;
  }

  // Blocks until there is an item, then takes up to `most` items in order.
  // Empty once the queue is closed and empty.
  std::vector<T> pop_batch(std::size_t most) {
    MutexLock lock(mutex_);
    const bool woken = wait_for_items_locked();
    std::vector<T> batch;
    take_locked(batch, most);
    if (woken && !items_.empty() && must_wake_locked()) filled_.notify_one();
    return batch;
  }

  // Moves queued items to `batch` until it holds `most`, without waiting.
  void try_pop_into(std::vector<T>& batch, std::size_t most) {
    MutexLock lock(mutex_);
    take_locked(batch, most);
  }

  // Refuses further pushes; queued items can still be popped. Wakes all waiting threads.
  void close() {
    {
      MutexLock lock(mutex_);
      closed_ = true;
    }
    filled_.notify_all();
    drained_.notify_all();
  }

  std::size_t size() const {
    MutexLock lock(mutex_);
    return items_.size();
  }

 private:
  void push_all_locked(std::vector<T>& items) CHAT_REQUIRES(mutex_) {
    std::size_t pushed = 0;
    try {
      for (; pushed < items.size(); ++pushed) items_.push_back(std::move(items[pushed]));
    } catch (...) {
      for (; pushed > 0; items_.pop_back()) items[--pushed] = std::move(items_.back());
      throw;
    }
  }

  // True if the caller had to wait.
  bool wait_for_items_locked() CHAT_REQUIRES(mutex_) {
    bool waited = false;
    while (items_.empty() && !closed_) {
      ++waiting_;
      filled_.wait(mutex_);
      --waiting_;
      waking_ = false;
      waited = true;
    }
    return waited;
  }

  void take_locked(std::vector<T>& batch, std::size_t most) CHAT_REQUIRES(mutex_) {
    batch.reserve(std::min(most, batch.size() + items_.size()));
    while (!items_.empty() && batch.size() < most) {
      batch.push_back(std::move(items_.front()));
      items_.pop_front();
    }
    drained_.notify_all();
  }

  bool must_wake_locked() CHAT_REQUIRES(mutex_) {
    return waiting_ > 0 && !std::exchange(waking_, true);
  }

  const std::size_t capacity_;

  mutable Mutex mutex_;
  CondVar filled_;
  CondVar drained_;
  std::deque<T> items_ CHAT_GUARDED_BY(mutex_);
  std::size_t waiting_ CHAT_GUARDED_BY(mutex_) = 0;  // consumers asleep or just woken
  bool waking_ CHAT_GUARDED_BY(mutex_) = false;      // one of them has been woken
  bool closed_ CHAT_GUARDED_BY(mutex_) = false;
};

}  // namespace chat::base
