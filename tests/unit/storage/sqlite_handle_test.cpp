#include "storage/sqlite/sqlite_handle.h"

#include <gtest/gtest.h>

namespace chat::storage {
namespace {

struct SqliteMeaning {
  int code;
  ErrorCode means;
  bool breaks;
};

TEST(SqliteHandle, EveryCodeHasItsMeaning) {
  const SqliteMeaning meanings[] = {
      {SQLITE_CONSTRAINT, ErrorCode::kConflict, false},
      {SQLITE_CONSTRAINT_PRIMARYKEY, ErrorCode::kConflict, false},
      {SQLITE_CONSTRAINT_UNIQUE, ErrorCode::kConflict, false},
      {SQLITE_CONSTRAINT_FOREIGNKEY, ErrorCode::kConflict, false},
      {SQLITE_BUSY, ErrorCode::kBusy, false},
      {SQLITE_BUSY_SNAPSHOT, ErrorCode::kBusy, false},
      {SQLITE_LOCKED, ErrorCode::kBusy, false},
      {SQLITE_FULL, ErrorCode::kUnavailable, false},
      {SQLITE_CANTOPEN, ErrorCode::kUnavailable, false},
      {SQLITE_READONLY_DBMOVED, ErrorCode::kUnavailable, true},
      {SQLITE_IOERR, ErrorCode::kUnavailable, true},
      {SQLITE_IOERR_FSYNC, ErrorCode::kUnavailable, true},
      {SQLITE_CORRUPT, ErrorCode::kUnavailable, true},
      {SQLITE_NOTADB, ErrorCode::kUnavailable, true},
      {SQLITE_TOOBIG, ErrorCode::kInvalidArgument, false},
      {SQLITE_MISMATCH, ErrorCode::kInvalidArgument, false},
      {SQLITE_RANGE, ErrorCode::kInvalidArgument, false},
      {SQLITE_ERROR, ErrorCode::kInternal, false},
      {SQLITE_MISUSE, ErrorCode::kInternal, false},
      {SQLITE_NOMEM, ErrorCode::kUnavailable, false},
      {SQLITE_IOERR_NOMEM, ErrorCode::kUnavailable, true},
      {SQLITE_INTERRUPT, ErrorCode::kUnavailable, false},
      {SQLITE_SCHEMA, ErrorCode::kBusy, false},
      {99, ErrorCode::kUnavailable, true},  // one that is not known yet
  };
  for (const auto& meaning : meanings) {
    EXPECT_EQ(sqlite_error(nullptr, meaning.code, "test").code, meaning.means) << meaning.code;
    EXPECT_EQ(breaks_connection(meaning.code), meaning.breaks) << meaning.code;
  }
}

}  // namespace
}  // namespace chat::storage
