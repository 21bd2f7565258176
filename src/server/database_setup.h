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

// The database that the configuration names; not opened yet.
std::unique_ptr<storage::Database> make_database(const Config& config);

// Brings the schema of an opened database up to date, unless servers still run that can't work with
// a newer one. The lease in `wait` is filled in here. Blocks.
Result<void> update_schema(storage::Database& database, storage::EarlierServersWait wait);
// The random id that all servers of this database share; made when there is none yet. The schema is
// up to date. Blocks.
Result<std::string> read_cluster_id(storage::Database& database);

// What to tell loudly before traffic begins, in sentences: how the opened database may lose what
// was acknowledged. Blocks.
std::vector<std::string> durability_warnings(storage::Database& database);

// What a server of this configuration would meet at its database server: whether it answers and
// keeps what it commits, the schema, and the servers that use it. Changes nothing. Blocks, for
// seconds at most.
std::vector<Finding> look_at_mysql(const Config& config);

// What `chatserver --migrate` does: opens, updates, closes. Gives a line for people; `on_wait` gets
// one for them meanwhile.
Result<std::string> migrate_database(const Config& config,
                                     std::function<void(const std::string&)> on_wait);

}  // namespace chat::server
