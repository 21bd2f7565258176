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

// A queue between threads that holds at most `capacity` items. When it is full, try_push()
// says so and the caller decides: stop reading, or refuse with `busy`.
// Threading: thread-safe, any number of producers and consumers.
template <typename T>
class BoundedQueue {
 public:
  explicit BoundedQueue(std::size_t capacity) : capacity_(capacity) {}

  // False when full or closed; `item` is untouched then.
  [[nodiscard]] bool try_push(T&& item) {
    {
      MutexLock lock(mutex_);
      if (closed_ || items_.size() >= capacity_) return false;
      items_.push_back(std::move(item));
    }
    filled_.notify_one();
    return true;
  }

  // Blocks until there is room; false when the deadline passed or the queue is closed.
  [[nodiscard]] bool push_until(T&& item, SteadyTime deadline) {
    {
      MutexLock lock(mutex_);
      while (!closed_ && items_.size() >= capacity_) {
        if (!drained_.wait_until(mutex_, deadline) && items_.size() >= capacity_) return false;
      }
      if (closed_) return false;
      items_.push_back(std::move(item));
    }
    filled_.notify_one();
    return true;
  }

  // Blocks until there is an item; nothing once the queue is closed and empty.
  std::optional<T> pop() {
    MutexLock lock(mutex_);
    while (items_.empty() && !closed_) filled_.wait(mutex_);
    if (items_.empty()) return std::nullopt;
    std::optional<T> item(std::move(items_.front()));
    items_.pop_front();
    drained_.notify_one();
    return item;
  }

  // Blocks until there is an item, then takes up to `most` of what is there, in order.
  // Empty once the queue is closed and empty.
  std::vector<T> pop_batch(std::size_t most) {
    MutexLock lock(mutex_);
    while (items_.empty() && !closed_) filled_.wait(mutex_);
    std::vector<T> batch;
    batch.reserve(std::min(most, items_.size()));
    while (!items_.empty() && batch.size() < most) {
      batch.push_back(std::move(items_.front()));
      items_.pop_front();
    }
    drained_.notify_all();
    return batch;
  }

  // No more pushes; what is queued can still be popped. Wakes every waiting consumer.
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
  const std::size_t capacity_;

  mutable Mutex mutex_;
  CondVar filled_;
  CondVar drained_;
  std::deque<T> items_ CHAT_GUARDED_BY(mutex_);
  bool closed_ CHAT_GUARDED_BY(mutex_) = false;
};

}  // namespace chat::base
