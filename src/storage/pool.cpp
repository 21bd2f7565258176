#include "chat/storage/pool.h"

#include <fmt/format.h>

#include <utility>

#include "chat/base/check.h"
#include "chat/base/log.h"
#include "chat/base/queue_wait.h"

namespace chat::storage {

Lease::Lease(Pool& pool, std::unique_ptr<Connection> connection)
    : pool_(&pool), connection_(std::move(connection)) {}

Lease::Lease(Lease&& other) noexcept
    : pool_(other.pool_), connection_(std::move(other.connection_)) {}

Lease::~Lease() {
  if (connection_ != nullptr) pool_->give_back(std::move(connection_));
}

Pool::Pool(Database& database, PoolOptions options, const base::Clock& clock)
    : database_(database), options_(options), clock_(clock) {
  CHAT_CHECK(options_.size > 0);
  idle_.reserve(options_.size);  // so that give_back() cannot fail
}

Pool::~Pool() {
  base::MutexLock lock(mutex_);
  CHAT_CHECK(lent_ == 0);
}

Result<Lease> Pool::lease() {
  // Holds the place from wait_for_place() until a lease takes it over; a failure or exception
  // before that returns it.
  struct Place {
    Pool* pool;
    ~Place() {
      if (pool != nullptr) pool->free_place();
    }
  };

  auto idle = wait_for_place();
  if (!idle) return fail(idle);
  Place place{this};
  auto connection = revive(std::move(*idle));
  if (connection == nullptr) {
    auto opened = database_.connect();
    if (!opened) return fail(ErrorCode::kUnavailable, std::move(opened.error().message));
    connection = std::move(*opened);
  }
  if (auto set = connection->set_lock_waits(lock_waits()); !set) return fail(set);
  {
    base::MutexLock lock(mutex_);
    ++counts_.leases;
  }
  place.pool = nullptr;
  return Lease(*this, std::move(connection));
}

// Takes one of the `size` places, with the most recently returned connection if one is idle. Waits
// by the machine's clock, not clock_, because a thread really sleeps here.
Result<Pool::Idle> Pool::wait_for_place() {
  base::MutexLock lock(mutex_);
  if (lent_ == options_.size) {
    ++counts_.waits;
    const auto deadline = std::chrono::steady_clock::now() + options_.lease_wait;
    bool in_time = true;
    while (lent_ == options_.size && in_time) in_time = returned_.wait_until(mutex_, deadline);
    if (lent_ == options_.size) {
      ++counts_.timeouts;
      return fail(ErrorCode::kBusy, fmt::format("all {} database connections were lent for {} ms",
                                                options_.size, options_.lease_wait.count()));
    }
  }
  ++lent_;
  if (idle_.empty()) return Idle{};
  Idle last = std::move(idle_.back());
  idle_.pop_back();
  return last;
}

// The idle connection, or nothing if it is too old or dead.
std::unique_ptr<Connection> Pool::revive(Idle idle) {
  if (idle.connection == nullptr) return nullptr;
  const auto age = clock_.now() - idle.since;
  if (age > options_.recycle_after_idle) {
    idle.connection.reset();  // blocks, so outside the lock
    base::MutexLock lock(mutex_);
    ++counts_.recycled;
    return nullptr;
  }
  if (age <= options_.check_after_idle) return std::move(idle.connection);
  const auto alive = idle.connection->ping();
  if (alive && idle.connection->usable()) return std::move(idle.connection);
  log::info("event=database_connection_lost database={}", database_.describe());
  idle.connection.reset();
  base::MutexLock lock(mutex_);
  ++counts_.discarded;
  return nullptr;
}

void Pool::give_back(std::unique_ptr<Connection> connection) {
  if (connection->met_lock()) met_lock_ = clock_.now();
  const bool keep = connection->usable() && !connection->in_transaction();
  if (!keep) connection.reset();  // before its place becomes free, so that at most `size` are open
  {
    base::MutexLock lock(mutex_);
    CHAT_CHECK(lent_ > 0);
    --lent_;
    if (keep) {
      idle_.push_back({std::move(connection), clock_.now()});
    } else {
      ++counts_.discarded;
    }
  }
  returned_.notify_one();
}

void Pool::free_place() {
  {
    base::MutexLock lock(mutex_);
    --lent_;
  }
  returned_.notify_one();
}

bool Pool::troubled() const {
  const auto last = met_lock_.load(std::memory_order_relaxed);
  if (last != base::SteadyTime{} && clock_.now() - last < kLately) return true;
  return database_.met_stall_lately();
}

LockWaits Pool::lock_waits() const {
  if (!troubled()) return {};
  return {.tables = false, .rows = base::QueueWait::current() < kQueuePatience};
}

void Pool::release_memory() {
  base::MutexLock lock(mutex_);
  for (const Idle& idle : idle_) idle.connection->release_memory();
}

PoolCounts Pool::counts() const {
  base::MutexLock lock(mutex_);
  PoolCounts counts = counts_;
  counts.idle = idle_.size();
  counts.open = idle_.size() + lent_;
  return counts;
}

}  // namespace chat::storage
