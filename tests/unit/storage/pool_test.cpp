#include "chat/storage/pool.h"

#include <gtest/gtest.h>

#include <future>
#include <new>
#include <optional>
#include <stdexcept>
#include <thread>
#include <vector>

#include "chat/base/log.h"
#include "chat/base/queue_wait.h"
#include "support/eventually.h"
#include "support/fake_clock.h"
#include "support/storage/fake_database.h"

namespace chat::storage {
namespace {

using std::chrono::milliseconds;
using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;

class PoolTest : public testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(log::configure(log::Level::kOff, "")); }

  static FakeDatabase::FakeConnection& fake(const Lease& lease) {
    return static_cast<FakeDatabase::FakeConnection&>(*lease);
  }
  static int number(const Lease& lease) { return fake(lease).number; }

  FakeDatabase database_;
  test::FakeClock clock_;
};

TEST_F(PoolTest, OpensNothingBeforeTheFirstLease) {
  Pool pool(database_, {}, clock_);
  EXPECT_EQ(database_.opened, 0);
  EXPECT_EQ(pool.counts().open, 0u);
}

TEST_F(PoolTest, LendsTheLastReturnedConnection) {
  Pool pool(database_, {}, clock_);
  {
    auto first = pool.lease();
    auto second = pool.lease();
    ASSERT_TRUE(first && second);
    EXPECT_EQ(number(*first), 1);
    EXPECT_EQ(number(*second), 2);
  }  // the second goes back first
  auto again = pool.lease();
  ASSERT_TRUE(again);
  EXPECT_EQ(number(*again), 1);
  EXPECT_EQ(database_.opened, 2);
}

TEST_F(PoolTest, RefusesWithBusyOnceLeaseWaitIsOver) {
  Pool pool(database_, {.size = 2, .lease_wait = 30ms}, clock_);
  auto first = pool.lease();
  auto second = pool.lease();
  const auto before = std::chrono::steady_clock::now();
  const auto third = pool.lease();
  EXPECT_GE(std::chrono::steady_clock::now() - before, 30ms);
  ASSERT_FALSE(third);
  EXPECT_EQ(third.error().code, ErrorCode::kBusy);
  EXPECT_EQ(pool.counts().waits, 1u);
  EXPECT_EQ(pool.counts().timeouts, 1u);
  EXPECT_EQ(pool.counts().leases, 2u);
  EXPECT_EQ(database_.opened, 2);
}

TEST_F(PoolTest, GivesAReturnedConnectionToAWaitingLease) {
  Pool pool(database_, {.size = 1, .lease_wait = 60s}, clock_);
  std::optional<Lease> first;
  first.emplace(std::move(*pool.lease()));
  auto waiting = std::async(std::launch::async, [&] {
    auto lease = pool.lease();
    return lease ? number(*lease) : 0;
  });
  ASSERT_TRUE(test::eventually([&] { return pool.counts().waits == 1; }));
  const auto returned = std::chrono::steady_clock::now();
  first.reset();
  EXPECT_EQ(waiting.get(), 1);
  EXPECT_LT(std::chrono::steady_clock::now() - returned, 30s);  // woken, not timed out
  EXPECT_EQ(pool.counts().timeouts, 0u);
}

TEST_F(PoolTest, ReplacesABrokenConnectionForAWaitingLease) {
  Pool pool(database_, {.size = 1, .lease_wait = 60s}, clock_);
  std::optional<Lease> first;
  first.emplace(std::move(*pool.lease()));
  auto waiting = std::async(std::launch::async, [&] {
    auto lease = pool.lease();
    return lease ? number(*lease) : 0;
  });
  ASSERT_TRUE(test::eventually([&] { return pool.counts().waits == 1; }));
  fake(*first).alive = false;
  const auto returned = std::chrono::steady_clock::now();
  first.reset();
  EXPECT_EQ(waiting.get(), 2);
  EXPECT_LT(std::chrono::steady_clock::now() - returned, 30s);
  EXPECT_EQ(database_.most_open, 1);
}

