-- Mentions, and what each user has set for its conversations.

-- Who is mentioned by a group's message; userid 0: everybody.
CREATE TABLE IF NOT EXISTS mention (
  userid  INT    NOT NULL,
  groupid INT    NOT NULL,
  seq     BIGINT NOT NULL,
  PRIMARY KEY (userid, groupid, seq),
  KEY mention_by_message (groupid, seq)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- A conversation is with a group or with another user. It is hidden while its newest countable message
-- is the one that hidden_seq names; in a direct chat hidden_seq is that of the other's stream and
-- hidden_own_seq that of one's own. 0: not hidden.
CREATE TABLE IF NOT EXISTS conversation (
  userid         INT    NOT NULL,
  groupid        INT    NOT NULL DEFAULT 0,
  otherid        INT    NOT NULL DEFAULT 0,
  pinned         BOOL   NOT NULL DEFAULT FALSE,
  muted          BOOL   NOT NULL DEFAULT FALSE,
  hidden_seq     BIGINT NOT NULL DEFAULT 0,
  hidden_own_seq BIGINT NOT NULL DEFAULT 0,
  PRIMARY KEY (userid, groupid, otherid)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- A text that was recalled or edited has `ref`, too: the seq of the newest event that did it.

-- With the kind of event rows, and what was done to a text: `extra` of either.
CREATE OR REPLACE SQL SECURITY INVOKER VIEW offlinemessage (userid, message) AS
SELECT m.userid,
       JSON_MERGE_PATCH(
           '{}',
           JSON_OBJECT('msgid', m.msgid, 'id', m.sender, 'name', COALESCE(u.name, ''),
                       'toid', m.toid, 'groupid', m.groupid, 'msg', m.body, 'ts', m.sent_at,
                       'seq', m.seq, 'cid', CONVERT(m.cid USING utf8mb4),
                       'kind', CONVERT(m.kind USING utf8mb4)),
           COALESCE(m.extra, '{}'))
  FROM (SELECT c.recipient AS userid, 6 AS msgid, c.recipient AS toid, NULL AS groupid,
               m.sender, m.body, m.sent_at, m.seq, m.cid, m.kind, m.extra
          FROM directcursor c
          JOIN directmessage m ON m.recipient = c.recipient AND m.sender = c.sender
                              AND m.seq > c.delivered_seq
        UNION ALL
        SELECT gu.userid, 10, NULL, m.groupid,
               m.sender, m.body, m.sent_at, m.seq, m.cid, m.kind, m.extra
          FROM groupuser gu
          JOIN groupmessage m ON m.groupid = gu.groupid AND m.seq > gu.delivered_seq
                             AND m.sender <> gu.userid
                             AND (gu.left_seq = 0 OR m.seq <= gu.left_seq)) m
  LEFT JOIN user u ON u.id = m.sender;

-- directcursor_by_sender: the conversations that a user has begun.
SET @step = IF(
  (SELECT COUNT(*) FROM information_schema.statistics
    WHERE table_schema = DATABASE() AND table_name = 'directcursor'
      AND index_name = 'directcursor_by_sender') > 0,
  'DO 0',
  'ALTER TABLE directcursor ADD KEY directcursor_by_sender (sender)');
PREPARE step FROM @step;
EXECUTE step;
DEALLOCATE PREPARE step;

-- groupmessage_by_sender: a member's newest text, up to which it has read the group.
SET @step = IF(
  (SELECT COUNT(*) FROM information_schema.statistics
    WHERE table_schema = DATABASE() AND table_name = 'groupmessage'
      AND index_name = 'groupmessage_by_sender') > 0,
  'DO 0',
  'ALTER TABLE groupmessage ADD KEY groupmessage_by_sender (groupid, sender, kind, seq)');
PREPARE step FROM @step;
EXECUTE step;
DEALLOCATE PREPARE step;

-- text_seq: the newest countable message, as last_seq is the newest of any kind. 0: none. Its time
-- and its number are here too, so that the list of conversations needs no message of each group.
SET @step = IF(
  (SELECT COUNT(*) FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'allgroup' AND column_name = 'text_seq') > 0,
  'DO 0',
  'ALTER TABLE allgroup ADD COLUMN text_seq BIGINT NOT NULL DEFAULT 0,
                    ADD COLUMN text_at BIGINT NOT NULL DEFAULT 0,
                    ADD COLUMN text_n BIGINT NOT NULL DEFAULT 0');
PREPARE step FROM @step;
EXECUTE step;
DEALLOCATE PREPARE step;
UPDATE allgroup SET text_seq =
  COALESCE((SELECT m.seq FROM groupmessage m WHERE m.groupid = allgroup.id AND m.kind IS NULL
             ORDER BY m.seq DESC LIMIT 1), 0);
UPDATE allgroup g JOIN groupmessage m ON m.groupid = g.id AND m.seq = g.text_seq
   SET g.text_at = m.sent_at, g.text_n = COALESCE(m.n, m.seq);
