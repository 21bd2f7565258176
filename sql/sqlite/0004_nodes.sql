-- Server processes. A node's epoch numbers its lives: users held by an earlier life are free.

CREATE TABLE IF NOT EXISTS node (
  id             INTEGER PRIMARY KEY AUTOINCREMENT CHECK (id BETWEEN 1 AND 2147483647),
  name           TEXT    NOT NULL UNIQUE COLLATE BINARY,
  epoch          INTEGER NOT NULL DEFAULT 0,
  lease_until    INTEGER NOT NULL DEFAULT 0,  -- ms since 1970, the database's clock
  connection_ids TEXT    NOT NULL DEFAULT ''  -- the node's database connections, comma separated
) STRICT;
