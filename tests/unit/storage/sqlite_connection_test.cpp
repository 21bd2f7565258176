#include <fmt/format.h>
#include <sys/resource.h>

#include <atomic>
#include <csignal>
#include <future>
#include <thread>

#include "support/storage/storage_fixture.h"

namespace chat::storage {
namespace {

class SqliteConnectionTest : public StorageTest {
 protected:
  void SetUp() override {
    StorageTest::SetUp();
    run("CREATE TABLE t (k INTEGER PRIMARY KEY, v TEXT)");
  }

  static Result<void> insert(Connection& connection, std::int64_t key, std::string_view value) {
    auto statement = connection.prepare("INSERT INTO t (k, v) VALUES (?, ?)");
    if (!statement) return fail(statement);
    (*statement)->bind(0, key);
    (*statement)->bind(1, value);
    return (*statement)->run();
  }
  std::int64_t count() { return number("SELECT COUNT(*) FROM t"); }
};

TEST_F(SqliteConnectionTest, PreparesEachTextOnce) {
  const auto first = connection_->prepare("SELECT 1");
  const auto again = connection_->prepare(std::string("SELECT 1"));
  const auto other = connection_->prepare("SELECT 2");
  EXPECT_EQ(*first, *again);
  EXPECT_NE(*first, *other);
}

TEST_F(SqliteConnectionTest, ReportsWrongSql) {
  EXPECT_EQ(connection_->prepare("SELEKT 1").error().code, ErrorCode::kInternal);
  EXPECT_FALSE(connection_->execute("SELECT * FROM nowhere"));
  EXPECT_TRUE(connection_->usable());
  EXPECT_TRUE(connection_->ping());
}

TEST_F(SqliteConnectionTest, ValuesRoundTrip) {
  auto statement = connection_->prepare("SELECT ?, ?, ?, ?");
  StatementScope scope(**statement);
  scope->bind(0, std::int64_t{-9223372036854775807} - 1);
  scope->bind(1, std::string_view("a\0b", 3));
  scope->bind_null(2);
  scope->bind(3, std::string_view());
  ASSERT_TRUE(scope->step().value());
  EXPECT_EQ(scope->integer(0), std::int64_t{-9223372036854775807} - 1);
  EXPECT_EQ(scope->text(1), std::string_view("a\0b", 3));
  EXPECT_TRUE(scope->is_null(2));
  EXPECT_FALSE(scope->is_null(3));
  EXPECT_EQ(scope->text(3), "");
  EXPECT_FALSE(scope->step().value());
}

TEST_F(SqliteConnectionTest, ResetForgetsBindings) {
  auto statement = connection_->prepare("SELECT ?");
  (*statement)->bind(0, 5);
  (*statement)->reset();
  StatementScope scope(**statement);
  ASSERT_TRUE(scope->step().value());
  EXPECT_TRUE(scope->is_null(0));
}

TEST_F(SqliteConnectionTest, UnknownParameterIsAnInvalidArgument) {
  auto statement = connection_->prepare("SELECT ?");
  StatementScope scope(**statement);
  scope->bind(1, 5);
  const auto row = scope->step();
  ASSERT_FALSE(row);
  EXPECT_EQ(row.error().code, ErrorCode::kInvalidArgument);
}

TEST_F(SqliteConnectionTest, ReturnsAffectedRowsAndTheLastId) {
  ASSERT_TRUE(insert(*connection_, 7, "a"));
  EXPECT_EQ(connection_->last_insert_id(), 7);
  ASSERT_TRUE(insert(*connection_, 8, "a"));
  run("UPDATE t SET v = 'b'");
  EXPECT_EQ(connection_->affected_rows(), 2);
}

TEST_F(SqliteConnectionTest, AScopeThatEndsEarlyHoldsNoSnapshot) {
  ASSERT_TRUE(insert(*connection_, 1, "a"));
  ASSERT_TRUE(insert(*connection_, 2, "b"));
  EXPECT_EQ(number("SELECT k FROM t ORDER BY k"), 1);  // one row of two is read
  const auto other = connect();
  ASSERT_TRUE(insert(*other, 3, "c"));
  // A snapshot from before that write could not become a write transaction.
  EXPECT_TRUE(connection_->begin(TransactionKind::kWrite));
  connection_->rollback();
}

TEST_F(SqliteConnectionTest, AReadTransactionIsOneSnapshot) {
  ASSERT_TRUE(insert(*connection_, 1, "a"));
  const auto other = connect();
  {
    auto transaction = Transaction::begin(*connection_, TransactionKind::kRead);
    EXPECT_EQ(count(), 1);
    ASSERT_TRUE(insert(*other, 2, "b"));
    EXPECT_EQ(count(), 1);
  }
  EXPECT_EQ(count(), 2);
}

TEST_F(SqliteConnectionTest, WritingInAReadTransactionIsAMistake) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  auto transaction = Transaction::begin(*connection_, TransactionKind::kRead);
  EXPECT_DEATH(static_cast<void>(insert(*connection_, 1, "a")), "check failed");
}

TEST_F(SqliteConnectionTest, ASecondWriteTransactionOnOneThreadIsAMistake) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  auto transaction = Transaction::begin(*connection_, TransactionKind::kWrite);
  const auto other = connect();
  EXPECT_DEATH(static_cast<void>(insert(*other, 1, "a")), "check failed");
}

