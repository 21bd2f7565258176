-- Mentions, and what each user has set for its conversations. See sql/mysql/0012_messages.sql.

CREATE TABLE mention (
  userid  INTEGER NOT NULL,
  groupid INTEGER NOT NULL,
  seq     INTEGER NOT NULL,
  PRIMARY KEY (userid, groupid, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE conversation (
  userid     INTEGER NOT NULL,
  groupid    INTEGER NOT NULL DEFAULT 0,  -- or
  otherid    INTEGER NOT NULL DEFAULT 0,
  pinned     INTEGER NOT NULL DEFAULT 0,
  muted      INTEGER NOT NULL DEFAULT 0,
  hidden_at  INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (userid, groupid, otherid)
) STRICT, WITHOUT ROWID;
