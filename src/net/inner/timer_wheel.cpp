#include "net/inner/timer_wheel.h"

#include <algorithm>

namespace chat::net {

TimerEntry::~TimerEntry() {
  if (wheel_ != nullptr) wheel_->cancel(*this);
}

void TimerEntry::unlink() {
  previous_->next_ = next_;
  next_->previous_ = previous_;
  previous_ = nullptr;
  next_ = nullptr;
}

TimerWheel::TimerWheel(base::SteadyTime now) : start_(now) {
  for (Slot& slot : slots_) {
    slot.previous_ = &slot;
    slot.next_ = &slot;
  }
}

TimerWheel::~TimerWheel() {
  for (Slot& slot : slots_) {
    while (slot.next_ != &slot) cancel(*slot.next_);
  }
}

void TimerWheel::schedule(TimerEntry& entry, base::SteadyTime due) {
  cancel(entry);
  const std::int64_t earliest = current_tick_ + 1;
  const std::int64_t latest = current_tick_ + static_cast<std::int64_t>(kSlots) - 1;
  // One tick past the deadline's own: never early.
  const std::int64_t tick = std::clamp(tick_of(due) + 1, earliest, latest);
  entry.due_ = due;
  entry.wheel_ = this;
  link(entry, slots_[static_cast<std::size_t>(tick) % kSlots]);
  ++size_;
}

void TimerWheel::cancel(TimerEntry& entry) {
  if (!entry.scheduled()) return;
  entry.unlink();
  entry.wheel_ = nullptr;
  --size_;
}

void TimerWheel::advance(base::SteadyTime now) {
  const std::int64_t target = tick_of(now);
  // After a long sleep one turn visits every entry.
  const auto turn = static_cast<std::int64_t>(kSlots);
  current_tick_ = std::max(current_tick_, target - turn);
  while (current_tick_ < target) {
    ++current_tick_;
    fire_slot(slots_[static_cast<std::size_t>(current_tick_) % kSlots], now);
  }
}

std::int64_t TimerWheel::tick_of(base::SteadyTime time) const {
  return (time - start_) / kTick;
}

void TimerWheel::link(TimerEntry& entry, TimerEntry& head) {
  entry.previous_ = head.previous_;
  entry.next_ = &head;
  head.previous_->next_ = &entry;
  head.previous_ = &entry;
}

void TimerWheel::fire_slot(TimerEntry& head, base::SteadyTime now) {
  // Move the slot's entries to a separate list first, so that entries scheduled by callbacks do not
  // join the list being walked.
  Slot due;
  due.previous_ = &due;
  due.next_ = &due;
  while (head.next_ != &head) {
    TimerEntry& entry = *head.next_;
    entry.unlink();
    link(entry, due);
  }
  while (due.next_ != &due) {
    TimerEntry& entry = *due.next_;
    cancel(entry);
    if (entry.due_ <= now) {
      entry.on_deadline();
    } else {
      schedule(entry, entry.due_);
    }
  }
  due.next_ = nullptr;
  due.previous_ = nullptr;
}

}  // namespace chat::net
