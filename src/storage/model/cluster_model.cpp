#include "chat/storage/cluster_model.h"

#include <optional>

#include "chat/base/check.h"
#include "chat/base/random.h"
#include "storage/sql.h"

namespace chat::storage {
namespace {

constexpr std::size_t kIdBytes = 16;

constexpr sql::Text kMake{.sqlite = "INSERT OR IGNORE INTO cluster (one, id) VALUES (1, ?)",
                          .mysql = "INSERT IGNORE INTO cluster (one, id) VALUES (1, ?)"};

Result<std::optional<std::string>> read(Connection& connection) {
  return sql::read_one(connection, "SELECT id FROM cluster WHERE one = 1",
                       [](const Statement& row) { return std::string(row.text(0)); });
}

}  // namespace

Result<std::string> ClusterModel::id() {
  auto found = read(connection_);
  if (!found) return fail(found);
  if (*found) return **std::move(found);
  // The second caller inserts nothing and reads the first one's row.
  const std::string candidate = base::random_hex(kIdBytes);
  if (auto made = sql::write(connection_, kMake.in(connection_), candidate); !made) {
    return fail(made);
  }
  found = read(connection_);
  if (!found) return fail(found);
  if (!*found) return fail(ErrorCode::kInternal, "the table cluster has no row");
  return **std::move(found);
}

Result<void> ClusterModel::serialise_start() {
  CHAT_CHECK(connection_.in_transaction());
  auto raised = sql::write(connection_, "UPDATE cluster SET starts = starts + 1 WHERE one = 1");
  if (!raised) return raised;
  if (connection_.affected_rows() == 1) return {};
  return fail(ErrorCode::kInternal, "the table cluster has no row");
}

// In a replication setup every server has its own id.
Result<std::string> ClusterModel::database_server() {
  if (connection_.dialect() == Dialect::kSqlite) return std::string();
  const auto server = sql::read_one(
      connection_, "SELECT CONCAT(@@server_id, ' ', @@hostname, ':', @@port, ' ', @@datadir)",
      [](const Statement& row) { return std::string(row.text(0)); });
  if (!server) return fail(server);
  return server->value_or("");
}

}  // namespace chat::storage
