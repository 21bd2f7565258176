#pragma once

#include <memory>
#include <string>
#include <vector>

#include "chat/base/clock.h"
#include "chat/base/rate_store.h"
#include "chat/base/result.h"
#include "chat/delivery/delivery.h"
#include "chat/net/event_loop.h"
#include "chat/service/services.h"
#include "chat/session/registry.h"
#include "chat/storage/database.h"
#include "chat/storage/pool.h"
#include "server/admin/admin_socket.h"
#include "server/cluster_node.h"
#include "server/config/config.h"
#include "server/front_door.h"
#include "server/memory_trim.h"
#include "server/service_manager.h"
#include "server/signals.h"
#include "server/worker_pools.h"

namespace chat::server {

// The composition root: creates the owners of the server's parts in order of dependency, and starts
// and stops them. Each owner handles the order of its own parts; the order between owners is here.
// Members are destroyed in reverse.
// Threading: created, run and destroyed by the main thread.
class App {
 public:
  explicit App(const Config& config);
  ~App();
  App(const App&) = delete;
  App& operator=(const App&) = delete;

  // Binds, opens the database, registers the node, starts the threads, listens.
  Result<void> start();
  // Warnings for the operator: sentences, already logged.
  const std::vector<std::string>& warnings() const { return warnings_; }
  // "ready listen=… node=… storage=… bus=… version=…"; with proxy_listen=… after listen= if the
  // server listens for balancers.
  std::string ready_line() const;
  // Serves until SIGTERM or SIGINT, then stops gracefully: no new clients, replies to accepted
  // requests, BYE, cursors and users written. The stop takes at most kStopMax. Also stops when the
  // node's lease is lost, and then returns false.
  bool run();

 private:
  Result<void> open_storage();
  Result<void> open_admin_socket();
  std::string admin_socket_path() const;
  void tell_wait(const std::string& sentence) const;
  Result<void> start_threads();
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
  base::MemoryRateStore rates_;

  WorkerPools pools_;
  const std::unique_ptr<storage::Database> database_;
  storage::Pool pool_;
  ClusterNode node_;
  session::Registry registry_;
  FrontDoor front_door_;
  delivery::Delivery delivery_;
  service::Services services_;
  AdminSocket admin_socket_;

  MemoryTrim memory_trim_;
  std::vector<std::string> warnings_;
  base::SteadyTime stop_by_{};
  bool lease_lost_ = false;
};

}  // namespace chat::server
