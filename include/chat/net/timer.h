#pragma once

#include <cstdint>
#include <optional>

#include "chat/base/clock.h"

namespace chat::net {

// Identifies a timer of EventLoop::run_after() or run_every(); 0: none.
using TimerId = std::uint64_t;

class TimerWheel;

// A deadline for EventLoop::schedule(), embedded in its owner: set, moved and cleared without
// allocation. Unlinks itself from the wheel when destroyed.
// Threading: loop-confined.
class TimerEntry {
 public:
  TimerEntry() = default;
  TimerEntry(const TimerEntry&) = delete;
  TimerEntry& operator=(const TimerEntry&) = delete;
  virtual ~TimerEntry();
  bool scheduled() const { return next_ != nullptr; }
  // Nothing unless scheduled.
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
