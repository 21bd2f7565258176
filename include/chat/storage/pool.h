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

// A borrowed connection; goes back when the scope ends. A connection that is no longer usable,
// or that is still inside a transaction, is thrown away instead. Movable.
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
  std::size_t size = 8;                                 // connections at most
  std::chrono::milliseconds lease_wait{1000};           // then kBusy
  std::chrono::milliseconds check_after_idle{1000};     // idle longer: pinged before it is lent
  std::chrono::milliseconds recycle_after_idle{60000};  // idle longer: closed and opened anew
};

struct PoolCounts {
  std::size_t open = 0;
  std::size_t idle = 0;
  std::uint64_t leases = 0;
  std::uint64_t waits = 0;     // a lease that had to wait
  std::uint64_t timeouts = 0;  // a lease that waited in vain
  std::uint64_t recycled = 0;
  std::uint64_t discarded = 0;  // found dead, or broken by its borrower
};

// The hand-written connection pool. Connections are opened when first needed, lent to one
// borrower at a time (last returned, first lent: warm caches, and the rest can grow old),
// pinged after a while of idleness, replaced when dead. Opening happens outside the lock.
//
// Somebody who has locked tables or rows makes every borrower wait for a second in vain, and those
// behind them in the workers' queue wait for each of them in turn. So once a borrower has met such
// a lock, tables are only tried for kLately, and rows by work that has waited in its queue for
// kQueuePatience: what is locked fails at once, and nothing else does.
//
// Threading: thread-safe. Ownership: owns idle connections; the Database outlives it, and it
// outlives its leases. Bounds: never more than `size` connections.
class Pool {
 public:
  static constexpr std::chrono::milliseconds kLately{2'000};
  static constexpr std::chrono::milliseconds kQueuePatience{400};

  Pool(Database& database, PoolOptions options, const base::Clock& clock);
  ~Pool();

  // Blocks up to lease_wait: kBusy when all are lent that long, kUnavailable when the database
  // can't be reached.
  Result<Lease> lease();
  // Somebody's lock was in the way of a borrower within kLately, or the database takes too long for
  // an answer: whoever waits for it now must not wait long.
  bool troubled() const;
  PoolCounts counts() const;
  // Of the connections that nobody has borrowed. Whoever wants one waits meanwhile.
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
  std::size_t lent_ CHAT_GUARDED_BY(mutex_) = 0;  // or being opened
  PoolCounts counts_ CHAT_GUARDED_BY(mutex_);
};

}  // namespace chat::storage