constexpr LockWaits kWaitsForAll;
constexpr LockWaits kTriesTables{.tables = false};
constexpr LockWaits kTriesAll{.tables = false, .rows = false};

TEST_F(PoolTest, TableLocksAreNotWaitedForAfterAMetLock) {
  Pool pool(database_, {}, clock_);
  {
    auto lease = pool.lease();
    EXPECT_EQ(fake(*lease).lock_waits, kWaitsForAll);
    fake(*lease).meets_lock = true;
    EXPECT_FALSE(pool.troubled());
  }
  EXPECT_TRUE(pool.troubled());
  {
    auto first = pool.lease();
    auto second = pool.lease();  // a new connection
    EXPECT_EQ(fake(*first).lock_waits, kTriesTables);
    EXPECT_EQ(fake(*second).lock_waits, kTriesTables);
  }
  clock_.advance(Pool::kLately);
  EXPECT_FALSE(pool.troubled());
  EXPECT_EQ(fake(*pool.lease()).lock_waits, kWaitsForAll);
}

TEST_F(PoolTest, LateTasksDoNotWaitForRowLocks) {
  Pool pool(database_, {}, clock_);
  const auto long_ago = std::chrono::steady_clock::now() - Pool::kQueuePatience;
  const auto late_lease = [&] {
    const base::QueueWait late(long_ago);
    return pool.lease();
  };
  EXPECT_EQ(fake(*late_lease()).lock_waits, kWaitsForAll);
  fake(*pool.lease()).meets_lock = true;
  EXPECT_EQ(fake(*late_lease()).lock_waits, kTriesAll);
  EXPECT_EQ(fake(*pool.lease()).lock_waits, kTriesTables);
}

TEST_F(PoolTest, DiscardsAConnectionBrokenWhileLent) {
  Pool pool(database_, {}, clock_);
  fake(*pool.lease()).alive = false;
  EXPECT_EQ(database_.open_now, 0);
  EXPECT_EQ(pool.counts().discarded, 1u);
  auto next = pool.lease();
  EXPECT_EQ(number(*next), 2);
}

TEST_F(PoolTest, DiscardsAConnectionReturnedInsideATransaction) {
  Pool pool(database_, {}, clock_);
  EXPECT_THROW(
      {
        auto lease = pool.lease();
        ASSERT_TRUE((*lease)->begin(TransactionKind::kWrite));
        throw std::runtime_error("the borrower failed");
      },
      std::runtime_error);
  EXPECT_EQ(pool.counts().discarded, 1u);
  EXPECT_EQ(pool.counts().open, 0u);
  EXPECT_EQ(database_.open_now, 0);
}

TEST_F(PoolTest, KeepsAConnectionWhoseTransactionScopeEndedInAnException) {
  Pool pool(database_, {}, clock_);
  EXPECT_THROW(
      {
        auto lease = pool.lease();
        auto transaction = Transaction::begin(**lease, TransactionKind::kWrite);
        throw std::runtime_error("the borrower failed");
      },
      std::runtime_error);
  EXPECT_EQ(database_.rollbacks, 1);
  EXPECT_EQ(pool.counts().discarded, 0u);
  EXPECT_EQ(pool.counts().idle, 1u);
}

TEST_F(PoolTest, PingsOnlyLongIdleConnections) {
  Pool pool(database_, {.check_after_idle = 1000ms}, clock_);
  ASSERT_TRUE(pool.lease());
  clock_.advance(1000ms);
  ASSERT_TRUE(pool.lease());
  EXPECT_EQ(database_.pings, 0);
  clock_.advance(1001ms);
  ASSERT_TRUE(pool.lease());
  EXPECT_EQ(database_.pings, 1);
  EXPECT_EQ(database_.opened, 1);
}

TEST_F(PoolTest, ReplacesAConnectionThatDiedWhileIdle) {
  Pool pool(database_, {}, clock_);
  FakeDatabase::FakeConnection* connection = &fake(*pool.lease());
  connection->answers = false;
  clock_.advance(2s);
  auto lease = pool.lease();
  ASSERT_TRUE(lease);
  EXPECT_EQ(number(*lease), 2);
  EXPECT_EQ(database_.open_now, 1);
  EXPECT_EQ(pool.counts().discarded, 1u);
}

