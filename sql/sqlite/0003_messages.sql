-- The message logs, each clustered on the key by which it is read. Without foreign keys, because
-- these are the hot tables, and users are checked before a message is written.

CREATE TABLE IF NOT EXISTS directmessage (
  recipient INTEGER NOT NULL,
  sender    INTEGER NOT NULL,
  seq       INTEGER NOT NULL CHECK (seq >= 1),
  cid       TEXT    NOT NULL,
  sent_at   INTEGER NOT NULL,  -- ms since 1970
  body      TEXT    NOT NULL,
  PRIMARY KEY (recipient, sender, seq)
) STRICT, WITHOUT ROWID;

-- One row per directed stream, made with the stream's first message.
CREATE TABLE IF NOT EXISTS directcursor (
  recipient     INTEGER NOT NULL,
  sender        INTEGER NOT NULL,
  delivered_seq INTEGER NOT NULL DEFAULT 0,
  read_seq      INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (recipient, sender)
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS groupmessage (
  groupid INTEGER NOT NULL,
  seq     INTEGER NOT NULL CHECK (seq >= 1),
  sender  INTEGER NOT NULL,
  cid     TEXT    NOT NULL,
  sent_at INTEGER NOT NULL,  -- ms since 1970
  body    TEXT    NOT NULL,
  PRIMARY KEY (groupid, seq),
  UNIQUE (groupid, sender, cid)
) STRICT, WITHOUT ROWID;
