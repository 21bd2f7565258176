#include "chat/storage/sqlite_database.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <thread>
#include <vector>

#include "storage/sql.h"
#include "storage/sqlite/sqlite_handle.h"
#include "support/deadline.h"
#include "support/eventually.h"
#include "support/storage/storage_fixture.h"

namespace chat::storage {
namespace {
namespace fs = std::filesystem;

class SqliteDatabaseTest : public testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(log::configure(log::Level::kOff, "")); }

  static std::string answer(Connection& connection, std::string_view sql) {
    auto statement = connection.prepare(sql);
    EXPECT_TRUE(statement) << statement.error().message;
    StatementScope scope(**statement);
    EXPECT_TRUE(scope->step().value());
    return std::string(scope->text(0));
  }
  static mode_t mode_of(const std::string& file) {
    struct stat status {};
    EXPECT_EQ(::stat(file.c_str(), &status), 0) << file;
    return status.st_mode & 0777;
  }
  // Runs `body` in a child process, which then dies without clean-up.
  template <typename Body>
  static void in_process_that_dies(Body body) {
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) ::_exit(body() ? 0 : 1);
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << "status " << status;
  }

  test::TempDir dir_;
  const std::string path_ = dir_.file("chat.db");
};

TEST_F(SqliteDatabaseTest, CreatesFoldersAndPrivateFiles) {
  const auto path = dir_.file("var/lib/chat/chat.db");
  SqliteDatabase database(path);
  ASSERT_TRUE(database.open());
  auto connection = database.connect();
  ASSERT_TRUE((*connection)->execute("CREATE TABLE t (k INTEGER)"));
  for (const auto* suffix : {"", "-wal", "-shm"}) EXPECT_EQ(mode_of(path + suffix), 0600u);
  EXPECT_EQ(database.describe(), "sqlite:" + path);
}

TEST_F(SqliteDatabaseTest, EveryConnectionHasTheDurabilitySettings) {
  SqliteDatabase database(path_);
  ASSERT_TRUE(database.open());
  for (int i = 0; i < 2; ++i) {
    auto connection = database.connect();
    EXPECT_EQ(answer(**connection, "PRAGMA journal_mode"), "wal");
    EXPECT_EQ(answer(**connection, "PRAGMA synchronous"), "2");
    EXPECT_EQ(answer(**connection, "PRAGMA foreign_keys"), "1");
    EXPECT_EQ(answer(**connection, "PRAGMA secure_delete"), "1");
    EXPECT_EQ(answer(**connection, "PRAGMA wal_autocheckpoint"), "0");
    EXPECT_EQ(answer(**connection, "PRAGMA encoding"), "UTF-8");
  }
}

TEST_F(SqliteDatabaseTest, RefusesAnOpenFileAndNamesIt) {
  SqliteDatabase first(path_);
  ASSERT_TRUE(first.open());
  fs::create_symlink(path_, dir_.file("link.db"));
  for (const auto& path : {path_, dir_.file("link.db"), dir_.file("./x/../chat.db")}) {
    SqliteDatabase second(path);
    const auto refused = second.open();
    ASSERT_FALSE(refused) << path;
    EXPECT_EQ(refused.error().code, ErrorCode::kInvalidArgument);
    EXPECT_NE(refused.error().message.find("another server"), std::string::npos);
    EXPECT_NE(refused.error().message.find(path_), std::string::npos);
  }
}

// In separate processes: opening and closing by the second one must not release the lock.
TEST_F(SqliteDatabaseTest, RefusesTheSameFileUnderAnotherName) {
  SqliteDatabase first(path_);
  ASSERT_TRUE(first.open());
  fs::create_hard_link(path_, dir_.file("other.db"));
  for (int round = 0; round < 2; ++round) {
    in_process_that_dies([&] {
      SqliteDatabase second(dir_.file("other.db"));
      const auto refused = second.open();
      return !refused && refused.error().code == ErrorCode::kInvalidArgument;
    });
  }
}

// The newest rows may be in the -wal of the other name.
TEST_F(SqliteDatabaseTest, RefusesAFileWithTwoNames) {
  { ASSERT_TRUE(SqliteDatabase(path_).open()); }
  fs::create_hard_link(path_, dir_.file("other.db"));
  for (const std::string& path : {path_, dir_.file("other.db")}) {
    SqliteDatabase database(path);
    const auto refused = database.open();
    ASSERT_FALSE(refused) << path;
    EXPECT_NE(refused.error().message.find("hard links"), std::string::npos);
  }
  fs::remove(dir_.file("other.db"));
  EXPECT_TRUE(SqliteDatabase(path_).open());
}

