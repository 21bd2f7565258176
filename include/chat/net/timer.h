#pragma once

#include <cstdint>
#include <optional>

#include "chat/base/clock.h"

namespace chat::net {

// Names a timer of EventLoop::run_after() or run_every(); 0 names none.
using TimerId = std::uint64_t;

class TimerWheel;

// A deadline that its owner is or has, for EventLoop::schedule(): set, moved and cleared without
// allocation. Leaves its loop's wheel when it is destroyed.
// Threading: loop-confined.
class TimerEntry {
 public:
  TimerEntry() = default;
  TimerEntry(const TimerEntry&) = delete;
  TimerEntry& operator=(const TimerEntry&) = delete;
  virtual ~TimerEntry();
  bool scheduled() const { return next_ != nullptr; }
  // Nothing when it is not scheduled.
  std::optional<base::SteadyTime> due() const {
    return scheduled() ? std::optional(due_) : std::nullopt;
  }

 protected:
  // The deadline passed. The entry is off the wheel and may be scheduled again from here.
  virtual void on_deadline() = 0;

 private:
  friend class TimerWheel;
  void unlink();
  TimerEntry* previous_ = nullptr;
  TimerEntry* next_ = nullptr;
  TimerWheel* wheel_ = nullptr;
  base::SteadyTime due_;
};

}  // namespace chat::net
