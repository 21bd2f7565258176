#pragma once

#include <functional>
#include <span>
#include <string_view>

#include "chat/base/result.h"
#include "chat/storage/database.h"

namespace chat::storage {

// One numbered file under sql/<dialect>/, compiled in: "0001_users.sql" is version 1.
struct Migration {
  int version;
  std::string_view name;
  std::string_view sql;
};

// The migrations of a dialect, ascending by version, without a gap.
std::span<const Migration> migrations_of(Dialect dialect);

// The version of the schema; 0: no tables. Works for a read-only account.
Result<int> schema_version(Connection& connection);

// Brings the schema up to date and records each step in `schema_version`. On MySQL, where DDL
// commits, each step is idempotent; on SQLite a step and its record are one transaction.
// kInvalidArgument if the schema is newer than this server knows. Before an older schema is
// changed, and while no one else can change it, `may_begin` is called with its version and may
// refuse. Blocks.
Result<void> migrate(Connection& connection, std::span<const Migration> migrations,
                     const std::function<Result<void>(int version)>& may_begin = {});

}  // namespace chat::storage
