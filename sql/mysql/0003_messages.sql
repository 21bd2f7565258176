-- The message logs, each clustered on the key by which it is read. Without foreign keys, because
-- these are the hot tables, and users are checked before a message is written.

CREATE TABLE IF NOT EXISTS directmessage (
  recipient INT           NOT NULL,
  sender    INT           NOT NULL,
  seq       BIGINT        NOT NULL,
  cid       VARBINARY(36) NOT NULL,
  sent_at   BIGINT        NOT NULL,  -- ms since 1970
  body      VARCHAR(4000) NOT NULL,
  PRIMARY KEY (recipient, sender, seq)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- One row per directed stream, made with the stream's first message.
CREATE TABLE IF NOT EXISTS directcursor (
  recipient     INT    NOT NULL,
  sender        INT    NOT NULL,
  delivered_seq BIGINT NOT NULL DEFAULT 0,
  read_seq      BIGINT NOT NULL DEFAULT 0,
  PRIMARY KEY (recipient, sender)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE IF NOT EXISTS groupmessage (
  groupid INT           NOT NULL,
  seq     BIGINT        NOT NULL,
  sender  INT           NOT NULL,
  cid     VARBINARY(36) NOT NULL,
  sent_at BIGINT        NOT NULL,  -- ms since 1970
  body    VARCHAR(4000) NOT NULL,
  PRIMARY KEY (groupid, seq),
  UNIQUE KEY groupmessage_by_cid (groupid, sender, cid)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
