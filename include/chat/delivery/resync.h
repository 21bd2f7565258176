#pragma once

#include <atomic>
#include <chrono>
#include <span>
#include <vector>

#include "chat/base/result.h"
#include "chat/base/stop_signal.h"
#include "chat/base/thread.h"
#include "chat/cluster/bus.h"
#include "chat/delivery/presence.h"
#include "chat/delivery/recipients.h"
#include "chat/session/registry.h"
#include "chat/storage/pool.h"
#include "chat/storage/values.h"

namespace chat::delivery {

// Looks in the tables for what the bus may not have told (design: "Redis is only a hint"): messages
// that wait for a logged-in user, and sessions whose user has been taken over by another node.
// Runs when asked to, every kDownInterval while the bus is down, and goes on until it succeeds.
// Once in kReconcileInterval it also frees the users that the table gives this node and that have
// no session here.
// Threading: request() is thread-safe; a thread of its own does the work; start() and stop()
// externally synchronised.
class Resync {
 public:
  static constexpr std::chrono::seconds kDownInterval{8};
  static constexpr std::chrono::seconds kReconcileInterval{60};

  Resync(session::Registry& registry, Recipients& recipients, storage::Pool& pool,
         const cluster::Bus& bus, Presence& presence)
      : registry_(registry), recipients_(recipients), pool_(pool), bus_(bus), presence_(presence) {}
  ~Resync() { stop(); }

  void start(const storage::Node& node);
  void stop();
  // Soon, for all sessions of this node.
  void request() { requested_.store(true, std::memory_order_release); }

 private:
  using Holders = std::span<const session::Registry::Holder>;

  void work();
  bool due();
  Result<void> run();
  Result<void> run_for(Holders holders);
  Result<void> evict_taken_over(storage::Connection& connection, Holders holders,
                                std::span<const UserId> users);
  Result<void> reconcile();

  session::Registry& registry_;
  Recipients& recipients_;
  storage::Pool& pool_;
  const cluster::Bus& bus_;
  Presence& presence_;
  storage::Node node_;  // fixed after start()
  std::atomic<bool> requested_{false};
  base::StopSignal stop_;
  base::Thread thread_;
  std::chrono::steady_clock::time_point last_run_{};         // the thread's
  std::chrono::steady_clock::time_point last_reconciled_{};  // likewise
};

}  // namespace chat::delivery
