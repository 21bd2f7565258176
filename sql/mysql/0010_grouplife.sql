-- A group's whole life: roles, mutes, settings, the ways to join, and event rows.

-- kind: NULL for plain text, otherwise that of an event row, whose body is a readable fallback.
-- ref: the seq that the row is about. extra: the event's fields as a JSON object.
-- n: how many countable messages the stream holds up to this row; NULL: as many as its seq.
SET @step = IF(
  (SELECT COUNT(*) FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'directmessage' AND column_name = 'n') > 0,
  'DO 0',
  'ALTER TABLE directmessage ADD COLUMN kind VARBINARY(8) NULL,
                    ADD COLUMN ref BIGINT NULL,
                    ADD COLUMN extra TEXT NULL,
                    ADD COLUMN n BIGINT NULL');
PREPARE step FROM @step;
EXECUTE step;
DEALLOCATE PREPARE step;
SET @step = IF(
  (SELECT COUNT(*) FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'groupmessage' AND column_name = 'n') > 0,
  'DO 0',
  'ALTER TABLE groupmessage ADD COLUMN kind VARBINARY(8) NULL,
                    ADD COLUMN ref BIGINT NULL,
                    ADD COLUMN extra TEXT NULL,
                    ADD COLUMN n BIGINT NULL');
PREPARE step FROM @step;
EXECUTE step;
DEALLOCATE PREPARE step;

-- muted_until: normal members may not send before; ms since 1970. dismissed_at: 0 while it lives; then
-- its name is free, and name_key is that of the name, U+001F and the id.
-- left_seq: 0 for a member. Otherwise the event that ended the membership: the row stays, because what
-- came before it is still readable, and may not be delivered yet.
SET @step = IF(
  (SELECT COUNT(*) FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'allgroup' AND column_name = 'dismissed_at') > 0,
  'DO 0',
  'ALTER TABLE allgroup ADD COLUMN announcement VARCHAR(1000) NOT NULL DEFAULT '''',
                    ADD COLUMN joining ENUM(''open'', ''approval'', ''invite'') NOT NULL DEFAULT ''open'',
                    ADD COLUMN muted_until BIGINT NOT NULL DEFAULT 0,
                    ADD COLUMN dismissed_at BIGINT NOT NULL DEFAULT 0,
                    MODIFY COLUMN name_key VARBINARY(212) NOT NULL');
PREPARE step FROM @step;
EXECUTE step;
DEALLOCATE PREPARE step;
SET @step = IF(
  (SELECT COUNT(*) FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'groupuser' AND column_name = 'muted_until') > 0,
  'DO 0',
  'ALTER TABLE groupuser ADD COLUMN muted_until BIGINT NOT NULL DEFAULT 0,
                    ADD COLUMN left_seq BIGINT NOT NULL DEFAULT 0,
                    DROP KEY groupuser_by_userid,
                    ADD KEY groupuser_by_userid (userid, left_seq),
                    MODIFY COLUMN grouprole ENUM(''creator'', ''normal'', ''admin'') NOT NULL DEFAULT ''normal''');
PREPARE step FROM @step;
EXECUTE step;
DEALLOCATE PREPARE step;

CREATE OR REPLACE SQL SECURITY INVOKER VIEW offlinemessage (userid, message) AS
SELECT m.recipient,
       JSON_OBJECT('msgid', 6, 'id', m.sender, 'name', COALESCE(u.name, ''), 'toid', m.recipient,
                   'msg', m.body, 'ts', m.sent_at, 'seq', m.seq,
                   'cid', CONVERT(m.cid USING utf8mb4))
  FROM directcursor c
  JOIN directmessage m ON m.recipient = c.recipient AND m.sender = c.sender
                      AND m.seq > c.delivered_seq
  LEFT JOIN user u ON u.id = m.sender
UNION ALL
SELECT gu.userid,
       JSON_OBJECT('msgid', 10, 'id', m.sender, 'name', COALESCE(u.name, ''), 'groupid', m.groupid,
                   'msg', m.body, 'ts', m.sent_at, 'seq', m.seq,
                   'cid', CONVERT(m.cid USING utf8mb4))
  FROM groupuser gu
  JOIN groupmessage m ON m.groupid = gu.groupid AND m.seq > gu.delivered_seq
                     AND m.sender <> gu.userid
                     AND (gu.left_seq = 0 OR m.seq <= gu.left_seq)
  LEFT JOIN user u ON u.id = m.sender;

-- Deleted accounts that have not left all their groups yet: the former name, and the cid of their last
-- event row in each group.
CREATE TABLE IF NOT EXISTS departure (
  userid     INT           NOT NULL,
  name       VARCHAR(50)   NOT NULL,
  cid        VARBINARY(36) NOT NULL,
  created_at BIGINT        NOT NULL,  -- ms since 1970
  PRIMARY KEY (userid)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE IF NOT EXISTS joinrequest (
  groupid    INT         NOT NULL,
  userid     INT         NOT NULL,
  state      ENUM('pending', 'refused') NOT NULL DEFAULT 'pending',
  message    VARCHAR(50) NOT NULL DEFAULT '',
  created_at BIGINT      NOT NULL,  -- ms since 1970
  PRIMARY KEY (groupid, userid),
  KEY joinrequest_by_userid (userid)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- The user may join once, whatever the group's `joining` is. A declined invitation stays until it
-- expires, because to the one who gave it it looks pending.
CREATE TABLE IF NOT EXISTS groupinvite (
  groupid    INT    NOT NULL,
  userid     INT    NOT NULL,
  invited_by INT    NOT NULL,
  state      ENUM('pending', 'declined') NOT NULL DEFAULT 'pending',
  created_at BIGINT NOT NULL,  -- ms since 1970
  PRIMARY KEY (groupid, userid),
  KEY groupinvite_by_userid (userid)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- A code for whoever has it. Only its hash is stored.
CREATE TABLE IF NOT EXISTS groupcode (
  code_hash  VARBINARY(64) NOT NULL,
  groupid    INT           NOT NULL,
  created_by INT           NOT NULL,
  expires_at BIGINT        NOT NULL,  -- ms since 1970
  uses_left  INT           NOT NULL,
  PRIMARY KEY (code_hash),
  KEY groupcode_by_groupid (groupid)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
