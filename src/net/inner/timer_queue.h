#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <utility>

#include "chat/base/clock.h"
#include "chat/base/unique_fd.h"
#include "chat/net/timer.h"

namespace chat::net {

// The few timers of a loop, ordered by due time, behind one timerfd that is set to the earliest.
// The many deadlines of connections are kept in the TimerWheel.
// Threading: externally synchronised (its loop).
class TimerQueue {
 public:
  explicit TimerQueue(base::UniqueFd timer_fd) : timer_fd_(std::move(timer_fd)) {}

  int fd() const { return timer_fd_.get(); }
  // An interval of 0 fires once.
  TimerId add(base::SteadyTime due, std::chrono::milliseconds interval, std::function<void()> call);
  void cancel(TimerId id);
  // Runs due timers. Callbacks may add and cancel timers, even their own.
  void run_due(base::SteadyTime now);

 private:
  struct Timer {
    TimerId id;
    std::chrono::milliseconds interval;
    std::function<void()> call;
  };

  void arm();

  base::UniqueFd timer_fd_;
  TimerId last_id_ = 0;
  TimerId running_ = 0;
  bool running_cancelled_ = false;
  std::multimap<base::SteadyTime, Timer> timers_;
};

}  // namespace chat::net
