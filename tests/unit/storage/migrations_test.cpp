#include "chat/storage/migrations.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <string>

#include "support/storage/storage_fixture.h"

namespace chat::storage {
namespace {

constexpr std::string_view kTables[] = {
    "user",         "friend",         "allgroup",     "groupuser", "directmessage",
    "directcursor", "groupmessage",   "session",      "node",      "offlinemessage",
    "cluster",      "schema_version", "knownnetwork", "oldername", "oldernamescan"};

class MigrationsTest : public testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(log::configure(log::Level::kOff, "")); }

  static std::int64_t number(Connection& connection, std::string_view sql) {
    auto statement = connection.prepare(sql);
    EXPECT_TRUE(statement) << statement.error().message;
    StatementScope scope(**statement);
    return scope->step().value() ? scope->integer(0) : -1;
  }
  static void expect_whole_schema(Connection& connection) {
    for (const auto table : kTables) {
      EXPECT_GE(number(connection, "SELECT COUNT(*) FROM " + std::string(table)), 0) << table;
    }
    EXPECT_EQ(number(connection, "SELECT MAX(version) FROM schema_version"),
              static_cast<std::int64_t>(all_.size()));
    EXPECT_EQ(number(connection, "SELECT COUNT(*) FROM schema_version"),
              static_cast<std::int64_t>(all_.size()));
  }

  static inline const std::span<const Migration> all_ = migrations_of(Dialect::kSqlite);
  test::TempDir dir_;
};

TEST_F(MigrationsTest, AreNumberedWithoutAGap) {
  ASSERT_FALSE(all_.empty());
  for (std::size_t i = 0; i < all_.size(); ++i) {
    EXPECT_EQ(all_[i].version, static_cast<int>(i + 1));
    EXPECT_FALSE(all_[i].sql.empty());
    EXPECT_TRUE(all_[i].name.ends_with(".sql")) << all_[i].name;
  }
}

TEST_F(MigrationsTest, BringEveryOlderVersionUpToDateAndKeepItsRows) {
  for (std::size_t from = 0; from <= all_.size(); ++from) {
    SqliteDatabase database(dir_.file(std::to_string(from) + ".db"));
    ASSERT_TRUE(database.open());
    auto connection = database.connect();
    ASSERT_TRUE(migrate(**connection, all_.first(from)));
    if (from > 0) {
      ASSERT_TRUE((*connection)
                      ->execute("INSERT INTO user (name, name_key, password, created_at) VALUES "
                                "('alice', 'alice', 'x', 1)"));
    }
    const auto migrated = migrate(**connection, all_);
    ASSERT_TRUE(migrated) << migrated.error().message;
    expect_whole_schema(**connection);
    EXPECT_EQ(number(**connection, "SELECT COUNT(*) FROM user"), from > 0 ? 1 : 0);
  }
}

TEST_F(MigrationsTest, DoNothingOnACurrentSchema) {
  SqliteDatabase database(dir_.file("chat.db"));
  ASSERT_TRUE(database.open());
  auto connection = database.connect();
  ASSERT_TRUE(migrate(**connection, all_));
  const auto changes = number(**connection, "SELECT total_changes()");
  ASSERT_TRUE(migrate(**connection, all_));
  EXPECT_EQ(number(**connection, "SELECT total_changes()"), changes);
}

TEST_F(MigrationsTest, RefuseASchemaNewerThanTheyKnow) {
  SqliteDatabase database(dir_.file("chat.db"));
  ASSERT_TRUE(database.open());
  auto connection = database.connect();
  ASSERT_TRUE(migrate(**connection, all_));
  const auto refused = migrate(**connection, all_.first(all_.size() - 1));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kInvalidArgument);
  EXPECT_FALSE((*connection)->in_transaction());
  expect_whole_schema(**connection);
}

TEST_F(MigrationsTest, FailedStepLeavesNothingBehind) {
  SqliteDatabase database(dir_.file("chat.db"));
  ASSERT_TRUE(database.open());
  auto connection = database.connect();
  const Migration steps[] = {{1, "0001_good.sql", "CREATE TABLE good (a INTEGER);"},
                             {2, "0002_bad.sql", "CREATE TABLE half (a INTEGER); NONSENSE;"}};
  EXPECT_FALSE(migrate(**connection, steps));
  EXPECT_EQ(number(**connection, "SELECT MAX(version) FROM schema_version"), 1);
  EXPECT_EQ(number(**connection, "SELECT COUNT(*) FROM sqlite_master WHERE name = 'half'"), 0);
  EXPECT_EQ(number(**connection, "SELECT COUNT(*) FROM sqlite_master WHERE name = 'good'"), 1);
}

