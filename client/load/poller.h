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

// Waits for many sockets and times on one thread (epoll, level-triggered). A turn reads everything
// that is ready, fires the times that have come, and then lets each handler that asked for it write
// once.
// Threading: confined to one thread. Ownership: handlers outlive the poller's last run_once().
class Poller {
 public:
  // Has at most one socket and one time.
  class Handler {
   public:
    virtual ~Handler() = default;

   protected:
    Handler() = default;
    Handler(const Handler&) = delete;
    Handler& operator=(const Handler&) = delete;

    // `events` as epoll reports them.
    virtual void on_ready(std::uint32_t events) = 0;
    // The armed time has come. The next one has to be armed anew.
    virtual void on_time(base::SteadyTime now) = 0;
    virtual void flush() = 0;

   private:
    friend class Poller;
    base::SteadyTime armed_ = base::SteadyTime::max();
    bool flush_due_ = false;
  };

  Poller();

  // A socket leaves when it is closed. It is waited for until it takes output, too, where `output`.
  void add(int socket, Handler& handler, bool output);
  void want_output(int socket, Handler& handler, bool wanted);

  // Calls on_time() at `when` or, where an earlier time is armed already, then.
  void arm(Handler& handler, base::SteadyTime when);
  // Calls flush() once, at the end of this turn.
  void flush_later(Handler& handler);

  // One turn, which waits until `latest` for something to do.
  void run_once(base::SteadyTime latest);

  // Memory for reading, shared by all: valid until the next handler is called.
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
