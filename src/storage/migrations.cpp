#include "chat/storage/migrations.h"

#include <fmt/format.h>

#include <optional>

#include "chat/base/check.h"
#include "chat/base/log.h"
#include "storage/embedded_migrations.h"
#include "storage/sql.h"

#define CHAT_LOCK_NAME "CONCAT('chatserver.migrate.', MD5(DATABASE()))"

namespace chat::storage {
namespace {

constexpr int kLockWaitSeconds = 60;

#define CHAT_VERSION_TABLE                      \
  "CREATE TABLE IF NOT EXISTS schema_version (" \
  " version INTEGER NOT NULL PRIMARY KEY,"      \
  " name VARCHAR(100) NOT NULL,"                \
  " applied_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP)"
constexpr sql::Text kMakeVersionTable{
    .sqlite = CHAT_VERSION_TABLE,
    .mysql = CHAT_VERSION_TABLE " ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin"};
#undef CHAT_VERSION_TABLE

constexpr sql::Text kHasVersionTable{
    .sqlite = "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name = 'schema_version'",
    .mysql =
        "SELECT COUNT(*) FROM information_schema.tables"
        " WHERE table_schema = DATABASE() AND table_name = 'schema_version'"};

// The version of an older schema; nothing if the schema is up to date.
Result<std::optional<int>> version_to_raise(Connection& connection, int newest) {
  const auto version = schema_version(connection);
  if (!version) return fail(version);
  if (*version > newest) {
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("the database has schema version {}, this server knows {} at most: "
                            "start a newer server",
                            *version, newest));
  }
  return *version == newest ? std::optional<int>() : *version;
}

// Applies the step after the recorded version, in one transaction with its record; false when
// there is none. The version is read again, so that of two concurrent migrations neither repeats
// the other's step.
Result<bool> apply_next(Connection& connection, std::span<const Migration> migrations) {
  auto transaction = Transaction::begin(connection, TransactionKind::kWrite);
  if (!transaction) return fail(transaction);
  if (auto made = connection.execute(kMakeVersionTable.in(connection)); !made) return fail(made);
  const auto version = version_to_raise(connection, static_cast<int>(migrations.size()));
  if (!version) return fail(version);
  if (!*version) return false;
  const Migration& next = migrations[static_cast<std::size_t>(**version)];
  CHAT_CHECK(next.version == **version + 1);
  if (auto applied = connection.execute(next.sql); !applied) return fail(applied);
  auto recorded = sql::write(connection, "INSERT INTO schema_version (version, name) VALUES (?, ?)",
                             next.version, next.name);
  if (!recorded) return fail(recorded);
  if (auto committed = transaction->commit(); !committed) return fail(committed);
  log::info("event=migrated version={} name={}", next.version, next.name);
  return true;
}

Result<void> apply_all(Connection& connection, std::span<const Migration> migrations) {
  for (;;) {
    const auto applied = apply_next(connection, migrations);
    if (!applied) return fail(applied);
    if (!*applied) return {};
  }
}

// DDL ends transactions on MySQL, so concurrent migrations are serialised by a named lock. On
// SQLite the write transaction suffices.
class MigrationLock {
 public:
  explicit MigrationLock(Connection& connection) : connection_(connection) {}
  MigrationLock(const MigrationLock&) = delete;
  MigrationLock& operator=(const MigrationLock&) = delete;
  ~MigrationLock() {
    if (held_) (void)sql::read_integer(connection_, "SELECT RELEASE_LOCK(" CHAT_LOCK_NAME ")");
  }

  Result<void> take() {
    if (connection_.dialect() == Dialect::kSqlite) return {};
    const auto got =
        sql::read_integer(connection_, "SELECT GET_LOCK(" CHAT_LOCK_NAME ", ?)", kLockWaitSeconds);
    if (!got) return fail(got);
    held_ = got->value_or(0) == 1;
    if (held_) return {};
    return fail(ErrorCode::kBusy, "another process is changing the schema of this database");
  }

 private:
  Connection& connection_;
  bool held_ = false;
};

}  // namespace

Result<int> schema_version(Connection& connection) {
  const auto has_table = sql::read_integer(connection, kHasVersionTable.in(connection));
  if (!has_table) return fail(has_table);
  if (has_table->value_or(0) == 0) return 0;
  const auto version =
      sql::read_integer(connection, "SELECT COALESCE(MAX(version), 0) FROM schema_version");
  if (!version) return fail(version);
  return static_cast<int>(version->value_or(0));
}

std::span<const Migration> migrations_of(Dialect dialect) {
  return dialect == Dialect::kSqlite ? sqlite_migrations() : mysql_migrations();
}

Result<void> migrate(Connection& connection, std::span<const Migration> migrations,
                     const std::function<Result<void>(int version)>& may_begin) {
  const int newest = static_cast<int>(migrations.size());
  auto version = version_to_raise(connection, newest);
  if (!version) return fail(version);
  if (!*version) return {};
  MigrationLock lock(connection);
  if (auto taken = lock.take(); !taken) return taken;
  version = version_to_raise(connection, newest);  // another process may have raised it
  if (!version) return fail(version);
  if (!*version) return {};
  if (may_begin) {
    if (auto allowed = may_begin(**version); !allowed) return allowed;
  }
  auto applied = apply_all(connection, migrations);
  if (applied || applied.error().code != ErrorCode::kInvalidArgument) return applied;
  return fail(ErrorCode::kInvalidArgument,
              fmt::format("the database has schema version {}, this server needs {}, and this "
                          "account may not change it ({}): run chatserver --migrate with an "
                          "account that may",
                          **version, migrations.size(), applied.error().message));
}

}  // namespace chat::storage
