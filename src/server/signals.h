#pragma once

#include <functional>

#include "chat/base/result.h"
#include "chat/base/unique_fd.h"
#include "chat/net/event_loop.h"

namespace chat::server {

// SIGTERM, SIGINT and SIGHUP as events of the main loop. They are blocked in the whole process from
// construction on, so make it before any thread starts. A SIGINT that the parent process has
// ignored stays so. Threading: the main loop's thread.
class Signals final : public net::EventHandler {
 public:
  Signals();

  // Keeps a SIGHUP that comes before there is a Signals from ending the process: a log rotation may
  // send one to a server that is about to start.
  static void hold_hangup();
  // Whether SIGTERM or SIGINT has come and waits to be handled.
  static bool stop_pending();
  // `on_signal` is called for each of them, with its number.
  Result<void> open(net::EventLoop& loop, std::function<void(int signal)> on_signal);
  void on_events(std::uint32_t epoll_events) override;

 private:
  base::UniqueFd fd_;
  std::function<void(int)> on_signal_;
};

}  // namespace chat::server
