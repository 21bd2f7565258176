-- What operators do to people: ended sessions, disabled accounts, and who may register. See
-- sql/mysql/0011_moderation.sql.

ALTER TABLE user ADD COLUMN disabled_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE user ADD COLUMN kicked_epoch INTEGER NOT NULL DEFAULT 0;

CREATE TABLE setting (
  name  TEXT PRIMARY KEY NOT NULL,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO setting (name, value) VALUES ('registration', 'open');

CREATE TABLE registrationcode (
  code_hash  TEXT    PRIMARY KEY NOT NULL,
  expires_at INTEGER NOT NULL,  -- ms since 1970
  uses_left  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
