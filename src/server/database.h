#pragma once

#include <memory>
#include <string>

#include "chat/base/result.h"
#include "chat/storage/connection.h"
#include "server/config.h"

namespace chat::server {

// The database that the configuration names; not opened yet.
std::unique_ptr<storage::Database> make_database(const Config& config);

// Brings the schema of an opened database up to date. Blocks.
Result<void> update_schema(storage::Database& database);

// What `chatserver --migrate` does: opens, updates, closes. Gives a line for people.
Result<std::string> migrate_database(const Config& config);

}  // namespace chat::server
