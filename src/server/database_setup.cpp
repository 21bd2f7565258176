#include "server/database_setup.h"

#include <fmt/format.h>

#include <utility>

#include "chat/base/clock.h"
#include "chat/cluster/node_lease.h"
#include "chat/storage/cluster_model.h"
#include "chat/storage/migrations.h"
#include "chat/storage/mysql_database.h"
#include "chat/storage/mysql_options.h"
#include "chat/storage/node_model.h"
#include "chat/storage/older_name_model.h"
#include "chat/storage/search_backfill.h"
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

Finding finding_of(const storage::NodeRow& row, const Config& config) {
  const bool alone = config.bus.engine == BusEngine::kLocal;
  const std::string who = fmt::format("a server named \"{}\" uses the database", row.name);
  if (row.name == config.server.node) {
    return {false, who + ", which is this server's name: while it runs, a start is refused"};
  }
  if (row.alone || alone) {
    return {false, who + ", and one of the two has no bus: while it runs, a start is refused"};
  }
  return {true, who + ", too"};
}

Result<void> look_at_tables(storage::Database& database, const Config& config,
                            std::vector<Finding>& findings) {
  auto connection = database.connect();
  if (!connection) return fail(connection);
  const auto newest = static_cast<int>(storage::migrations_of(database.dialect()).size());
  const auto version = storage::schema_version(**connection);
  if (!version) return fail(version);
  if (*version == 0) {
    findings.push_back({true, "the database has no tables yet: a start creates them"});
    return {};
  }
  if (*version != newest) {
    findings.push_back(
        {*version < newest,
         fmt::format(
             "the database has schema version {}, this server has {}{}", *version, newest,
             *version < newest ? ": a start or --migrate updates it" : ": start a newer server")});
    return {};
  }
  const auto rows = storage::NodeModel(**connection).all();
  if (!rows) return fail(rows);
  for (const storage::NodeRow& row : *rows) {
    if (row.lease_until != 0) findings.push_back(finding_of(row, config));
  }
  return {};
}

// Each attempt continues where the previous one stopped.
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

// Each attempt continues where the previous one stopped.
Result<void> fill_search_index(storage::Database& database) {
  constexpr int kAttempts = 3;
  Result<void> filled;
  for (int attempt = 1; attempt <= kAttempts; ++attempt) {
    auto connection = database.connect();
    if (!connection) return fail(connection);
    filled = storage::SearchBackfill(**connection).run();
    if (filled) break;
  }
  return filled;
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
  // Retried on another connection, because the answer to the insert may be lost.
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
  return {"it is unknown whether the database keeps committed data: " + faults.error().message};
}

std::vector<Finding> look_at_mysql(const Config& config) {
  const auto database = make_database(config);
  const std::string what = database->describe();
  const auto faults = database->durability_faults();
  if (!faults) return {{false, what + " cannot be used now: " + faults.error().message}};
  std::vector<Finding> findings;
  for (const std::string& fault : *faults) findings.push_back({false, fault});
  if (faults->empty()) findings.push_back({true, what + " answers and keeps committed data"});
  if (auto looked = look_at_tables(*database, config, findings); !looked) {
    findings.push_back({false, what + " cannot be inspected: " + looked.error().message});
  }
  return findings;
}

Result<std::string> migrate_database(const Config& config,
                                     std::function<void(const std::string&)> on_wait) {
  const auto database = make_database(config);
  if (auto opened = database->open(); !opened) return fail(opened);
  if (auto updated = update_schema(*database, {{}, std::move(on_wait), {}}); !updated)
    return fail(updated);
  if (auto filled = fill_search_index(*database); !filled) return fail(filled);
  return fmt::format("{} has schema version {}\n", database->describe(),
                     storage::migrations_of(database->dialect()).size());
}

}  // namespace chat::server
