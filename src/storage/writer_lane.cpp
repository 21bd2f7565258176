#include "writer_lane.h"

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
  taken_ = true;
  holder_ = std::this_thread::get_id();
  return Turn(*this);
}

std::size_t WriterLane::waiting() const {
  base::MutexLock lock(mutex_);
  return waiting_.size();
}

void WriterLane::leave() {
  base::MutexLock lock(mutex_);
  holder_ = {};
  if (waiting_.empty()) {
    taken_ = false;
    return;
  }
  // The lane stays taken, so nobody slips in before the one who is called. Called under the
  // lock: the waiter lives on its thread's stack and is gone soon after.
  Waiter* next = waiting_.front();
  waiting_.pop_front();
  next->has_turn = true;
  next->called.notify_one();
}

}  // namespace chat::storage
