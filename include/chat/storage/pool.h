#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "chat/base/clock.h"
#include "chat/base/mutex.h"
#include "chat/base/result.h"
#include "chat/storage/database.h"

namespace chat::storage {

class Pool;

// A borrowed connection, returned at the end of the scope. A connection that is unusable or still
// inside a transaction is discarded instead. Movable.
class Lease {
 public:
  Lease(Pool& pool, std::unique_ptr<Connection> connection);
  Lease(Lease&& other) noexcept;
  Lease& operator=(Lease&&) = delete;
  ~Lease();

  Connection& operator*() const { return *connection_; }
  Connection* operator->() const { return connection_.get(); }

 private:
  Pool* pool_;
  std::unique_ptr<Connection> connection_;
};

struct PoolOptions {
  std::size_t size = 8;                                 // maximum number of connections
  std::chrono::milliseconds lease_wait{1000};           // after that kBusy
  std::chrono::milliseconds check_after_idle{1000};     // idle longer: pinged before use
  std::chrono::milliseconds recycle_after_idle{60000};  // idle longer: replaced
};

struct PoolCounts {
  std::size_t open = 0;
  std::size_t idle = 0;
  std::uint64_t leases = 0;
  std::uint64_t waits = 0;     // leases that had to wait
  std::uint64_t timeouts = 0;  // leases that timed out
  std::uint64_t recycled = 0;
  std::uint64_t discarded = 0;  // found dead, or broken by its borrower
};

// The connection pool. Connections are opened when first needed, lent to one borrower at a time
// (last returned, first lent, so that caches stay warm and surplus connections age), pinged after
// idling, and replaced when dead. Opening happens outside the lock.
//
// A foreign lock on tables or rows makes every borrower wait a full second and then fail, and tasks
// behind it in the workers' queue add up these waits. So for kLately after a borrower has met such
// a lock, table locks are not waited for; nor are row locks by tasks that have queued for
// kQueuePatience. Only access to locked data then fails at once.
//
// Threading: thread-safe. Ownership: owns idle connections; the Database outlives it, and it
// outlives its leases. Bounds: never more than `size` connections.
class Pool {
 public:
  static constexpr std::chrono::milliseconds kLately{2'000};
  static constexpr std::chrono::milliseconds kQueuePatience{400};

  Pool(Database& database, PoolOptions options, const base::Clock& clock);
  ~Pool();

  // Blocks up to lease_wait: kBusy if all connections stay lent, kUnavailable if the database
  // cannot be reached.
  Result<Lease> lease();
  // True if a borrower has met a foreign lock within kLately, or the database answers too slowly:
  // do not wait long for it now.
  bool troubled() const;
  PoolCounts counts() const;
  // Frees the caches of idle connections. Borrowers wait meanwhile.
  void release_memory();

 private:
  friend class Lease;
  struct Idle {
    std::unique_ptr<Connection> connection;
    base::SteadyTime since;
  };

  Result<Idle> wait_for_place();
  std::unique_ptr<Connection> revive(Idle idle);
  void give_back(std::unique_ptr<Connection> connection);
  void free_place();
  LockWaits lock_waits() const;

  Database& database_;
  const PoolOptions options_;
  const base::Clock& clock_;
  std::atomic<base::SteadyTime> met_lock_{};  // the epoch: never

  mutable base::Mutex mutex_;
  base::CondVar returned_;
  std::vector<Idle> idle_ CHAT_GUARDED_BY(mutex_);
  std::size_t lent_ CHAT_GUARDED_BY(mutex_) = 0;  // including those being opened
  PoolCounts counts_ CHAT_GUARDED_BY(mutex_);
};

}  // namespace chat::storage
