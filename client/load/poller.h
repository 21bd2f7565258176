#pragma once

#include <time.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <queue>
#include <vector>

#include "chat/base/clock.h"
#include "chat/base/unique_fd.h"

namespace chat::client::check {

// Waits for many sockets and times on one thread (epoll, level-triggered).
// Threading: confined to one thread. Ownership: handlers outlive the poller's last run_once().
class Poller {
 public:
  // Who is told. Each has at most one socket and one time.
  class Handler {
   public:
    virtual ~Handler() = default;
    virtual void on_ready() = 0;
    // Its time has come. The next one has to be armed anew.
    virtual void on_time(base::SteadyTime now) = 0;

   private:
    friend class Poller;
    base::SteadyTime armed_ = base::SteadyTime::max();
  };

  Poller();

  // A socket that is closed leaves by itself.
  void add(int socket, Handler& handler);
  // Whether it is also waited for until the socket takes more output.
  void want_output(int socket, Handler& handler, bool wanted);

  // Calls on_time() at `when` or, where an earlier time is armed already, then.
  void arm(Handler& handler, base::SteadyTime when);

  // Waits for at most `longest`, and tells everyone whose socket is ready or time has come.
  void run_once(std::chrono::milliseconds longest);

 private:
  struct Timer {
    base::SteadyTime when;
    Handler* handler;
    bool operator>(const Timer& other) const { return when > other.when; }
  };

  timespec wait_time(std::chrono::nanoseconds longest) const;
  void fire_timers();

  base::UniqueFd epoll_;
  std::priority_queue<Timer, std::vector<Timer>, std::greater<>> timers_;
};

}  // namespace chat::client::check