// SQLite itself would continue with the moved file.
TEST_F(SqliteDatabaseTest, StoresNothingWhileAFileIsMoved) {
  for (const auto* suffix : {"", "-wal", "-shm"}) {
    const std::string path = dir_.file(std::string("db").append(suffix).append(".db"));
    SqliteDatabase database(path);
    ASSERT_TRUE(database.open());
    auto connection = database.connect().value();
    ASSERT_TRUE(connection->execute("CREATE TABLE t (k INTEGER)"));
    ASSERT_TRUE(sql::write(*connection, "INSERT INTO t (k) VALUES (?)", 1));
    fs::rename(path + suffix, path + ".elsewhere");
    const auto lost = sql::write(*connection, "INSERT INTO t (k) VALUES (?)", 2);
    ASSERT_FALSE(lost) << suffix;
    EXPECT_EQ(lost.error().code, ErrorCode::kOutcomeUnknown) << suffix;
    EXPECT_EQ(sql::write(*connection, "INSERT INTO t (k) VALUES (?)", 3).error().code,
              ErrorCode::kUnavailable);
    EXPECT_EQ(sql::read_integer(*connection, "SELECT COUNT(*) FROM t").error().code,
              ErrorCode::kUnavailable);
    EXPECT_EQ(database.connect().error().code, ErrorCode::kUnavailable);
    EXPECT_FALSE(fs::exists(path + suffix)) << "no new one in its place";
    fs::rename(path + ".elsewhere", path + suffix);
    EXPECT_TRUE(test::eventually([&] {
      return sql::read_integer(*connection, "SELECT COUNT(*) FROM t").has_value();
    })) << suffix;
    EXPECT_TRUE(sql::write(*connection, "INSERT INTO t (k) VALUES (?)", 4));
  }
}

