#pragma once

#include <functional>

#include "chat/base/result.h"
#include "chat/base/unique_fd.h"
#include "chat/net/event_loop.h"

namespace chat::server {

// SIGTERM, SIGINT and SIGHUP as events of the main loop. They are blocked in the whole process from
// construction on, so construct it before any thread starts. A SIGINT ignored by the parent process
// stays ignored. Threading: the main loop's thread.
class Signals final : public net::EventHandler {
 public:
  Signals();

  // Prevents a SIGHUP that arrives before construction from ending the process: log rotation may
  // send one to a starting server.
  static void hold_hangup();
  // True if SIGTERM or SIGINT is pending.
  static bool stop_pending();
  // Calls `on_signal` with the number of each signal.
  Result<void> open(net::EventLoop& loop, std::function<void(int signal)> on_signal);
  void on_events(std::uint32_t epoll_events) override;

 private:
  base::UniqueFd fd_;
  std::function<void(int)> on_signal_;
};

}  // namespace chat::server
