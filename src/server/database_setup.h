#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "chat/base/result.h"
#include "chat/storage/database.h"
#include "chat/storage/earlier_servers.h"
#include "server/config/config.h"
#include "server/finding.h"

namespace chat::server {

// The configured database, not opened.
std::unique_ptr<storage::Database> make_database(const Config& config);

// Updates the schema of an open database, unless servers are running that cannot work with the new
// one. Sets the lease in `wait`. Blocks.
Result<void> update_schema(storage::Database& database, storage::EarlierServersWait wait);
// The random id shared by all servers of this database, created if missing. Precondition: the
// schema is up to date. Blocks.
Result<std::string> read_cluster_id(storage::Database& database);

// Warnings for the operator, as sentences: how the open database may lose acknowledged data.
// Blocks.
std::vector<std::string> durability_warnings(storage::Database& database);

// Inspects the database server: whether it answers and keeps committed data, its schema, and the
// servers that use it. Changes nothing. Blocks for a few seconds at most.
std::vector<Finding> look_at_mysql(const Config& config);

// Implements `chatserver --migrate`: opens, updates and closes the database. Returns a line for
// people; `on_wait` gets one while waiting.
Result<std::string> migrate_database(const Config& config,
                                     std::function<void(const std::string&)> on_wait);

}  // namespace chat::server