TEST_F(PoolTest, RecyclesAConnectionByItsIdleTime) {
  Pool pool(database_, {.recycle_after_idle = 60s}, clock_);
  ASSERT_TRUE(pool.lease());
  clock_.advance(60s);
  EXPECT_EQ(number(*pool.lease()), 1);
  clock_.advance(60s + 1ms);
  EXPECT_EQ(number(*pool.lease()), 2);
  EXPECT_EQ(pool.counts().recycled, 1u);
  EXPECT_EQ(pool.counts().discarded, 0u);
  EXPECT_EQ(database_.open_now, 1);
}

TEST_F(PoolTest, UnreachableDatabaseIsUnavailableAndLosesNoPlace) {
  Pool pool(database_, {.size = 1, .lease_wait = 1ms}, clock_);
  database_.reachable = false;
  for (int i = 0; i < 3; ++i) {
    const auto lease = pool.lease();
    ASSERT_FALSE(lease);
    EXPECT_EQ(lease.error().code, ErrorCode::kUnavailable);
  }
  EXPECT_EQ(pool.counts().open, 0u);
  database_.reachable = true;
  EXPECT_TRUE(pool.lease());
}

TEST_F(PoolTest, LosesNoPlaceWhenOpeningThrows) {
  Pool pool(database_, {.size = 1, .lease_wait = 1ms}, clock_);
  database_.reachable = false;
  database_.throws = true;
  EXPECT_THROW(static_cast<void>(pool.lease()), std::bad_alloc);
  database_.reachable = true;
  EXPECT_TRUE(pool.lease());
}

TEST_F(PoolTest, CountsOpenAndIdleConnections) {
  Pool pool(database_, {}, clock_);
  auto first = pool.lease();
  static_cast<void>(pool.lease());
  const auto counts = pool.counts();
  EXPECT_EQ(counts.open, 2u);
  EXPECT_EQ(counts.idle, 1u);
  EXPECT_EQ(counts.leases, 2u);
  EXPECT_EQ(counts.waits, 0u);
}

TEST_F(PoolTest, MovedLeaseReturnsItsConnectionOnce) {
  Pool pool(database_, {}, clock_);
  {
    auto lease = pool.lease();
    Lease moved(std::move(*lease));
    EXPECT_EQ(number(moved), 1);
  }
  EXPECT_EQ(pool.counts().open, 1u);
  EXPECT_EQ(pool.counts().idle, 1u);
}

TEST_F(PoolTest, NeverOpensMoreThanItsSizeUnderManyThreads) {
  Pool pool(database_, {.size = 3, .lease_wait = 10s}, clock_);
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 500; ++i) {
        auto lease = pool.lease();
        ASSERT_TRUE(lease);
        if ((i + t) % 7 == 0) fake(*lease).alive = false;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_LE(database_.most_open, 3);
  EXPECT_EQ(pool.counts().leases, 4000u);
  EXPECT_EQ(pool.counts().open, pool.counts().idle);
  EXPECT_EQ(static_cast<int>(pool.counts().open), database_.open_now.load());
}

TEST_F(PoolTest, TransactionRollsBackUnlessItsCommitSucceeded) {
  auto connection = database_.connect();
  {
    auto transaction = Transaction::begin(**connection, TransactionKind::kWrite);
    EXPECT_TRUE(transaction->commit());
  }
  EXPECT_EQ(database_.rollbacks, 0);
  database_.commits_fail = true;
  {
    auto transaction = Transaction::begin(**connection, TransactionKind::kWrite);
    EXPECT_FALSE(transaction->commit());
    EXPECT_TRUE((*connection)->in_transaction());
  }
  EXPECT_EQ(database_.rollbacks, 1);
  EXPECT_FALSE((*connection)->in_transaction());
}

}  // namespace
}  // namespace chat::storage
