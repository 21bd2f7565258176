#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "chat/base/clock.h"

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

  class Entry {
   public:
    Entry() = default;
    Entry(const Entry&) = delete;
    Entry& operator=(const Entry&) = delete;
    virtual ~Entry();
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
    Entry* previous_ = nullptr;
    Entry* next_ = nullptr;
    TimerWheel* wheel_ = nullptr;
    base::SteadyTime due_;
  };

  explicit TimerWheel(base::SteadyTime now);
  ~TimerWheel();

  // Sets or moves the entry's deadline.
  void schedule(Entry& entry, base::SteadyTime due);
  void cancel(Entry& entry);
  // Fires what is due at `now`. Entries may be scheduled, cancelled and destroyed meanwhile.
  void advance(base::SteadyTime now);
  bool empty() const { return size_ == 0; }
  // When to call advance() next, so that nothing is later than one tick.
  base::SteadyTime next_tick() const { return start_ + (current_tick_ + 1) * kTick; }

 private:
  struct Slot final : Entry {
    void on_deadline() override {}
  };

  std::int64_t tick_of(base::SteadyTime time) const;
  void link(Entry& entry, Entry& head);
  void fire_slot(Entry& head, base::SteadyTime now);

  const base::SteadyTime start_;
  std::int64_t current_tick_ = 0;  // the last one that was fired
  std::size_t size_ = 0;
  std::array<Slot, kSlots> slots_;
};

}  // namespace chat::net
