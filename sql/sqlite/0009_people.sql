-- Profiles, friend requests, blocks, and the index by which users and groups are found. See
-- sql/mysql/0009_people.sql.

ALTER TABLE user ADD COLUMN nick TEXT NOT NULL DEFAULT '';
ALTER TABLE user ADD COLUMN bio TEXT NOT NULL DEFAULT '';
ALTER TABLE user ADD COLUMN avatar TEXT NOT NULL DEFAULT '';
ALTER TABLE user ADD COLUMN who_may_add TEXT NOT NULL DEFAULT 'anyone'
  CHECK (who_may_add IN ('anyone', 'approval', 'nobody'));
ALTER TABLE user ADD COLUMN who_may_chat TEXT NOT NULL DEFAULT 'anyone'
  CHECK (who_may_chat IN ('anyone', 'friends'));
ALTER TABLE user ADD COLUMN contact_rev INTEGER NOT NULL DEFAULT 0;

CREATE TABLE friendrequest (
  userid     INTEGER NOT NULL REFERENCES user (id),
  friendid   INTEGER NOT NULL REFERENCES user (id),
  state      TEXT    NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'refused', 'accepted')),
  message    TEXT    NOT NULL DEFAULT '',
  created_at INTEGER NOT NULL,  -- ms since 1970
  PRIMARY KEY (userid, friendid)
) STRICT, WITHOUT ROWID;

CREATE INDEX friendrequest_by_friendid ON friendrequest (friendid, state, created_at, userid);

CREATE TABLE block (
  userid     INTEGER NOT NULL REFERENCES user (id),
  blocked    INTEGER NOT NULL REFERENCES user (id),
  created_at INTEGER NOT NULL,  -- ms since 1970
  PRIMARY KEY (userid, blocked)
) STRICT, WITHOUT ROWID;

CREATE INDEX block_by_blocked ON block (blocked);

CREATE TABLE usersearch (
  fold   TEXT    NOT NULL COLLATE BINARY,
  userid INTEGER NOT NULL,
  PRIMARY KEY (fold, userid)
) STRICT, WITHOUT ROWID;

CREATE INDEX usersearch_by_userid ON usersearch (userid);

CREATE TABLE groupsearch (
  fold    TEXT    NOT NULL COLLATE BINARY,
  groupid INTEGER NOT NULL,
  PRIMARY KEY (fold, groupid)
) STRICT, WITHOUT ROWID;

CREATE INDEX groupsearch_by_groupid ON groupsearch (groupid);

CREATE TABLE searchscan (
  kind    TEXT    PRIMARY KEY NOT NULL,
  last_id INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

INSERT INTO searchscan (kind, last_id) VALUES ('user', 0), ('group', 0);
