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

// Where clients come in: the ports, the I/O loops, the connections and their sessions, and how many
// there may be of them.
// Threading: the main loop's thread. Ownership: of all connections.
class FrontDoor {
 public:
  FrontDoor(const Config& config, net::EventLoop& main_loop, const base::Clock& clock);

  // Takes the ports; callers are refused until listen(). Gives what an operator must know.
  Result<std::vector<std::string>> bind();
  // Who answers on new connections. All of it outlives the connections.
  void serve(session::Workers workers, session::RequestHandler& handler,
             base::MemoryRateStore& rates);
  Result<void> start_loops();
  // From here on the kernel queues callers; they are accepted once the main loop runs.
  Result<void> listen();

  // Nobody new; those inside are told and end by themselves.
  void begin_stop();
  void close_all();
  // Connections that are open.
  std::size_t count() const { return server_->count(); }
  // What is posted to the loops by now still runs. May be called again.
  void stop_loops() { io_loops_.stop(); }
  // Those that a stop has cut short. The loops have ended.
  void drop_connections() { server_.reset(); }

  session::Loops& loops() { return loops_; }
  const net::Address& address() const { return server_->address(); }
  // "listen=…", and "proxy_listen=…" where balancers connect.
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
