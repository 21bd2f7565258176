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

// Our own writers queue in memory (WriterLane), so this is only a net for strangers, such as a
// person with the sqlite3 shell. Somebody waits for the answer.
inline constexpr int kSqliteBusyTimeoutMs = 1000;

// Opens the file, which must exist, with every setting that our promises rest on, and checks that
// SQLite took those for durability. kUnavailable when it can't be opened or refuses one.
Result<SqliteHandle> open_sqlite(const std::string& path);

// What an SQLite result code means here. `db` may be null.
Error sqlite_error(sqlite3* db, int code, std::string_view doing);
// After these the state of the connection is not to be trusted any more.
bool breaks_connection(int code);

// Runs SQL that gives no rows.
Result<void> sqlite_execute(sqlite3* db, const char* sql);

}  // namespace chat::storage
