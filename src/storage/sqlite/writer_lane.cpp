#include "storage/sqlite/writer_lane.h"

#include "chat/base/check.h"

namespace chat::storage {

WriterLane::Turn WriterLane::enter() {
  base::MutexLock lock(mutex_);
  CHAT_CHECK(holder_ != std::this_thread::get_id());
  if (taken_) {
    Waiter me;
    // It leaves the list before it is called.
    // cppcheck-suppress danglingLifetime
    waiting_.push_back(&me);
    while (!me.has_turn) me.called.wait(mutex_);
  }
  return take_locked();
}

std::optional<WriterLane::Turn> WriterLane::enter_within(std::chrono::milliseconds patience) {
  base::MutexLock lock(mutex_);
  CHAT_CHECK(holder_ != std::this_thread::get_id());
  if (taken_ && stranger_) return std::nullopt;
  if (taken_) {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    Waiter me;
    me.may_be_refused = true;
    // It leaves the list before this function ends.
    // cppcheck-suppress danglingLifetime
    waiting_.push_back(&me);
    bool in_time = true;
    while (!me.has_turn && !me.refused && in_time) in_time = me.called.wait_until(mutex_, deadline);
    if (!me.has_turn) {
      std::erase(waiting_, &me);
      return std::nullopt;
    }
  }
  return take_locked();
}

WriterLane::Turn WriterLane::take_locked() {
  taken_ = true;
  holder_ = std::this_thread::get_id();
  return Turn(*this);
}

void WriterLane::refuse_waiting() {
  base::MutexLock lock(mutex_);
  stranger_ = true;
  for (Waiter* waiter : waiting_) {
    if (!waiter->may_be_refused) continue;
    waiter->refused = true;
    waiter->called.notify_one();
  }
}

void WriterLane::stranger_gone() {
  base::MutexLock lock(mutex_);
  stranger_ = false;
}

std::size_t WriterLane::waiting() const {
  base::MutexLock lock(mutex_);
  return waiting_.size();
}

void WriterLane::leave() {
  base::MutexLock lock(mutex_);
  holder_ = {};
  // Refused waiters have left the list logically.
  std::erase_if(waiting_, [](const Waiter* waiter) { return waiter->refused; });
  if (waiting_.empty()) {
    taken_ = false;
    return;
  }
  // The lane stays taken, so that nobody overtakes the next waiter. Notified under the lock,
  // because the waiter lives on its thread's stack and may disappear right after.
  Waiter* next = waiting_.front();
  waiting_.pop_front();
  next->has_turn = true;
  next->called.notify_one();
}

}  // namespace chat::storage
