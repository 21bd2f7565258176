-- Users, their lists of friends, and the tokens that log in without a password. Every statement is
-- idempotent. Ids are plain 31-bit numbers on the wire, and
-- AUTOINCREMENT never reuses one.

CREATE TABLE IF NOT EXISTS user (
  id            INTEGER PRIMARY KEY AUTOINCREMENT CHECK (id BETWEEN 1 AND 2147483647),
  name          TEXT    NOT NULL,                        -- as typed
  name_key      TEXT    NOT NULL UNIQUE COLLATE BINARY,  -- ASCII lowered, compared by bytes
  password      TEXT    NOT NULL,                        -- argon2id string
  state         TEXT    NOT NULL DEFAULT 'offline' CHECK (state IN ('online', 'offline')),
  node_id       INTEGER,                                 -- where the session is; NULL offline
  node_epoch    INTEGER NOT NULL DEFAULT 0,
  session_epoch INTEGER NOT NULL DEFAULT 0,              -- grows with every claim
  created_at    INTEGER NOT NULL                         -- ms since 1970
) STRICT;

CREATE INDEX IF NOT EXISTS user_by_node ON user (node_id);

CREATE TABLE IF NOT EXISTS friend (
  userid   INTEGER NOT NULL REFERENCES user (id),
  friendid INTEGER NOT NULL REFERENCES user (id),
  PRIMARY KEY (userid, friendid)
) STRICT, WITHOUT ROWID;

-- Finds the users who list a user, to notify them of its presence.
CREATE INDEX IF NOT EXISTS friend_by_friendid ON friend (friendid);

CREATE TABLE IF NOT EXISTS session (
  token_hash TEXT    PRIMARY KEY NOT NULL,
  userid     INTEGER NOT NULL REFERENCES user (id),
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX IF NOT EXISTS session_by_userid ON session (userid);
CREATE INDEX IF NOT EXISTS session_by_expires_at ON session (expires_at);
