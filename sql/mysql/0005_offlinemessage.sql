-- Pending messages by recipient, for people and tools. The server itself never reads this view. It
-- shows the messages past each recipient's delivered position, except a user's own group messages.

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
  LEFT JOIN user u ON u.id = m.sender;
