#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <queue>
#include <span>
#include <vector>

#include "chat/base/clock.h"
#include "chat/base/unique_fd.h"

namespace chat::client::load {

// Waits for many sockets and timers on one thread (epoll, level-triggered). A turn reads everything
// that is ready, fires the timers that are due, and then lets each handler that asked for it write
// once.
// Threading: confined to one thread. Ownership: handlers must outlive the poller's last run_once().
class Poller {
 public:
  // Has at most one socket and one timer.
  class Handler {
   public:
    virtual ~Handler() = default;

   protected:
    Handler() = default;
    Handler(const Handler&) = delete;
    Handler& operator=(const Handler&) = delete;

    // `events` as epoll reports them.
    virtual void on_ready(std::uint32_t events) = 0;
    // The timer has fired. It must be armed again to fire again.
    virtual void on_time(base::SteadyTime now) = 0;
    virtual void flush() = 0;

   private:
    friend class Poller;
    base::SteadyTime armed_ = base::SteadyTime::max();
    bool flush_due_ = false;
  };

  Poller();

  // Adds a socket; closing it removes it. If `output`, also waits until it is writable.
  void add(int socket, Handler& handler, bool output);
  void want_output(int socket, Handler& handler, bool wanted);

  // Calls on_time() at `when`, or at an earlier time that is already armed.
  void arm(Handler& handler, base::SteadyTime when);
  // Calls flush() once, at the end of this turn.
  void flush_later(Handler& handler);

  // Runs one turn, which waits for events until `latest` at most.
  void run_once(base::SteadyTime latest);

  // A read buffer shared by all handlers; valid until the next handler is called.
  std::span<char> buffer() { return buffer_; }

 private:
  struct Timer {
    base::SteadyTime when;
    Handler* handler;
    bool operator>(const Timer& other) const { return when > other.when; }
  };

  void wait(base::SteadyTime latest);
  void fire_timers();
  void flush_all();

  base::UniqueFd epoll_;
  std::priority_queue<Timer, std::vector<Timer>, std::greater<>> timers_;
  std::vector<Handler*> to_flush_;
  std::vector<Handler*> flushing_;
  std::vector<char> buffer_;
};

}  // namespace chat::client::load
