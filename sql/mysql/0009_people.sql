-- Profiles, friend requests, blocks, and the index by which users and groups are found.

-- contact_rev: grows whenever an answer to "may X write to Y?" may have changed for this user as X
-- or Y. 0: nothing has ever been restricted, so nobody needs to ask.
SET @step = IF(
  (SELECT COUNT(*) FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'user' AND column_name = 'contact_rev') > 0,
  'DO 0',
  'ALTER TABLE user ADD COLUMN nick VARCHAR(50) NOT NULL DEFAULT '''',
                    ADD COLUMN bio VARCHAR(200) NOT NULL DEFAULT '''',
                    ADD COLUMN avatar VARCHAR(200) NOT NULL DEFAULT '''',
                    ADD COLUMN who_may_add ENUM(''anyone'', ''approval'', ''nobody'') NOT NULL DEFAULT ''anyone'',
                    ADD COLUMN who_may_chat ENUM(''anyone'', ''friends'') NOT NULL DEFAULT ''anyone'',
                    ADD COLUMN contact_rev BIGINT NOT NULL DEFAULT 0');
PREPARE step FROM @step;
EXECUTE step;
DEALLOCATE PREPARE step;

-- userid has asked friendid. A refused request stays, because to the asker it looks pending until it
-- expires; an accepted one counts for the daily limit.
CREATE TABLE IF NOT EXISTS friendrequest (
  userid     INT         NOT NULL,
  friendid   INT         NOT NULL,
  state      ENUM('pending', 'refused', 'accepted') NOT NULL DEFAULT 'pending',
  message    VARCHAR(50) NOT NULL DEFAULT '',
  created_at BIGINT      NOT NULL,  -- ms since 1970
  PRIMARY KEY (userid, friendid),
  KEY friendrequest_by_friendid (friendid, state, created_at, userid),
  CONSTRAINT friendrequest_userid FOREIGN KEY (userid) REFERENCES user (id),
  CONSTRAINT friendrequest_friendid FOREIGN KEY (friendid) REFERENCES user (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE IF NOT EXISTS block (
  userid     INT    NOT NULL,
  blocked    INT    NOT NULL,
  created_at BIGINT NOT NULL,  -- ms since 1970
  PRIMARY KEY (userid, blocked),
  KEY block_by_blocked (blocked),
  CONSTRAINT block_userid FOREIGN KEY (userid) REFERENCES user (id),
  CONSTRAINT block_blocked FOREIGN KEY (blocked) REFERENCES user (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- One row per name, and one per nick that differs from it. `fold` is folded by Unicode's simple case
-- folding; a prefix is a range of the primary key. Servers fill these tables for older rows after
-- their start, because SQL cannot compute the folding. A row may be out of date: readers compare it
-- with the name.
CREATE TABLE IF NOT EXISTS usersearch (
  fold   VARBINARY(200) NOT NULL,
  userid INT            NOT NULL,
  PRIMARY KEY (fold, userid),
  KEY usersearch_by_userid (userid)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE IF NOT EXISTS groupsearch (
  fold    VARBINARY(200) NOT NULL,
  groupid INT            NOT NULL,
  PRIMARY KEY (fold, groupid),
  KEY groupsearch_by_groupid (groupid)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- Names up to this id have been indexed.
CREATE TABLE IF NOT EXISTS searchscan (
  kind    VARBINARY(8) NOT NULL,  -- 'user' or 'group'
  last_id INT          NOT NULL,
  PRIMARY KEY (kind)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

INSERT IGNORE INTO searchscan (kind, last_id) VALUES ('user', 0), ('group', 0);