TEST_F(SqliteConnectionTest, SingleWriteWaitsForTheWriterLane) {
  auto transaction = Transaction::begin(*connection_, TransactionKind::kWrite);
  ASSERT_TRUE(insert(*connection_, 1, "in the transaction"));
  // Without the lane it would fail at once, because SQLite itself must not wait.
  const auto other = connect();
  ASSERT_EQ(number(*other, "PRAGMA busy_timeout = 0"), 0);
  std::promise<void> about_to_write;
  auto bare = std::async(std::launch::async, [&] {
    about_to_write.set_value();
    return insert(*other, 2, "bare");
  });
  about_to_write.get_future().wait();
  ASSERT_TRUE(transaction->commit());
  const auto inserted = bare.get();
  EXPECT_TRUE(inserted) << inserted.error().message;
  EXPECT_EQ(count(), 2);
}

TEST_F(SqliteConnectionTest, ClosingInsideATransactionLeavesNothingBehind) {
  auto other = connect();
  ASSERT_TRUE(other->begin(TransactionKind::kWrite));
  ASSERT_TRUE(insert(*other, 1, "a"));
  other.reset();
  ASSERT_TRUE(insert(*connection_, 2, "b"));
  EXPECT_EQ(count(), 1);
}

TEST_F(SqliteConnectionTest, FailedSingleWriteReleasesTheLane) {
  ASSERT_TRUE(insert(*connection_, 1, "a"));
  const auto refused = insert(*connection_, 1, "b");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kConflict);
  const auto other = connect();
  EXPECT_TRUE(insert(*other, 2, "c"));
}

// Mixed work of eight threads: commits, rollbacks, single writes, reads.
TEST_F(SqliteConnectionTest, ManyWritersNeverSeeBusyAndLoseNothing) {
  constexpr int kThreads = 8;
  constexpr int kRounds = 60;
  std::atomic<int> failures{0};
  std::atomic<int> committed{0};
  std::vector<std::thread> threads;
  std::vector<std::unique_ptr<Connection>> connections;
  for (int t = 0; t < kThreads; ++t) {
    connections.push_back(connect());
    // Without SQLite's own waiting, only the lane separates them.
    ASSERT_EQ(number(*connections.back(), "PRAGMA busy_timeout = 0"), 0);
  }
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      Connection& mine = *connections[static_cast<std::size_t>(t)];
      for (int i = 0; i < kRounds; ++i) {
        const std::int64_t key = 1 + 2 * (t * kRounds + i);
        if (i % 3 == 0) {
          insert(mine, key, "bare") ? ++committed : ++failures;
          continue;
        }
        if (number(mine, "SELECT COUNT(*) FROM t") < 0) ++failures;
        auto transaction = Transaction::begin(mine, TransactionKind::kWrite);
        if (!transaction || !insert(mine, key, "a") || !insert(mine, key + 1, "b")) ++failures;
        if (i % 3 == 1 || !transaction) continue;  // rolled back
        transaction->commit() ? committed += 2 : ++failures;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(failures.load(), 0);
  EXPECT_EQ(committed.load(), kThreads * kRounds);
  EXPECT_EQ(count(), committed.load());
  EXPECT_EQ(number("SELECT COUNT(*) FROM t WHERE v = 'bare'"), kThreads * kRounds / 3);
}

TEST_F(SqliteConnectionTest, FullDiskIsUnavailableAndRollbackRecovers) {
  ASSERT_TRUE(insert(*connection_, 1, "before"));
  const auto pages = number("PRAGMA page_count");
  ASSERT_EQ(number(fmt::format("PRAGMA max_page_count = {}", pages + 5)), pages + 5);
  {
    auto transaction = Transaction::begin(*connection_, TransactionKind::kWrite);
    Result<void> inserted;
    std::int64_t key = 2;
    while (inserted && key < 100) inserted = insert(*connection_, key++, std::string(4000, 'x'));
    ASSERT_FALSE(inserted);
    EXPECT_EQ(inserted.error().code, ErrorCode::kUnavailable);
  }
  EXPECT_TRUE(connection_->usable());
  EXPECT_EQ(count(), 1);
  EXPECT_TRUE(insert(*connection_, 2, "after"));
}

TEST_F(SqliteConnectionTest, NothingIsWrittenAfterSqliteEndedTheTransaction) {
  auto transaction = Transaction::begin(*connection_, TransactionKind::kWrite);
  ASSERT_TRUE(insert(*connection_, 1, "first"));
  // Ends the transaction, as a full disk may.
  ASSERT_TRUE(connection_->execute("ROLLBACK"));
  const auto inserted = insert(*connection_, 2, "second");
  ASSERT_FALSE(inserted);
  EXPECT_EQ(inserted.error().code, ErrorCode::kUnavailable);
  EXPECT_FALSE(transaction->commit());
  connection_->rollback();
  EXPECT_EQ(count(), 0);
}

TEST_F(SqliteConnectionTest, IoErrorAtCommitBreaksTheConnection) {
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  auto transaction = Transaction::begin(*connection_, TransactionKind::kWrite);
  ASSERT_TRUE(insert(*connection_, 1, std::string(100'000, 'x')));
  rlimit tiny = before;
  tiny.rlim_cur = 1;
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &tiny), 0);
  const auto committed = transaction->commit();
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  ASSERT_FALSE(committed);
  EXPECT_EQ(committed.error().code, ErrorCode::kUnavailable);
  EXPECT_FALSE(connection_->usable());
  EXPECT_TRUE(connection_->in_transaction());
  connection_->rollback();
  const auto other = connect();
  EXPECT_EQ(number(*other, "SELECT COUNT(*) FROM t"), 0);
  EXPECT_TRUE(insert(*other, 1, "after"));
}

}  // namespace
}  // namespace chat::storage
