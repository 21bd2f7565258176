-- Mentions, and what each user has set for its conversations. See sql/mysql/0012_messages.sql.

CREATE TABLE mention (
  userid  INTEGER NOT NULL,
  groupid INTEGER NOT NULL,
  seq     INTEGER NOT NULL,
  PRIMARY KEY (userid, groupid, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE conversation (
  userid         INTEGER NOT NULL,
  groupid        INTEGER NOT NULL DEFAULT 0,  -- or
  otherid        INTEGER NOT NULL DEFAULT 0,
  pinned         INTEGER NOT NULL DEFAULT 0,
  muted          INTEGER NOT NULL DEFAULT 0,
  hidden_seq     INTEGER NOT NULL DEFAULT 0,
  hidden_own_seq INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (userid, groupid, otherid)
) STRICT, WITHOUT ROWID;

CREATE INDEX directcursor_by_sender ON directcursor (sender);

CREATE INDEX groupmessage_by_sender ON groupmessage (groupid, sender, kind, seq);

ALTER TABLE allgroup ADD COLUMN text_seq INTEGER NOT NULL DEFAULT 0;
UPDATE allgroup SET text_seq =
  COALESCE((SELECT m.seq FROM groupmessage m WHERE m.groupid = allgroup.id AND m.kind IS NULL
             ORDER BY m.seq DESC LIMIT 1), 0);
