#include "storage/sqlite/buffered_wal.h"

#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/resource.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>

#include "storage/sqlite/sqlite_handle.h"
#include "support/temp_dir.h"

namespace chat::storage {
namespace {

namespace fs = std::filesystem;

// The number of write system calls of this thread so far.
long writes_so_far() {
  std::ifstream file("/proc/thread-self/io");
  std::string name;
  long value = 0;
  while (file >> name >> value) {
    if (name == "syscw:") return value;
  }
  return -1;
}

class BufferedWalTest : public testing::Test {
 protected:
  void SetUp() override {
    std::ofstream{path_};
    first_ = open();
    // 300 rows on as many pages.
    run(first_, "CREATE TABLE t (id INTEGER PRIMARY KEY, body TEXT)");
    run(first_, kAllRows);
    second_ = open();
  }
  SqliteHandle open(const fs::path& path) {
    auto opened = open_sqlite(path.string());
    EXPECT_TRUE(opened);
    return opened ? std::move(*opened) : SqliteHandle();
  }
  SqliteHandle open() { return open(path_); }
  static void run(const SqliteHandle& db, const std::string& sql) {
    const auto done = sqlite_execute(db.get(), sql.c_str());
    EXPECT_TRUE(done) << sql << ": " << done.error().message;
  }
  static std::string text(const SqliteHandle& db, const char* sql) {
    sqlite3_stmt* statement = nullptr;
    EXPECT_EQ(sqlite3_prepare_v2(db.get(), sql, -1, &statement, nullptr), SQLITE_OK);
    EXPECT_EQ(sqlite3_step(statement), SQLITE_ROW) << sqlite3_errmsg(db.get());
    const auto* found = reinterpret_cast<const char*>(sqlite3_column_text(statement, 0));
    const std::string value = found == nullptr ? "" : found;
    sqlite3_finalize(statement);
    return value;
  }
  // What the bodies begin with, or an error if they differ.
  static std::string bodies(const SqliteHandle& db) {
    if (text(db, "PRAGMA integrity_check") != "ok") return "damaged";
    if (text(db, "SELECT COUNT(DISTINCT body) || ',' || COUNT(*) FROM t") != "1,300")
      return "mixed";
    return text(db, "SELECT substr(body, 1, 3) FROM t LIMIT 1");
  }
  static std::string set_all(const std::string& begin) {
    return "UPDATE t SET body = '" + begin + "' || substr(body, 4)";
  }

  static constexpr char kAllRows[] =
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300)"
      "INSERT INTO t SELECT i, 'old' || replace(hex(zeroblob(1900)), '0', 'x') FROM n";
  const test::TempDir dir_;
  const fs::path path_ = dir_.path() / "test.db";
  SqliteHandle first_;
  SqliteHandle second_;
};

TEST_F(BufferedWalTest, IsUsedByEveryConnection) {
  ASSERT_NE(buffered_wal_vfs(), nullptr);
  char* name = nullptr;
  ASSERT_EQ(sqlite3_file_control(first_.get(), "main", SQLITE_FCNTL_VFSNAME, &name), SQLITE_OK);
  sqlite3_vfs* used = nullptr;
  ASSERT_EQ(sqlite3_file_control(first_.get(), "main", SQLITE_FCNTL_VFS_POINTER, &used), SQLITE_OK);
  EXPECT_STREQ(used->zName, buffered_wal_vfs());
  sqlite3_free(name);
}

// Two frames of each page would be 600 writes.
TEST_F(BufferedWalTest, TransactionIsWrittenInFewCalls) {
  const long before = writes_so_far();
  ASSERT_GE(before, 0);
  run(first_, set_all("new"));
  EXPECT_LE(writes_so_far() - before, 30);
  EXPECT_EQ(bodies(second_), "new");
}

// The files of a process that was killed after the COMMIT.
TEST_F(BufferedWalTest, CommittedTransactionIsInTheFiles) {
  run(first_, set_all("new"));
  const test::TempDir other;
  for (const char* suffix : {"", "-wal"}) {
    fs::copy_file(path_.string() + suffix, other.path() / ("copy.db" + std::string(suffix)));
  }
  EXPECT_EQ(bodies(open(other.path() / "copy.db")), "new");
}

// A transaction of few frames, which are all written by the sync.
TEST_F(BufferedWalTest, CommitFailsIfItsFramesCannotBeWritten) {
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  rlimit tiny = before;
  tiny.rlim_cur = 1;
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &tiny), 0);
  const auto failed = sqlite_execute(first_.get(), "DELETE FROM t WHERE id = 7");
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  EXPECT_FALSE(failed);
  EXPECT_EQ(bodies(second_), "old");
  run(open(), set_all("new"));
  EXPECT_EQ(bodies(second_), "new");
}

// A small cache writes frames of the transaction before its end.
class WithSmallCache : public BufferedWalTest {
 protected:
  void SetUp() override {
    BufferedWalTest::SetUp();
    run(first_, "PRAGMA cache_size=10");
    run(first_, "BEGIN IMMEDIATE");
    run(first_, set_all("new"));
  }
};

TEST_F(WithSmallCache, UnfinishedTransactionIsSeenByItselfOnly) {
  EXPECT_EQ(bodies(first_), "new");
  EXPECT_EQ(bodies(second_), "old");
  run(first_, "COMMIT");
  EXPECT_EQ(bodies(second_), "new");
}

// What was buffered must never be written where another writer's frames are. Appending rows reads
// nothing, which would write what is buffered.
TEST_F(WithSmallCache, RolledBackTransactionSpoilsNoLaterOne) {
  run(first_, "ROLLBACK");
  EXPECT_EQ(text(second_, "PRAGMA wal_checkpoint(TRUNCATE)"), "0");
  run(first_, "BEGIN IMMEDIATE");
  run(first_, "INSERT INTO t SELECT id + 300, body FROM t WHERE id <= 100");
  run(first_, "ROLLBACK");
  run(second_, set_all("two"));
  first_.reset();
  EXPECT_EQ(bodies(open()), "two");
  second_.reset();
  EXPECT_EQ(bodies(open()), "two");
}

TEST_F(WithSmallCache, SavepointIsUndone) {
  run(first_, "SAVEPOINT s");
  run(first_, set_all("bad"));
  run(first_, "ROLLBACK TO s");
  EXPECT_EQ(bodies(first_), "new");
  run(first_, "COMMIT");
  EXPECT_EQ(bodies(second_), "new");
}

TEST_F(WithSmallCache, WalIsEmptiedAndStartsOver) {
  run(first_, "COMMIT");
  EXPECT_EQ(text(second_, "PRAGMA wal_checkpoint(TRUNCATE)"), "0");
  EXPECT_EQ(fs::file_size(path_.string() + "-wal"), 0U);
  run(second_, set_all("two"));
  EXPECT_EQ(bodies(first_), "two");
}

}  // namespace
}  // namespace chat::storage
