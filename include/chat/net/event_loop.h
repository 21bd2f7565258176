#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "chat/base/clock.h"
#include "chat/base/mutex.h"
#include "chat/base/result.h"
#include "chat/base/spare_strings.h"
#include "chat/base/task.h"
#include "chat/base/unique_fd.h"
#include "chat/base/worker_pool.h"
#include "chat/net/timer.h"

namespace chat::net {

class TimerQueue;
class TimerWheel;

// Receives the epoll events of one descriptor, in the loop's thread.
class EventHandler {
 public:
  virtual ~EventHandler() = default;
  virtual void on_events(std::uint32_t epoll_events) = 0;
  // on_events() has thrown: give up the descriptor, so that only it is affected.
  virtual void on_failure() noexcept {}
};

// A callback at the end of the loop's current round: one write for everything sent to a connection
// during the round.
class RoundEnd {
 public:
  virtual ~RoundEnd() = default;
  virtual void on_round_end() = 0;
};

// One reactor: an epoll set, a mailbox of tasks from other threads, timers, and the thread that
// runs them. A round is: wait; descriptor events; the mailbox; round-end callbacks; destroying
// retired items; handing tasks to the workers. The order matters: all output of a round leaves in
// one write per connection, and nothing that an event of this round may still point to is destroyed
// before the round is over.
//
// An exception from a callback is logged and ends only that callback; a handler that throws gives
// up its descriptor (EventHandler::on_failure()).
//
// Threading: post(), stop() and in_loop() are thread-safe; everything else belongs to the thread
// that is in run() (or, before run(), to the creator).
// Bounds: none on the mailbox; each of its posters is bounded.
class EventLoop {
 public:
  explicit EventLoop(const base::Clock& clock);
  ~EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  // Creates the descriptors. Call first.
  Result<void> open();
  // Runs until stop(). Tasks already in the mailbox then still run.
  void run();
  void stop();

  // Runs the task in the loop's thread, in posting order. Wakes the loop only if it sleeps.
  void post(base::Task task);
  bool in_loop() const {
    return thread_.load(std::memory_order_relaxed) == std::this_thread::get_id();
  }
  // True while it waits for events. Thread-safe.
  bool is_asleep() const;
  // Aborts when called from another thread.
  void assert_in_loop() const;

  // Level-triggered interest in `epoll_events` of `fd`.
  Result<void> watch(int fd, std::uint32_t epoll_events, EventHandler& handler);
  void rewatch(int fd, std::uint32_t epoll_events, EventHandler& handler);
  void unwatch(int fd);

  TimerId run_after(std::chrono::milliseconds delay, std::function<void()> call);
  TimerId run_every(std::chrono::milliseconds interval, std::function<void()> call);
  void cancel(TimerId timer);

  // For connection deadlines: never early, and late by at most one wheel tick (250 ms).
  void schedule(TimerEntry& entry, base::SteadyTime due);

  // Calls `item` at the end of this round; it must live until then.
  void at_round_end(RoundEnd& item) { round_ends_.push_back(&item); }
  // Posts the task to the workers when this round is over, with one wake-up for all tasks of the
  // round. Must always name the same pool. If the pool is full, they are dropped.
  void hand_over(base::WorkerPool& workers, base::Task task);
  // Destroys `item` after this round. Never throws: out of memory, it leaks the item, because an
  // event of this round may still point to it.
  void retire(std::unique_ptr<EventHandler> item) noexcept;

  // The time at which this round began.
  base::SteadyTime now() const { return now_; }
  // The read buffer that all connections of the loop share. A connection reads at most one buffer
  // per round, so that parsing its input does not delay the others.
  using ReadBuffer = std::array<char, 16 * 1024>;
  ReadBuffer& read_buffer() { return *read_buffer_; }
  // For the output of the loop's connections.
  base::SpareStrings& spare_outputs() { return spare_outputs_; }

 private:
  class Wakeup;

  int poll_timeout();
  static void deliver(EventHandler& handler, std::uint32_t epoll_events);
  void run_mailbox();
  void end_round();
  void finish_hand_over();
  void wake();
  void arm_wheel();

  const base::Clock& clock_;
  base::UniqueFd epoll_;
  base::UniqueFd wakeup_fd_;
  std::atomic<std::thread::id> thread_;
  std::atomic<bool> stopping_{false};

  // loop-confined
  std::unique_ptr<Wakeup> wakeup_;
  std::unique_ptr<TimerQueue> timers_;
  base::SteadyTime now_;
  const std::unique_ptr<TimerWheel> wheel_;
  bool wheel_armed_ = false;
  std::vector<RoundEnd*> round_ends_;
  std::vector<base::Task> handed_over_;
  base::WorkerPool* workers_ = nullptr;  // the pool for handed_over_
  std::vector<std::unique_ptr<EventHandler>> retired_;
  std::unique_ptr<ReadBuffer> read_buffer_;
  base::SpareStrings spare_outputs_;
  std::vector<base::Task> running_;

  mutable base::Mutex mutex_;
  std::vector<base::Task> mailbox_ CHAT_GUARDED_BY(mutex_);
  bool asleep_ CHAT_GUARDED_BY(mutex_) = false;
};

}  // namespace chat::net
