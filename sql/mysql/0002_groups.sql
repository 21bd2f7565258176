-- Groups and their members.

CREATE TABLE IF NOT EXISTS allgroup (
  id        INT            NOT NULL AUTO_INCREMENT,
  groupname VARCHAR(50)    NOT NULL,
  name_key  VARBINARY(200) NOT NULL,           -- as user.name_key
  groupdesc VARCHAR(50)    NOT NULL DEFAULT '',
  last_seq  BIGINT         NOT NULL DEFAULT 0, -- the head of the group's stream
  PRIMARY KEY (id),
  UNIQUE KEY allgroup_by_name_key (name_key)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE IF NOT EXISTS groupuser (
  groupid       INT    NOT NULL,
  userid        INT    NOT NULL,
  grouprole     ENUM('creator', 'normal') NOT NULL DEFAULT 'normal',
  joined_seq    BIGINT NOT NULL,  -- the head when the member joined: older ones aren't theirs
  delivered_seq BIGINT NOT NULL,  -- starts at joined_seq
  read_seq      BIGINT NOT NULL,  -- starts at joined_seq
  PRIMARY KEY (groupid, userid),
  KEY groupuser_by_userid (userid),
  CONSTRAINT groupuser_groupid FOREIGN KEY (groupid) REFERENCES allgroup (id),
  CONSTRAINT groupuser_userid FOREIGN KEY (userid) REFERENCES user (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
