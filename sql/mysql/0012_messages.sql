-- Mentions, and what each user has set for its conversations.

-- Who is mentioned by a group's message; userid 0: everybody.
CREATE TABLE IF NOT EXISTS mention (
  userid  INT    NOT NULL,
  groupid INT    NOT NULL,
  seq     BIGINT NOT NULL,
  PRIMARY KEY (userid, groupid, seq)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- A conversation is with a group or with another user. hidden_at: it is not listed until a message
-- comes that is newer; ms since 1970.
CREATE TABLE IF NOT EXISTS conversation (
  userid    INT    NOT NULL,
  groupid   INT    NOT NULL DEFAULT 0,
  otherid   INT    NOT NULL DEFAULT 0,
  pinned    BOOL   NOT NULL DEFAULT FALSE,
  muted     BOOL   NOT NULL DEFAULT FALSE,
  hidden_at BIGINT NOT NULL DEFAULT 0,
  PRIMARY KEY (userid, groupid, otherid)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- A text that was recalled or edited has `ref`, too: the seq of the newest event that did it.

-- With the kind of event rows, and what was done to a text: `extra` of either.
CREATE OR REPLACE SQL SECURITY INVOKER VIEW offlinemessage (userid, message) AS
SELECT m.recipient,
       JSON_MERGE_PATCH(
           JSON_OBJECT('msgid', 6, 'id', m.sender, 'name', COALESCE(u.name, ''),
                       'toid', m.recipient, 'msg', m.body, 'ts', m.sent_at, 'seq', m.seq,
                       'cid', CONVERT(m.cid USING utf8mb4)),
           JSON_OBJECT('kind', CONVERT(m.kind USING utf8mb4)),
           COALESCE(m.extra, '{}'))
  FROM directcursor c
  JOIN directmessage m ON m.recipient = c.recipient AND m.sender = c.sender
                      AND m.seq > c.delivered_seq
  LEFT JOIN user u ON u.id = m.sender
UNION ALL
SELECT gu.userid,
       JSON_MERGE_PATCH(
           JSON_OBJECT('msgid', 10, 'id', m.sender, 'name', COALESCE(u.name, ''),
                       'groupid', m.groupid, 'msg', m.body, 'ts', m.sent_at, 'seq', m.seq,
                       'cid', CONVERT(m.cid USING utf8mb4)),
           JSON_OBJECT('kind', CONVERT(m.kind USING utf8mb4)),
           COALESCE(m.extra, '{}'))
  FROM groupuser gu
  JOIN groupmessage m ON m.groupid = gu.groupid AND m.seq > gu.delivered_seq
                     AND m.sender <> gu.userid
                     AND (gu.left_seq = 0 OR m.seq <= gu.left_seq)
  LEFT JOIN user u ON u.id = m.sender;
