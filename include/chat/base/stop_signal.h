#pragma once

#include <chrono>

#include "chat/base/mutex.h"

namespace chat::base {

// Lets a periodic thread sleep between its runs, be woken early, and be told to stop.
// Threading: thread-safe.
class StopSignal {
 public:
  void raise() {
    {
      MutexLock lock(mutex_);
      raised_ = true;
    }
    changed_.notify_all();
  }
  // Ends the current wait, or the next one if there is none.
  void wake() {
    {
      MutexLock lock(mutex_);
      woken_ = true;
    }
    changed_.notify_all();
  }
  bool raised() {
    MutexLock lock(mutex_);
    return raised_;
  }
  // Blocks for `duration`, or until raise() or wake(). True if the signal is raised.
  bool wait_for(std::chrono::milliseconds duration) {
    const auto until = std::chrono::steady_clock::now() + duration;
    MutexLock lock(mutex_);
    while (!raised_ && !woken_ && changed_.wait_until(mutex_, until)) {
    }
    woken_ = false;
    return raised_;
  }

 private:
  Mutex mutex_;
  CondVar changed_;
  bool raised_ CHAT_GUARDED_BY(mutex_) = false;
  bool woken_ CHAT_GUARDED_BY(mutex_) = false;
};

}  // namespace chat::base
