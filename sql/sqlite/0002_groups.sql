-- Groups and their members.

CREATE TABLE IF NOT EXISTS allgroup (
  id        INTEGER PRIMARY KEY AUTOINCREMENT CHECK (id BETWEEN 1 AND 2147483647),
  groupname TEXT    NOT NULL,
  name_key  TEXT    NOT NULL UNIQUE COLLATE BINARY,  -- as user.name_key
  groupdesc TEXT    NOT NULL DEFAULT '' CHECK (length(groupdesc) <= 50),
  last_seq  INTEGER NOT NULL DEFAULT 0 CHECK (last_seq >= 0)  -- the head of the group's stream
) STRICT;

CREATE TABLE IF NOT EXISTS groupuser (
  groupid       INTEGER NOT NULL REFERENCES allgroup (id),
  userid        INTEGER NOT NULL REFERENCES user (id),
  grouprole     TEXT    NOT NULL DEFAULT 'normal' CHECK (grouprole IN ('creator', 'normal')),
  joined_seq    INTEGER NOT NULL,  -- the head when the member joined: older ones aren't theirs
  delivered_seq INTEGER NOT NULL,  -- starts at joined_seq
  read_seq      INTEGER NOT NULL,  -- starts at joined_seq
  PRIMARY KEY (groupid, userid)
) STRICT, WITHOUT ROWID;

CREATE INDEX IF NOT EXISTS groupuser_by_userid ON groupuser (userid);
