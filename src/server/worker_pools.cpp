#include "server/worker_pools.h"

#include <algorithm>
#include <cstddef>
#include <thread>

namespace chat::server {
namespace {

// Every session and window is queued at most once, so it never fills.
constexpr std::size_t kWorkerQueue = 1 << 20;
constexpr std::size_t kHashQueue = 32;
// Chat passes through half a dozen threads and needs little time on each; long-running work
// (hashing, reading histories) yields to it when runnable threads outnumber the cores.
constexpr int kHashNice = 10;
constexpr int kBlockingNice = 10;
// Connections of the embedded database beyond one per worker that may use it.
constexpr std::size_t kSqliteSpareConnections = 2;

// Hashing is pure computation and must leave cores for chat.
std::size_t hash_threads() {
  return std::clamp<std::size_t>(std::thread::hardware_concurrency() / 2, 1, 2);
}

bool is_embedded(const Config& config) {
  return config.storage.engine == StorageEngine::kSqlite;
}

// With a database server these threads mostly wait. An embedded database computes on them, under
// locks that the journal's commits also need. So they are few and have normal priority: a preempted
// thread with such a lock would block everybody.
std::size_t blocking_threads(const Config& config) {
  if (!is_embedded(config)) return config.server.workers;
  return std::max(1U, std::thread::hardware_concurrency() / 2);
}
int blocking_nice(const Config& config) {
  return is_embedded(config) ? 0 : kBlockingNice;
}

}  // namespace

WorkerPools::WorkerPools(const Config& config)
    : workers_("worker", config.server.workers, kWorkerQueue),
      blocking_("blocking", blocking_threads(config), kWorkerQueue, blocking_nice(config)),
      hash_("hash", hash_threads(), kHashQueue, kHashNice),
      hash_known_("hash-known", 1, kHashQueue, kHashNice),
      hash_other_("hash-other", 1, kHashQueue, kHashNice) {}

void WorkerPools::start() {
  workers_.start();
  blocking_.start();
  hash_.start();
  hash_known_.start();
  hash_other_.start();
}

void WorkerPools::stop_hashing() {
  hash_.stop();
  hash_known_.stop();
  hash_other_.stop();
}

void WorkerPools::stop() {
  blocking_.stop();
  workers_.stop();
}

std::size_t database_leases(const Config& config) {
  if (!is_embedded(config)) return config.mysql.pool_size;
  return config.server.workers + blocking_threads(config) + kSqliteSpareConnections;
}

}  // namespace chat::server
