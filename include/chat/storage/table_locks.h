#pragma once

#include "chat/storage/database.h"

namespace chat::storage {

// After a login's write has met a lock: whether that is one on whole tables (a backup, LOCK TABLES,
// SQLite's only writer), which is in everybody's way, and not on somebody's row. MariaDB answers at
// once, MySQL within the time that any write waits for a lock. Outside a transaction.
bool login_tables_are_locked(Connection& connection);

}  // namespace chat::storage
