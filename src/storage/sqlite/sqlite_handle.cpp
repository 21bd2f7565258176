#include "storage/sqlite/sqlite_handle.h"

#include <fmt/format.h>

#include "storage/sqlite/buffered_wal.h"

namespace chat::storage {
namespace {

// Each connection has its own page cache; 8 MiB hold the hot ends of many streams.
// wal_autocheckpoint=0: checkpoints run on a separate thread (SqliteCheckpointer). A WAL that grew
// past journal_size_limit because of a reader is truncated when it restarts. secure_delete: what
// was recalled or deleted is in no copy of the database.
constexpr char kSqliteSettings[] =
    "PRAGMA synchronous=FULL;"
    "PRAGMA foreign_keys=ON;"
    "PRAGMA wal_autocheckpoint=0;"
    "PRAGMA cache_size=-8192;"
    "PRAGMA temp_store=MEMORY;"
    "PRAGMA secure_delete=ON;"
    "PRAGMA journal_size_limit=67108864;";

// Runs a pragma that returns one value, and checks it.
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
              fmt::format("{} returns {} instead of {}: this file system cannot keep committed "
                          "data safe",
                          pragma, got, expected));
}

Result<void> configure(sqlite3* db) {
  sqlite3_busy_timeout(db, kSqliteBusyTimeoutMs);
  if (auto wal = require(db, "PRAGMA journal_mode=WAL", "wal"); !wal) return wal;
  if (auto set = sqlite_execute(db, kSqliteSettings); !set) return set;
  return require(db, "PRAGMA synchronous", "2");
}

struct CodeMeaning {
  int code;  // primary
  ErrorCode means;
  bool breaks_connection;
};
constexpr CodeMeaning kCodeMeanings[] = {
    {SQLITE_CONSTRAINT, ErrorCode::kConflict, false},

    // Another process has the lock, or is changing the schema.
    {SQLITE_BUSY, ErrorCode::kBusy, false},
    {SQLITE_LOCKED, ErrorCode::kBusy, false},
    {SQLITE_PROTOCOL, ErrorCode::kBusy, false},
    {SQLITE_SCHEMA, ErrorCode::kBusy, false},

    // The disk, its rights, memory: possibly transient. Some leave the connection in an undefined
    // state.
    {SQLITE_ABORT, ErrorCode::kUnavailable, false},
    {SQLITE_AUTH, ErrorCode::kUnavailable, false},
    {SQLITE_CANTOPEN, ErrorCode::kUnavailable, false},
    {SQLITE_CORRUPT, ErrorCode::kUnavailable, true},
    {SQLITE_FULL, ErrorCode::kUnavailable, false},
    {SQLITE_INTERRUPT, ErrorCode::kUnavailable, false},
    {SQLITE_IOERR, ErrorCode::kUnavailable, true},
    {SQLITE_NOLFS, ErrorCode::kUnavailable, false},
    {SQLITE_NOMEM, ErrorCode::kUnavailable, false},
    {SQLITE_NOTADB, ErrorCode::kUnavailable, true},
    {SQLITE_PERM, ErrorCode::kUnavailable, false},
    {SQLITE_READONLY, ErrorCode::kUnavailable, true},

    {SQLITE_MISMATCH, ErrorCode::kInvalidArgument, false},
    {SQLITE_RANGE, ErrorCode::kInvalidArgument, false},
    {SQLITE_TOOBIG, ErrorCode::kInvalidArgument, false},

    // Wrong SQL, or calls in the wrong order.
    {SQLITE_ERROR, ErrorCode::kInternal, false},
    {SQLITE_MISUSE, ErrorCode::kInternal, false},
};

// An unlisted code is more likely transient than a mistake of ours.
CodeMeaning meaning_of(int code) {
  for (const CodeMeaning& row : kCodeMeanings) {
    if (row.code == (code & 0xFF)) return row;
  }
  return {code, ErrorCode::kUnavailable, true};
}

}  // namespace

Result<SqliteHandle> open_sqlite(const std::string& path) {
  sqlite3* raw = nullptr;
  const int code = sqlite3_open_v2(
      path.c_str(), &raw, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE,
      buffered_wal_vfs());
  SqliteHandle db(raw);  // most failures also leave a handle to close
  if (code != SQLITE_OK) return tl::make_unexpected(sqlite_error(raw, code, "opening " + path));
  if (auto configured = configure(raw); !configured) {
    return fail(configured.error().code, path + ": " + configured.error().message);
  }
  return db;
}

Error sqlite_error(sqlite3* db, int code, std::string_view doing) {
  const char* text = db != nullptr ? sqlite3_errmsg(db) : sqlite3_errstr(code);
  return {meaning_of(code).means, fmt::format("sqlite: {} (code {}) in {}", text, code, doing)};
}

bool breaks_connection(int code) {
  return meaning_of(code).breaks_connection;
}

Result<void> sqlite_execute(sqlite3* db, const char* sql) {
  const int code = sqlite3_exec(db, sql, nullptr, nullptr, nullptr);
  if (code == SQLITE_OK) return {};
  return tl::make_unexpected(sqlite_error(db, code, std::string_view(sql).substr(0, 80)));
}

}  // namespace chat::storage
