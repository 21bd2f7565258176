#pragma once

#include <sqlite3.h>

#include <memory>
#include <string>
#include <string_view>

#include "chat/base/result.h"

namespace chat::storage {

struct SqliteCloser {
  void operator()(sqlite3* db) const noexcept { sqlite3_close(db); }
};
using SqliteHandle = std::unique_ptr<sqlite3, SqliteCloser>;

// Our own writers queue in memory (WriterLane), so this is only for foreign processes, such as the
// sqlite3 shell. Short, because a client waits.
inline constexpr int kSqliteBusyTimeoutMs = 1000;

// Opens the file, which must exist, with the settings that our guarantees rest on, and checks those
// for durability. kUnavailable if it cannot be opened or refuses one.
Result<SqliteHandle> open_sqlite(const std::string& path);

// Converts an SQLite result code. `db` may be null.
Error sqlite_error(sqlite3* db, int code, std::string_view doing);
// True if the code leaves the connection in an undefined state.
bool breaks_connection(int code);

// Runs SQL that returns no rows.
Result<void> sqlite_execute(sqlite3* db, const char* sql);

}  // namespace chat::storage
