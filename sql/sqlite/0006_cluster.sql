-- State shared by all servers of one database, and what a node's row tells the others about it.

-- Exactly one row, which the first server inserts. See sql/mysql/0006_cluster.sql.
CREATE TABLE IF NOT EXISTS cluster (
  one    INTEGER PRIMARY KEY DEFAULT 1 CHECK (one = 1),
  id     TEXT    NOT NULL,           -- 128 random bits as hex
  starts INTEGER NOT NULL DEFAULT 0
) STRICT;

-- `node` with the columns that the others need. Recreated, which is idempotent: SQLite cannot add a
-- column only if it is missing.
DROP TABLE IF EXISTS node_remade;
CREATE TABLE node_remade (
  id          INTEGER PRIMARY KEY AUTOINCREMENT CHECK (id BETWEEN 1 AND 2147483647),
  name        TEXT    NOT NULL UNIQUE COLLATE BINARY,
  epoch       INTEGER NOT NULL DEFAULT 0,
  lease_until INTEGER NOT NULL DEFAULT 0,  -- ms since 1970, the database's clock
  alone       INTEGER NOT NULL DEFAULT 0,  -- 1: runs without a bus
  mute        INTEGER NOT NULL DEFAULT 0,  -- 1: its bus is down
  holder      TEXT    NOT NULL DEFAULT ''  -- the process and where it listens
) STRICT;
INSERT INTO node_remade (id, name, epoch) SELECT id, name, epoch FROM node;
DROP TABLE node;
ALTER TABLE node_remade RENAME TO node;

-- See sql/mysql/0006_cluster.sql.
CREATE TABLE IF NOT EXISTS nodehint (
  node_id    INTEGER PRIMARY KEY,
  node_epoch INTEGER NOT NULL,
  number     INTEGER NOT NULL,
  hints      TEXT    NOT NULL
) STRICT;
