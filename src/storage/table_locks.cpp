#include "chat/storage/table_locks.h"

namespace chat::storage {
namespace {

// No row has these keys. MariaDB executes the comments.
constexpr const char* kIdleWrites[] = {
    "/*M! SET STATEMENT lock_wait_timeout=0 FOR */ UPDATE user SET id = id WHERE id = 0",
    "/*M! SET STATEMENT lock_wait_timeout=0 FOR */ DELETE FROM session WHERE token_hash = ''",
};

}  // namespace

bool login_tables_are_locked(Connection& connection) {
  if (connection.dialect() == Dialect::kSqlite) return true;
  for (const char* write : kIdleWrites) {
    if (!connection.execute(write)) return true;
  }
  return false;
}

}  // namespace chat::storage
