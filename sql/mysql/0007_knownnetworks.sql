-- The networks from which each account was logged in to by password. Wrong passwords from elsewhere
-- do not lock out logins from these.

CREATE TABLE IF NOT EXISTS knownnetwork (
  userid    INT         NOT NULL,
  network   VARCHAR(64) NOT NULL,  -- an IPv4 address, or the /64 of an IPv6 one
  last_seen BIGINT      NOT NULL,  -- ms since 1970
  PRIMARY KEY (userid, network)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
