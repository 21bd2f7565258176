#include "chat/storage/migrations.h"

#include <fmt/format.h>

#include "chat/base/check.h"
#include "chat/base/log.h"
#include "embedded_migrations.h"
#include "sql.h"

namespace chat::storage {
namespace {

constexpr std::string_view kMakeVersionTable =
    "CREATE TABLE IF NOT EXISTS schema_version ("
    " version INTEGER NOT NULL PRIMARY KEY,"
    " name VARCHAR(100) NOT NULL,"
    " applied_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP)";

Result<int> version_of(Connection& connection) {
  const auto version =
      sql::read_integer(connection, "SELECT COALESCE(MAX(version), 0) FROM schema_version");
  if (!version) return fail(version);
  return static_cast<int>(version->value_or(0));
}

// Applies the step after the recorded version, in one transaction with its record; false when
// there is none. The version is read inside the transaction, so two who migrate at once take
// turns and neither repeats the other's step.
Result<bool> apply_next(Connection& connection, std::span<const Migration> migrations) {
  auto transaction = Transaction::begin(connection, TransactionKind::kWrite);
  if (!transaction) return fail(transaction);
  if (auto made = connection.execute(kMakeVersionTable); !made) return fail(made);
  const auto version = version_of(connection);
  if (!version) return fail(version);
  const int newest = static_cast<int>(migrations.size());
  if (*version > newest) {
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("the database has schema version {}, this server knows {} at most: "
                            "start a newer server",
                            *version, newest));
  }
  if (*version == newest) return false;
  const Migration& next = migrations[static_cast<std::size_t>(*version)];
  CHAT_CHECK(next.version == *version + 1);
  if (auto applied = connection.execute(next.sql); !applied) return fail(applied);
  auto recorded = sql::write(connection, "INSERT INTO schema_version (version, name) VALUES (?, ?)",
                             next.version, next.name);
  if (!recorded) return fail(recorded);
  if (auto committed = transaction->commit(); !committed) return fail(committed);
  log::info("event=migrated version={} name={}", next.version, next.name);
  return true;
}

}  // namespace

std::span<const Migration> migrations_of(Dialect dialect) {
  return dialect == Dialect::kSqlite ? sqlite_migrations() : std::span<const Migration>{};
}

Result<void> migrate(Connection& connection, std::span<const Migration> migrations) {
  for (;;) {
    const auto applied = apply_next(connection, migrations);
    if (!applied) return fail(applied);
    if (!*applied) return {};
  }
}

}  // namespace chat::storage
