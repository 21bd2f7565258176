#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "chat/base/clock.h"
#include "chat/net/timer.h"

namespace chat::net {

// Deadlines of many connections: set, moved and cleared in constant time, without allocation,
// and late by at most one tick. A deadline past the horizon waits in the farthest slot and is
// placed again from there.
// Threading: externally synchronised (its loop). Ownership: entries belong to their owners and
// leave the wheel when they are destroyed.
class TimerWheel {
 public:
  static constexpr std::chrono::milliseconds kTick{250};
  static constexpr std::size_t kSlots = 512;  // a horizon of 128 s

  explicit TimerWheel(base::SteadyTime now);
  ~TimerWheel();

  // Sets or moves the entry's deadline.
  void schedule(TimerEntry& entry, base::SteadyTime due);
  void cancel(TimerEntry& entry);
  // Fires the entries due at `now`. Callbacks may schedule, cancel and destroy entries.
  void advance(base::SteadyTime now);
  bool empty() const { return size_ == 0; }
  // When to call advance() next, so that no entry is late by more than one tick.
  base::SteadyTime next_tick() const { return start_ + (current_tick_ + 1) * kTick; }

 private:
  struct Slot final : TimerEntry {
    void on_deadline() override {}
  };

  std::int64_t tick_of(base::SteadyTime time) const;
  void link(TimerEntry& entry, TimerEntry& head);
  void fire_slot(TimerEntry& head, base::SteadyTime now);

  const base::SteadyTime start_;
  std::int64_t current_tick_ = 0;  // the last tick fired
  std::size_t size_ = 0;
  std::array<Slot, kSlots> slots_;
};

}  // namespace chat::net
