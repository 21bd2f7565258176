#include "sqlite_handle.h"

#include <fmt/format.h>

namespace chat::storage {
namespace {

// Our own writers queue in memory (WriterLane), so this is only a net for strangers, such as a
// person with the sqlite3 shell.
constexpr int kBusyTimeoutMs = 5000;

// Each connection has its own page cache; 8 MiB holds the hot right edges of many streams.
// wal_autocheckpoint=0: checkpoints have a thread of their own (SqliteCheckpointer). A WAL that
// grew past journal_size_limit while a reader was in the way is cut when it starts over.
constexpr char kSettings[] =
    "PRAGMA synchronous=FULL;"
    "PRAGMA foreign_keys=ON;"
    "PRAGMA wal_autocheckpoint=0;"
    "PRAGMA cache_size=-8192;"
    "PRAGMA temp_store=MEMORY;"
    "PRAGMA journal_size_limit=67108864;";

// Runs a pragma that answers with one value, and compares it.
Result<void> require(sqlite3* db, const char* pragma, std::string_view expected) {
  sqlite3_stmt* statement = nullptr;
  int code = sqlite3_prepare_v2(db, pragma, -1, &statement, nullptr);
  if (code == SQLITE_OK) code = sqlite3_step(statement);
  if (code != SQLITE_ROW) {
    const auto error = sqlite_error(db, code, pragma);
    sqlite3_finalize(statement);
    return tl::make_unexpected(error);
  }
  const std::string got = reinterpret_cast<const char*>(sqlite3_column_text(statement, 0));
  sqlite3_finalize(statement);
  if (got == expected) return {};
  return fail(ErrorCode::kUnavailable,
              fmt::format("{} answers {}, not {}: this file system can't keep the promises that "
                          "the server makes",
                          pragma, got, expected));
}

Result<void> configure(sqlite3* db) {
  sqlite3_busy_timeout(db, kBusyTimeoutMs);
  if (auto wal = require(db, "PRAGMA journal_mode=WAL", "wal"); !wal) return wal;
  if (auto set = sqlite_execute(db, kSettings); !set) return set;
  return require(db, "PRAGMA synchronous", "2");
}

ErrorCode error_code(int code) {
  switch (code & 0xFF) {
    case SQLITE_CONSTRAINT: return ErrorCode::kConflict;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PROTOCOL: return ErrorCode::kBusy;
    case SQLITE_FULL:
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_READONLY: return ErrorCode::kUnavailable;
    case SQLITE_TOOBIG:
    case SQLITE_MISMATCH:
    case SQLITE_RANGE: return ErrorCode::kInvalidArgument;
    default: return ErrorCode::kInternal;
  }
}

}  // namespace

Result<SqliteHandle> open_sqlite(const std::string& path) {
  sqlite3* raw = nullptr;
  const int code = sqlite3_open_v2(
      path.c_str(), &raw,
      SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE,
      nullptr);
  SqliteHandle db(raw);  // there is one to close after most failures too
  if (code != SQLITE_OK) return tl::make_unexpected(sqlite_error(raw, code, "opening " + path));
  if (auto configured = configure(raw); !configured) {
    return fail(configured.error().code, path + ": " + configured.error().message);
  }
  return db;
}

Error sqlite_error(sqlite3* db, int code, std::string_view doing) {
  const char* text = db != nullptr ? sqlite3_errmsg(db) : sqlite3_errstr(code);
  return {error_code(code), fmt::format("sqlite: {} (code {}) in {}", text, code, doing)};
}

bool breaks_connection(int code) {
  const int primary = code & 0xFF;
  return primary == SQLITE_IOERR || primary == SQLITE_CORRUPT || primary == SQLITE_NOTADB;
}

Result<void> sqlite_execute(sqlite3* db, const char* sql) {
  const int code = sqlite3_exec(db, sql, nullptr, nullptr, nullptr);
  if (code == SQLITE_OK) return {};
  return tl::make_unexpected(sqlite_error(db, code, std::string_view(sql).substr(0, 80)));
}

}  // namespace chat::storage
