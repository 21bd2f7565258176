-- Users, their lists of friends, and the tokens that log in without a password. DDL does not roll
-- back, so every statement is idempotent. name_key is VARBINARY because every collation finds some
-- different names equal ('alice ' and 'alice', 'älice' and 'alice').

CREATE TABLE IF NOT EXISTS user (
  id            INT            NOT NULL AUTO_INCREMENT,
  name          VARCHAR(50)    NOT NULL,                      -- as typed
  name_key      VARBINARY(200) NOT NULL,                      -- ASCII lowered, compared by bytes
  password      VARCHAR(255)   NOT NULL,                      -- argon2id string
  state         ENUM('online', 'offline') NOT NULL DEFAULT 'offline',
  node_id       INT            NULL,                          -- where the session is; NULL offline
  node_epoch    BIGINT         NOT NULL DEFAULT 0,
  session_epoch BIGINT         NOT NULL DEFAULT 0,            -- grows with every claim
  created_at    BIGINT         NOT NULL,                      -- ms since 1970
  PRIMARY KEY (id),
  UNIQUE KEY user_by_name_key (name_key),
  KEY user_by_node (node_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- friend_by_friendid: finds the users who list a user, to notify them of its presence.
CREATE TABLE IF NOT EXISTS friend (
  userid   INT NOT NULL,
  friendid INT NOT NULL,
  PRIMARY KEY (userid, friendid),
  KEY friend_by_friendid (friendid),
  CONSTRAINT friend_userid FOREIGN KEY (userid) REFERENCES user (id),
  CONSTRAINT friend_friendid FOREIGN KEY (friendid) REFERENCES user (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE IF NOT EXISTS session (
  token_hash VARBINARY(64) NOT NULL,
  userid     INT           NOT NULL,
  created_at BIGINT        NOT NULL,
  expires_at BIGINT        NOT NULL,
  PRIMARY KEY (token_hash),
  KEY session_by_userid (userid),
  KEY session_by_expires_at (expires_at),
  CONSTRAINT session_userid FOREIGN KEY (userid) REFERENCES user (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
