#pragma once

#include <chrono>

#include "chat/base/mutex.h"

namespace chat::base {

// How a thread that works now and then rests in between, is woken early, and is told to end.
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
  // Ends the rest that goes on now, or else the next one.
  void wake() {
    {
      MutexLock lock(mutex_);
      woken_ = true;
    }
    changed_.notify_all();
  }
  // Blocks for `duration`, or less once it is raised or woken. True: it is raised.
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
