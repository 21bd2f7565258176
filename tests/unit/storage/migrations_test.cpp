#include "chat/storage/migrations.h"

#include <algorithm>

#include "storage_fixture.h"

namespace chat::storage {
namespace {

constexpr std::string_view kTables[] = {
    "user",         "friend",  "allgroup", "groupuser",      "directmessage", "directcursor",
    "groupmessage", "session", "node",     "offlinemessage", "schema_version"};

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
      ASSERT_TRUE(UserModel(**connection).insert("alice", "x", 1));
    }
    const auto migrated = migrate(**connection, all_);
    ASSERT_TRUE(migrated) << migrated.error().message;
    expect_whole_schema(**connection);
    EXPECT_EQ(number(**connection, "SELECT COUNT(*) FROM user"), from > 0 ? 1 : 0);
  }
}

TEST_F(MigrationsTest, EveryStepBearsASecondRun) {
  SqliteDatabase database(dir_.file("chat.db"));
  ASSERT_TRUE(database.open());
  auto connection = database.connect();
  for (const auto& migration : all_) {
    ASSERT_TRUE((*connection)->execute(migration.sql)) << migration.name;
    const auto again = (*connection)->execute(migration.sql);
    ASSERT_TRUE(again) << migration.name << ": " << again.error().message;
  }
  // As if a process had died between each step and its record.
  const auto migrated = migrate(**connection, all_);
  ASSERT_TRUE(migrated) << migrated.error().message;
  expect_whole_schema(**connection);
}

TEST_F(MigrationsTest, DoNothingOnASchemaThatIsUpToDate) {
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

TEST_F(MigrationsTest, AFailedStepLeavesNothingBehind) {
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

}  // namespace
}  // namespace chat::storage