// On MySQL, where DDL does not roll back, and tables have an engine and a character set.
class MysqlMigrationsTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!test::on_mysql()) GTEST_SKIP() << "this is about MariaDB";
    ASSERT_TRUE(log::configure(log::Level::kOff, ""));
    storage_.emplace(dir_.path());
    database_ = open_by(*storage_);
    ASSERT_TRUE(database_->open());
    connection_ = *database_->connect();
  }

  // The tables of a migrated database whose engine or character set is not the specified one.
  std::int64_t foreign_tables() const {
    return storage_->number(
        "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = DATABASE()"
        " AND table_type = 'BASE TABLE'"
        " AND (engine <> 'InnoDB' OR table_collation <> 'utf8mb4_bin')");
  }
  std::int64_t foreign_columns() const {
    return storage_->number(
        "SELECT COUNT(*) FROM information_schema.columns WHERE table_schema = DATABASE()"
        " AND table_name <> 'offlinemessage' AND character_set_name <> 'utf8mb4'");
  }

  static inline const std::span<const Migration> all_ = migrations_of(Dialect::kMysql);
  test::TempDir dir_;
  std::optional<test::TestStorage> storage_;
  std::unique_ptr<Database> database_;
  std::unique_ptr<Connection> connection_;
};

TEST_F(MysqlMigrationsTest, EveryStepIsIdempotent) {
  for (std::size_t i = 0; i < all_.size(); ++i) {
    const auto migrated = migrate(*connection_, all_.first(i + 1));
    ASSERT_TRUE(migrated) << migrated.error().message;
    const auto again = connection_->execute(all_[i].sql);
    ASSERT_TRUE(again) << all_[i].name << ": " << again.error().message;
  }
}

TEST_F(MysqlMigrationsTest, TablesNameTheirEngineAndCharacterSet) {
  storage_->execute("ALTER DATABASE CHARACTER SET latin1");
  ASSERT_TRUE(connection_->execute("SET SESSION default_storage_engine = MyISAM"));
  ASSERT_TRUE(migrate(*connection_, all_.first(1)));
  EXPECT_EQ(foreign_tables(), 0);
  ASSERT_TRUE(migrate(*connection_, all_));
  EXPECT_EQ(foreign_tables(), 0);
  EXPECT_EQ(foreign_columns(), 0);
}

TEST_F(MysqlMigrationsTest, TheVersionTableOfAnOlderDatabaseIsConverted) {
  storage_->execute("ALTER DATABASE CHARACTER SET latin1");
  storage_->execute(
      "CREATE TABLE schema_version (version INTEGER NOT NULL PRIMARY KEY,"
      " name VARCHAR(100) NOT NULL, applied_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP)"
      " ENGINE=MyISAM DEFAULT CHARSET=latin1");
  ASSERT_TRUE(migrate(*connection_, all_.first(5)));
  EXPECT_EQ(foreign_tables(), 1);
  ASSERT_TRUE(migrate(*connection_, all_));
  EXPECT_EQ(foreign_tables(), 0);
  EXPECT_EQ(foreign_columns(), 0);
  EXPECT_EQ(storage_->number("SELECT MAX(version) FROM schema_version"),
            static_cast<std::int64_t>(all_.size()));
}

TEST_F(MysqlMigrationsTest, MayBeginIsAskedOnlyBeforeAChange) {
  ASSERT_TRUE(migrate(*connection_, all_.first(5)));
  int asked_for = 0;
  const auto refuse = [&asked_for](int version) -> Result<void> {
    asked_for = version;
    return fail(ErrorCode::kInvalidArgument, "not now");
  };
  const auto refused = migrate(*connection_, all_, refuse);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message, "not now");
  EXPECT_EQ(asked_for, 5);
  EXPECT_EQ(storage_->number("SELECT MAX(version) FROM schema_version"), 5);
  ASSERT_TRUE(migrate(*connection_, all_));
  EXPECT_TRUE(migrate(*connection_, all_, refuse));
}

// A server that was only suspended during the update finds its epoch raised, and exits.
TEST_F(MysqlMigrationsTest, ServersOfAnEarlierVersionLeaveNoLifeBehind) {
  ASSERT_TRUE(migrate(*connection_, all_.first(5)));
  storage_->execute(
      "INSERT INTO node (name, epoch, lease_until, connection_ids)"
      " VALUES ('lone', 1, 123, ''), ('of a cluster', 1, 456, '7,8')");
  ASSERT_TRUE(migrate(*connection_, all_));
  EXPECT_EQ(storage_->number("SELECT COUNT(*) FROM node WHERE lease_until = 0 AND epoch = 2"), 2);
}

}  // namespace
}  // namespace chat::storage
