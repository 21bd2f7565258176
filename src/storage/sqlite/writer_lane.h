#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <optional>
#include <thread>
#include <utility>

#include "chat/base/mutex.h"

namespace chat::storage {

// The one lane in which an SQLite file is written. SQLite itself lets writers poll for its lock
// with growing sleeps, in no order; here they queue up in memory, first come, first served, and
// the one who leaves calls the next by name.
// Threading: thread-safe. A thread that holds the lane must not enter it again (CHAT_CHECK:
// it would wait for itself), so a write transaction stays on the thread that began it.
class WriterLane {
 public:
  // The right to write; given back when it goes. Movable.
  class Turn {
   public:
    Turn(Turn&& other) noexcept : lane_(std::exchange(other.lane_, nullptr)) {}
    Turn& operator=(Turn&&) = delete;
    ~Turn() {
      if (lane_ != nullptr) lane_->leave();
    }

   private:
    friend class WriterLane;
    explicit Turn(WriterLane& lane) : lane_(&lane) {}
    WriterLane* lane_;
  };

  // Blocks until it is the caller's turn.
  [[nodiscard]] Turn enter();
  // Likewise, but gives up after `patience`, or when refuse_waiting() is called. While a stranger
  // is in the way of whoever has the lane, it does not wait at all.
  [[nodiscard]] std::optional<Turn> enter_within(std::chrono::milliseconds patience);
  // Somebody outside of this process has the file's lock. Sends those away who wait in
  // enter_within().
  void refuse_waiting();
  // A writer got the file's lock.
  void stranger_gone();
  // How many wait now.
  std::size_t waiting() const;

 private:
  struct Waiter {
    base::CondVar called;
    bool may_be_refused = false;
    bool has_turn = false;
    bool refused = false;
  };

  void leave();
  Turn take_locked() CHAT_REQUIRES(mutex_);

  mutable base::Mutex mutex_;
  bool taken_ CHAT_GUARDED_BY(mutex_) = false;
  bool stranger_ CHAT_GUARDED_BY(mutex_) = false;  // had the file's lock when we last tried
  std::thread::id holder_ CHAT_GUARDED_BY(mutex_);
  std::deque<Waiter*> waiting_ CHAT_GUARDED_BY(mutex_);
};

}  // namespace chat::storage
