-- A group's whole life: roles, mutes, settings, the ways to join, and event rows. See
-- sql/mysql/0010_grouplife.sql.

ALTER TABLE directmessage ADD COLUMN kind TEXT;
ALTER TABLE directmessage ADD COLUMN ref INTEGER;
ALTER TABLE directmessage ADD COLUMN extra TEXT;
ALTER TABLE directmessage ADD COLUMN n INTEGER;

ALTER TABLE groupmessage ADD COLUMN kind TEXT;
ALTER TABLE groupmessage ADD COLUMN ref INTEGER;
ALTER TABLE groupmessage ADD COLUMN extra TEXT;
ALTER TABLE groupmessage ADD COLUMN n INTEGER;

ALTER TABLE allgroup ADD COLUMN announcement TEXT NOT NULL DEFAULT ''
  CHECK (length(announcement) <= 1000);
ALTER TABLE allgroup ADD COLUMN joining TEXT NOT NULL DEFAULT 'open'
  CHECK (joining IN ('open', 'approval', 'invite'));
ALTER TABLE allgroup ADD COLUMN muted_until INTEGER NOT NULL DEFAULT 0;
ALTER TABLE allgroup ADD COLUMN dismissed_at INTEGER NOT NULL DEFAULT 0;

-- `groupuser` with one more role and a column more. Recreated, because SQLite cannot change a CHECK;
-- the view that reads it is made anew.
DROP VIEW offlinemessage;
CREATE TABLE groupuser_remade (
  groupid       INTEGER NOT NULL REFERENCES allgroup (id),
  userid        INTEGER NOT NULL REFERENCES user (id),
  grouprole     TEXT    NOT NULL DEFAULT 'normal'
                CHECK (grouprole IN ('creator', 'normal', 'admin')),
  joined_seq    INTEGER NOT NULL,  -- the head when the member joined: older ones aren't theirs
  delivered_seq INTEGER NOT NULL,  -- starts at joined_seq
  read_seq      INTEGER NOT NULL,  -- starts at joined_seq
  muted_until   INTEGER NOT NULL DEFAULT 0,  -- ms since 1970
  left_seq      INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (groupid, userid)
) STRICT, WITHOUT ROWID;
INSERT INTO groupuser_remade (groupid, userid, grouprole, joined_seq, delivered_seq, read_seq)
  SELECT groupid, userid, grouprole, joined_seq, delivered_seq, read_seq FROM groupuser;
DROP TABLE groupuser;
ALTER TABLE groupuser_remade RENAME TO groupuser;
CREATE UNIQUE INDEX groupuser_by_userid ON groupuser (userid, left_seq, groupid);

CREATE VIEW offlinemessage (userid, message) AS
SELECT m.recipient,
       json_object('msgid', 6, 'id', m.sender, 'name', coalesce(u.name, ''), 'toid', m.recipient,
                   'msg', m.body, 'ts', m.sent_at, 'seq', m.seq, 'cid', m.cid)
  FROM directcursor c
  JOIN directmessage m ON m.recipient = c.recipient AND m.sender = c.sender
                      AND m.seq > c.delivered_seq
  LEFT JOIN user u ON u.id = m.sender
UNION ALL
SELECT gu.userid,
       json_object('msgid', 10, 'id', m.sender, 'name', coalesce(u.name, ''), 'groupid', m.groupid,
                   'msg', m.body, 'ts', m.sent_at, 'seq', m.seq, 'cid', m.cid)
  FROM groupuser gu
  JOIN groupmessage m ON m.groupid = gu.groupid AND m.seq > gu.delivered_seq
                     AND m.sender <> gu.userid
                     AND (gu.left_seq = 0 OR m.seq <= gu.left_seq)
  LEFT JOIN user u ON u.id = m.sender;

CREATE TABLE departure (
  userid     INTEGER PRIMARY KEY NOT NULL,
  name       TEXT    NOT NULL,
  cid        TEXT    NOT NULL,
  created_at INTEGER NOT NULL  -- ms since 1970
) STRICT, WITHOUT ROWID;

CREATE TABLE joinrequest (
  groupid    INTEGER NOT NULL,
  userid     INTEGER NOT NULL,
  state      TEXT    NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'refused')),
  message    TEXT    NOT NULL DEFAULT '',
  created_at INTEGER NOT NULL,  -- ms since 1970
  PRIMARY KEY (groupid, userid)
) STRICT, WITHOUT ROWID;
CREATE INDEX joinrequest_by_userid ON joinrequest (userid);

CREATE TABLE groupinvite (
  groupid    INTEGER NOT NULL,
  userid     INTEGER NOT NULL,
  invited_by INTEGER NOT NULL,
  state      TEXT    NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'declined')),
  created_at INTEGER NOT NULL,  -- ms since 1970
  PRIMARY KEY (groupid, userid)
) STRICT, WITHOUT ROWID;
CREATE INDEX groupinvite_by_userid ON groupinvite (userid);

CREATE TABLE groupcode (
  code_hash  TEXT    PRIMARY KEY NOT NULL,
  groupid    INTEGER NOT NULL,
  created_by INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,  -- ms since 1970
  uses_left  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX groupcode_by_groupid ON groupcode (groupid);
