#pragma once

#include "chat/storage/database.h"

namespace chat::storage {

// Call when a login's write has met a lock: true if whole tables are locked (a backup, LOCK TABLES,
// SQLite's only writer), which blocks everybody, and not just a row. MariaDB answers at once, MySQL
// within the usual lock wait. Call outside a transaction.
bool login_tables_are_locked(Connection& connection);

}  // namespace chat::storage
