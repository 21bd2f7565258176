#pragma once

#include <span>
#include <string_view>

#include "chat/base/result.h"
#include "chat/storage/connection.h"

namespace chat::storage {

// One numbered file under sql/<dialect>/, compiled in: "0001_users.sql" is version 1.
struct Migration {
  int version;
  std::string_view name;
  std::string_view sql;
};

// The migrations of a dialect, ascending by version, without a gap.
std::span<const Migration> migrations_of(Dialect dialect);

// Brings the schema up to date and records each step in `schema_version`. Each step bears a
// second run. kInvalidArgument when the schema is newer than this server knows. Blocks.
Result<void> migrate(Connection& connection, std::span<const Migration> migrations);

}  // namespace chat::storage
