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
