-- Names from before invisible characters were left out of the comparison. See
-- sql/mysql/0008_oldernames.sql.

CREATE TABLE IF NOT EXISTS oldername (
  kind     TEXT    NOT NULL CHECK (kind IN ('user', 'group')),
  holder   INTEGER NOT NULL,
  name_key TEXT    NOT NULL COLLATE BINARY,
  PRIMARY KEY (kind, holder)
) STRICT, WITHOUT ROWID;

CREATE INDEX IF NOT EXISTS oldername_by_name_key ON oldername (kind, name_key);

CREATE TABLE IF NOT EXISTS oldernamescan (
  kind    TEXT    PRIMARY KEY NOT NULL,
  last_id INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
