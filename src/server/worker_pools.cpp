#include "server/worker_pools.h"

#include <algorithm>
#include <cstddef>
#include <thread>

namespace chat::server {
namespace {

// Every session and every window is in it at most once, so it never fills.
constexpr std::size_t kWorkerQueue = 1 << 20;
constexpr std::size_t kHashQueue = 32;
// A chat passes half a dozen threads and is done soon; what has no end (hashing, reading histories)
// gives way to it where there are fewer cores than threads that have something to do.
constexpr int kHashNice = 10;
constexpr int kBlockingNice = 10;
// Readers of the embedded database: one for each worker that may be at it, and some.
constexpr std::size_t kSqliteSpareConnections = 2;

// Hashing is all computing: it must not take every core away from chat.
std::size_t hash_threads() {
  return std::clamp<std::size_t>(std::thread::hardware_concurrency() / 2, 1, 2);
}

bool is_embedded(const Config& config) {
  return config.storage.engine == StorageEngine::kSqlite;
}

// For a database server they mostly wait. An embedded database computes on them, under locks that
// the journal's commits need too: so they are few, and not nice, or one that is put aside with such
// a lock would keep everybody waiting.
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
