#include "server/database.h"

#include <fmt/format.h>

#include <utility>

#include "chat/base/clock.h"
#include "chat/cluster/node_lease.h"
#include "chat/storage/cluster_model.h"
#include "chat/storage/migrations.h"
#include "chat/storage/mysql_database.h"
#include "chat/storage/older_name_model.h"
#include "chat/storage/sqlite_database.h"

namespace chat::server {
namespace {

storage::MysqlOptions mysql_options(const Config::Mysql& config) {
  storage::MysqlOptions options;
  options.host = config.host;
  options.port = config.port;
  options.socket = config.socket;
  options.user = config.user;
  options.password = config.password;
  options.database = config.database;
  return options;
}

// Each attempt goes on where the one before has got to.
Result<void> gather_older_names(storage::Database& database) {
  constexpr int kAttempts = 3;
  Result<void> gathered;
  for (int attempt = 1; attempt <= kAttempts; ++attempt) {
    auto connection = database.connect();
    if (!connection) return fail(connection);
    gathered = storage::OlderNameModel(**connection).gather();
    if (gathered) break;
  }
  return gathered;
}

}  // namespace

std::unique_ptr<storage::Database> make_database(const Config& config) {
  if (config.storage.engine == StorageEngine::kMysql) {
    return std::make_unique<storage::MysqlDatabase>(mysql_options(config.mysql));
  }
  return std::make_unique<storage::SqliteDatabase>(config.storage.path);
}

Result<void> update_schema(storage::Database& database, storage::EarlierServersWait wait) {
  auto connection = database.connect_to_migrate();
  if (!connection) return fail(connection);
  wait.lease = cluster::NodeLease::kLease;
  storage::EarlierServers earlier(**connection, base::system_clock(), wait);
  auto migrated = storage::migrate(**connection, storage::migrations_of(database.dialect()),
                                   [&earlier](int version) { return earlier.exclude(version); });
  if (!migrated) return migrated;
  return gather_older_names(database);
}

Result<std::string> read_cluster_id(storage::Database& database) {
  // Again on another connection: the answer to the insert may have been lost.
  constexpr int kAttempts = 2;
  Result<std::string> id;
  for (int attempt = 1; attempt <= kAttempts; ++attempt) {
    auto connection = database.connect();
    if (!connection) return fail(connection);
    id = storage::ClusterModel(**connection).id();
    if (id) break;
  }
  return id;
}

std::vector<std::string> durability_warnings(storage::Database& database) {
  auto faults = database.durability_faults();
  if (faults) return *std::move(faults);
  return {"it can't be told whether the database keeps what it commits: " + faults.error().message};
}

std::vector<std::string> remarks_on_database(const Config& config) {
  if (config.storage.engine != StorageEngine::kMysql) return {};
  auto faults = make_database(config)->durability_faults();
  if (faults) return *std::move(faults);
  return {"the database can't be reached now: " + faults.error().message};
}

Result<std::string> migrate_database(const Config& config,
                                     std::function<void(const std::string&)> on_wait) {
  const auto database = make_database(config);
  if (auto opened = database->open(); !opened) return fail(opened);
  if (auto updated = update_schema(*database, {{}, std::move(on_wait), {}}); !updated)
    return fail(updated);
  return fmt::format("{} has schema version {}\n", database->describe(),
                     storage::migrations_of(database->dialect()).size());
}

}  // namespace chat::server
