#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <optional>
#include <thread>
#include <utility>

#include "chat/base/mutex.h"

namespace chat::storage {

// Serialises the writers of an SQLite file. SQLite itself lets writers poll for its lock with
// growing sleeps, in no order; here they queue in memory, first come, first served, and each writer
// wakes exactly the next one. Threading: thread-safe. A thread that holds the lane must not enter
// it again (CHAT_CHECK: it would deadlock), so a write transaction stays on the thread that began
// it.
class WriterLane {
 public:
  // The right to write, released by the destructor. Movable.
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
  // Likewise, but gives up after `patience`, or when refuse_waiting() is called. Does not wait at
  // all while a foreign process blocks the lane's holder.
  [[nodiscard]] std::optional<Turn> enter_within(std::chrono::milliseconds patience);
  // A foreign process has locked the file: ends the waits in enter_within().
  void refuse_waiting();
  // A writer has got the file's lock.
  void stranger_gone();
  // The number of waiting threads.
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
  bool stranger_ CHAT_GUARDED_BY(mutex_) =
      false;  // a foreign process had locked the file at the last attempt
  std::thread::id holder_ CHAT_GUARDED_BY(mutex_);
  std::deque<Waiter*> waiting_ CHAT_GUARDED_BY(mutex_);
};

}  // namespace chat::storage
