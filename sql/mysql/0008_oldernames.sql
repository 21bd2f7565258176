-- Names from before invisible characters were left out of the comparison. Such a name keeps its
-- name_key in `user` or `allgroup`, by which its holder logs in; the key it would get today is
-- stored here, so that no new name that looks the same can be registered. Two older names may share
-- a key. Servers fill this table when they start, because SQL cannot compute the key.

CREATE TABLE IF NOT EXISTS oldername (
  kind     VARBINARY(8)   NOT NULL,  -- 'user' or 'group'
  holder   INT            NOT NULL,
  name_key VARBINARY(200) NOT NULL,
  PRIMARY KEY (kind, holder),
  KEY oldername_by_name_key (kind, name_key)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- Names up to this id have been processed.
CREATE TABLE IF NOT EXISTS oldernamescan (
  kind    VARBINARY(8) NOT NULL,
  last_id INT          NOT NULL,
  PRIMARY KEY (kind)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
