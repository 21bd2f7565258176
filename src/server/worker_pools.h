#pragma once

#include <cstddef>

#include "chat/base/worker_pool.h"
#include "chat/service/service_environment.h"
#include "server/config/config.h"

namespace chat::server {

// The threads that run what clients ask for: workers for what is answered from memory, blocking
// workers for what needs the database, and three pools that hash passwords.
// Threading: start() and the stop functions by one thread. Bounds: the hash pools' queues; the
// others hold every session and every window at most once, so they never fill.
class WorkerPools {
 public:
  explicit WorkerPools(const Config& config);

  void start();
  // They finish what is queued. Both may be called again.
  void stop_hashing();
  void stop();

  base::WorkerPool& workers() { return workers_; }
  base::WorkerPool& blocking() { return blocking_; }
  service::ServicePools of_service() { return {blocking_, hash_, hash_known_, hash_other_}; }

 private:
  base::WorkerPool workers_;
  base::WorkerPool blocking_;
  base::WorkerPool hash_;
  base::WorkerPool hash_known_;
  base::WorkerPool hash_other_;
};

// How many leases of the database may be out at once.
std::size_t database_leases(const Config& config);

}  // namespace chat::server
