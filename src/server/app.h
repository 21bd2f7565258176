#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "chat/base/clock.h"
#include "chat/base/rate_store.h"
#include "chat/base/result.h"
#include "chat/base/worker_pool.h"
#include "chat/cluster/bus.h"
#include "chat/cluster/local_bus.h"
#include "chat/cluster/node_lease.h"
#include "chat/cluster/redis_rate_store.h"
#include "chat/delivery/delivery.h"
#include "chat/net/loop_pool.h"
#include "chat/net/server.h"
#include "chat/service/services.h"
#include "chat/session/crowd_limit.h"
#include "chat/session/loops.h"
#include "chat/session/registry.h"
#include "chat/session/session.h"
#include "chat/storage/pool.h"
#include "server/config/config.h"
#include "server/connection_limits.h"
#include "server/memory_trim.h"
#include "server/service_manager.h"
#include "server/signals.h"

namespace chat::server {

// The composition root: makes every object of the server once, in the order in which they stand
// on each other, and hands references down. Members are destroyed in reverse.
// Threading: made, run and destroyed by the main thread.
class App {
 public:
  explicit App(const Config& config);
  ~App();
  App(const App&) = delete;
  App& operator=(const App&) = delete;

  // Binds, opens the database, registers the node, starts the threads, listens.
  Result<void> start();
  // What its operator must know though it runs: sentences, logged already.
  const std::vector<std::string>& warnings() const { return warnings_; }
  // "ready listen=… node=… storage=… bus=… version=…"; after listen= also proxy_listen=… where
  // the server listens for balancers.
  std::string ready_line() const;
  // Serves until SIGTERM or SIGINT, then stops gracefully: nobody new, answers to what was
  // accepted, BYE, cursors and users written. Takes at most kStopMax. Stops likewise when the
  // node's lease is lost; false then.
  bool run();

 private:
  Result<void> bind();
  Result<void> open_storage();
  Result<void> register_node();
  void tell_wait(const std::string& sentence) const;
  Result<void> start_threads();
  std::string listening() const;
  void on_signal(int signal);
  void tell_ready();
  void begin_stop(int signal);
  void lose_lease();
  void watch_stop();
  void trim_memory();
  void stop_threads();

  const Config config_;
  const base::Clock& clock_;
  Signals signals_;
  ServiceManager service_manager_;

  net::EventLoop main_loop_;
  net::LoopPool io_loops_;
  session::Loops loops_;
  base::MemoryRateStore rates_;
  base::WorkerPool workers_;
  base::WorkerPool blocking_workers_;
  base::WorkerPool hash_lane_;
  base::WorkerPool known_hash_lane_;
  base::WorkerPool other_hash_lane_;

  std::unique_ptr<storage::Database> database_;
  storage::Pool pool_;
  cluster::LocalHub hub_;
  std::unique_ptr<cluster::Bus> bus_;
  std::unique_ptr<cluster::RedisRateStore> shared_rates_;
  cluster::NodeLease lease_;

  session::Registry registry_;
  delivery::Delivery delivery_;

  service::Services services_;
  session::CrowdLimit slow_clients_;
  session::CrowdLimit silent_clients_;
  std::unique_ptr<session::SessionContext> session_context_;
  ConnectionLimits limits_;
  std::unique_ptr<net::Server> server_;

  MemoryTrim memory_trim_;
  std::string node_name_;  // fixed after register_node(), and so is node_
  storage::Node node_;
  std::string cluster_id_;  // fixed after open_storage()
  std::vector<std::string> warnings_;
  base::SteadyTime stop_by_{};
  bool lease_lost_ = false;
};

}  // namespace chat::server
