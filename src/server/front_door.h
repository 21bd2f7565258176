#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "chat/base/clock.h"
#include "chat/base/result.h"
#include "chat/net/address.h"
#include "chat/net/event_loop.h"
#include "chat/net/loop_pool.h"
#include "chat/net/server.h"
#include "chat/session/crowd_limit.h"
#include "chat/session/loops.h"
#include "chat/session/session_context.h"
#include "server/config/config.h"
#include "server/connection_limits.h"

namespace chat::server {

// The entry of clients: the ports, the I/O loops, the connections with their sessions, and the
// limits on their number.
// Threading: the main loop's thread. Ownership: of all connections.
class FrontDoor {
 public:
  FrontDoor(const Config& config, net::EventLoop& main_loop, const base::Clock& clock);

  // Binds the ports; connections are refused until listen(). Returns warnings for the operator.
  Result<std::vector<std::string>> bind();
  // Sets what serves new connections. All arguments outlive the connections.
  void serve(session::Workers workers, session::RequestHandler& handler,
             base::MemoryRateStore& rates);
  Result<void> start_loops();
  // From here on the kernel queues connections; they are accepted once the main loop runs.
  Result<void> listen();

  // Stops accepting; existing sessions are notified and end by themselves.
  void begin_stop();
  void close_all();
  // The number of open connections.
  std::size_t count() const { return server_->count(); }
  // Runs the tasks already posted, then ends the loops. May be called again.
  void stop_loops() { io_loops_.stop(); }
  // Destroys the remaining connections. The loops must have ended.
  void drop_connections() { server_.reset(); }

  session::Loops& loops() { return loops_; }
  const net::Address& address() const { return server_->address(); }
  // "listen=…", and "proxy_listen=…" if configured.
  std::string listening() const;

 private:
  const Config& config_;
  net::EventLoop& main_loop_;
  const base::Clock& clock_;
  net::LoopPool io_loops_;
  session::Loops loops_;
  session::CrowdLimit slow_clients_;
  session::CrowdLimit silent_clients_;
  ConnectionLimits limits_;
  std::unique_ptr<session::SessionContext> session_context_;  // fixed after serve()
  std::unique_ptr<net::Server> server_;                       // fixed after bind()
};

}  // namespace chat::server
