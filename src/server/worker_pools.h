#pragma once

#include <cstddef>

#include "chat/base/worker_pool.h"
#include "chat/service/service_environment.h"
#include "server/config/config.h"

namespace chat::server {

// The threads that handle requests: workers for requests answered from memory, blocking workers for
// those that need the database, and three pools for hashing passwords.
// Threading: start() and the stop functions by one thread. Bounds: the hash pools' queues; the
// others hold each session and window at most once, so they never fill.
class WorkerPools {
 public:
  explicit WorkerPools(const Config& config);

  void start();
  // Run the queued tasks first. Both may be called again.
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

// The most database leases held at once.
std::size_t database_leases(const Config& config);

}  // namespace chat::server
