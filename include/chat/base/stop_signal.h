#pragma once

#include <chrono>

#include "chat/base/mutex.h"

namespace chat::base {

// How a thread that works now and then rests in between, and is told to end.
// Threading: thread-safe.
class StopSignal {
 public:
  void raise() {
    {
      MutexLock lock(mutex_);
      raised_ = true;
    }
    raised_or_not_.notify_all();
  }
  // Blocks for `duration`, or less once it is raised. True: it is raised.
  bool wait_for(std::chrono::milliseconds duration) {
    const auto until = std::chrono::steady_clock::now() + duration;
    MutexLock lock(mutex_);
    while (!raised_ && raised_or_not_.wait_until(mutex_, until)) {
    }
    return raised_;
  }

 private:
  Mutex mutex_;
  CondVar raised_or_not_;
  bool raised_ CHAT_GUARDED_BY(mutex_) = false;
};

}  // namespace chat::base
