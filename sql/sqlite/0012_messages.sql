-- Mentions, and what each user has set for its conversations. See sql/mysql/0012_messages.sql.

CREATE TABLE mention (
  userid  INTEGER NOT NULL,
  groupid INTEGER NOT NULL,
  seq     INTEGER NOT NULL,
  PRIMARY KEY (userid, groupid, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX mention_by_message ON mention (groupid, seq);

CREATE TABLE conversation (
  userid         INTEGER NOT NULL,
  groupid        INTEGER NOT NULL DEFAULT 0,  -- or
  otherid        INTEGER NOT NULL DEFAULT 0,
  pinned         INTEGER NOT NULL DEFAULT 0,
  muted          INTEGER NOT NULL DEFAULT 0,
  hidden_seq     INTEGER NOT NULL DEFAULT 0,
  hidden_own_seq INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (userid, groupid, otherid)
) STRICT, WITHOUT ROWID;

-- With the kind of event rows, and what was done to a text: `extra` of either.
DROP VIEW offlinemessage;
CREATE VIEW offlinemessage (userid, message) AS
SELECT m.userid,
       json_patch('{}',
                  json_patch(json_object('msgid', m.msgid, 'id', m.sender,
                                         'name', coalesce(u.name, ''), 'toid', m.toid,
                                         'groupid', m.groupid, 'msg', m.body, 'ts', m.sent_at,
                                         'seq', m.seq, 'cid', m.cid, 'kind', m.kind),
                             coalesce(m.extra, '{}')))
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

CREATE INDEX directcursor_by_sender ON directcursor (sender);

CREATE INDEX groupmessage_by_sender ON groupmessage (groupid, sender, kind, seq);

ALTER TABLE allgroup ADD COLUMN text_seq INTEGER NOT NULL DEFAULT 0;
ALTER TABLE allgroup ADD COLUMN text_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE allgroup ADD COLUMN text_n INTEGER NOT NULL DEFAULT 0;
UPDATE allgroup SET text_seq =
  COALESCE((SELECT m.seq FROM groupmessage m WHERE m.groupid = allgroup.id AND m.kind IS NULL
             ORDER BY m.seq DESC LIMIT 1), 0);
UPDATE allgroup SET (text_at, text_n) =
  (SELECT m.sent_at, COALESCE(m.n, m.seq) FROM groupmessage m
    WHERE m.groupid = allgroup.id AND m.seq = allgroup.text_seq)
 WHERE text_seq > 0;