TEST_F(SqliteDatabaseTest, ReplacementFileIsNotUsed) {
  SqliteDatabase database(path_);
  ASSERT_TRUE(database.open());
  auto connection = database.connect().value();
  ASSERT_TRUE(connection->execute("CREATE TABLE t (k INTEGER)"));
  fs::remove(path_);
  std::ofstream(path_).close();
  EXPECT_FALSE(sql::write(*connection, "INSERT INTO t (k) VALUES (?)", 1));
  EXPECT_EQ(database.connect().error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(fs::file_size(path_), 0U);
}

TEST_F(SqliteDatabaseTest, ForeignLockIsBusyForAllInTime) {
  SqliteDatabase database(path_);
  ASSERT_TRUE(database.open());
  ASSERT_TRUE(database.connect().value()->execute("CREATE TABLE t (k INTEGER)"));
  auto stranger = open_sqlite(path_);
  ASSERT_TRUE(stranger);
  ASSERT_TRUE(sqlite_execute(stranger->get(), "BEGIN IMMEDIATE"));
  const auto began = std::chrono::steady_clock::now();
  std::vector<std::thread> writers;
  for (int i = 0; i < 6; ++i) {
    writers.emplace_back([&] {
      auto connection = database.connect().value();
      const auto refused = sql::write(*connection, "INSERT INTO t (k) VALUES (?)", 1);
      ASSERT_FALSE(refused);
      EXPECT_THAT(refused.error().code, ::testing::AnyOf(ErrorCode::kBusy, ErrorCode::kTimeout));
    });
  }
  for (auto& writer : writers) writer.join();
  // A second each; one after the other they would take six.
  EXPECT_LT(std::chrono::steady_clock::now() - began,
            test::scaled(std::chrono::milliseconds(4000)));
  ASSERT_TRUE(sqlite_execute(stranger->get(), "COMMIT"));
  EXPECT_TRUE(sql::write(*database.connect().value(), "INSERT INTO t (k) VALUES (?)", 1));
}

TEST_F(SqliteDatabaseTest, DestructorReleasesTheLock) {
  {
    SqliteDatabase first(path_);
    ASSERT_TRUE(first.open());
  }
  SqliteDatabase second(path_);
  EXPECT_TRUE(second.open());
}

TEST_F(SqliteDatabaseTest, DeathOfTheProcessReleasesTheLock) {
  in_process_that_dies([&] {
    SqliteDatabase first(path_);
    const bool opened = first.open().has_value();
    if (opened) ::_exit(0);  // no destructor runs
    return false;
  });
  SqliteDatabase second(path_);
  EXPECT_TRUE(second.open());
}

TEST_F(SqliteDatabaseTest, FileThatCannotBeADatabaseIsUnavailable) {
  std::ofstream(path_) << "these are the notes of some person, and no database at all\n";
  SqliteDatabase notes(path_);
  EXPECT_EQ(notes.open().error().code, ErrorCode::kUnavailable);
  SqliteDatabase folder(dir_.path().string());
  EXPECT_EQ(folder.open().error().code, ErrorCode::kUnavailable);
  SqliteDatabase below_a_file(path_ + "/chat.db");
  EXPECT_EQ(below_a_file.open().error().code, ErrorCode::kUnavailable);
  std::ifstream untouched(path_);
  std::string word;
  untouched >> word;
  EXPECT_EQ(word, "these");
}

TEST_F(SqliteDatabaseTest, RefusesConnectionsBeforeOpenAndAfterClose) {
  SqliteDatabase database(path_);
  EXPECT_EQ(database.connect().error().code, ErrorCode::kUnavailable);
  ASSERT_TRUE(database.open());
  EXPECT_TRUE(database.connect());
  database.close();
  EXPECT_EQ(database.connect().error().code, ErrorCode::kUnavailable);
}

TEST_F(SqliteDatabaseTest, OnlyCommittedRowsOutliveAProcessThatDies) {
  in_process_that_dies([&] {
    SqliteDatabase database(path_);
    if (!database.open()) return false;
    auto connection = database.connect();
    if (!connection || !migrate(**connection, migrations_of(Dialect::kSqlite))) return false;
    if (!UserModel(**connection).insert("committed", "x", 1)) return false;
    if (!(*connection)->begin(TransactionKind::kWrite)) return false;
    // More than the page cache, so that some of it is already in the WAL.
    for (int i = 0; i < 2000; ++i) {
      const auto name = fmt::format("lost {} {}", i, std::string(10'000, 'x'));
      if (!UserModel(**connection).insert(name, "x", 1)) return false;
    }
    ::_exit(0);
  });
  EXPECT_GT(fs::file_size(path_ + "-wal"), 1'000'000u);
  SqliteDatabase database(path_);
  ASSERT_TRUE(database.open());
  auto connection = database.connect();
  EXPECT_EQ(answer(**connection, "PRAGMA integrity_check"), "ok");
  EXPECT_EQ(answer(**connection, "SELECT group_concat(name) FROM user"), "committed");
}

TEST_F(SqliteDatabaseTest, CloseEmptiesTheWal) {
  SqliteDatabase database(path_);
  ASSERT_TRUE(database.open());
  auto connection = database.connect();
  ASSERT_TRUE((*connection)->execute("CREATE TABLE t (k INTEGER)"));
  EXPECT_GT(fs::file_size(path_ + "-wal"), 0u);
  database.close();
  EXPECT_EQ(fs::file_size(path_ + "-wal"), 0u);
}

class WalTest : public SqliteDatabaseTest {
 protected:
  static constexpr std::size_t kBodyBytes = 16'000;

  void SetUp() override {
    SqliteDatabaseTest::SetUp();
    ASSERT_TRUE(database_.open());
    writer_ = std::move(*database_.connect());
    ASSERT_TRUE(writer_->execute("CREATE TABLE t (k INTEGER PRIMARY KEY, v TEXT)"));
  }
  void write(int transactions) {
    const std::string body(kBodyBytes, 'x');
    for (int i = 0; i < transactions; ++i) {
      auto transaction = Transaction::begin(*writer_, TransactionKind::kWrite);
      for (int row = 0; row < 100; ++row) {
        auto insert = writer_->prepare("INSERT INTO t (v) VALUES (?)");
        (*insert)->bind(0, body);
        ASSERT_TRUE((*insert)->run());
      }
      ASSERT_TRUE(transaction->commit());
    }
  }

  SqliteDatabase database_{path_};
  std::unique_ptr<Connection> writer_;
};

TEST_F(WalTest, RestartsUnderAConstantWriter) {
  write(150);  // 240 MB
  EXPECT_LT(fs::file_size(path_ + "-wal"), 160'000'000u);
}

TEST_F(WalTest, IsCarriedOverOnceABlockingReaderEnds) {
  auto reader = std::move(*database_.connect());
  {
    auto snapshot = Transaction::begin(*reader, TransactionKind::kRead);
    EXPECT_EQ(answer(*reader, "SELECT COUNT(*) FROM t"), "0");
    write(30);  // 48 MB, past the length at which the WAL should restart
    EXPECT_EQ(answer(*reader, "SELECT COUNT(*) FROM t"), "0");
  }
  EXPECT_EQ(answer(*reader, "SELECT COUNT(*) FROM t"), "3000");
  EXPECT_TRUE(test::eventually([&] { return fs::file_size(path_) > 40'000'000; }));
}

}  // namespace
}  // namespace chat::storage
