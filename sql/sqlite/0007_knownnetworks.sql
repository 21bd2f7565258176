-- The networks from which each account was logged in to by password. Wrong passwords from elsewhere
-- do not lock out logins from these.

CREATE TABLE IF NOT EXISTS knownnetwork (
  userid    INTEGER NOT NULL,
  network   TEXT    NOT NULL,  -- an IPv4 address, or the /64 of an IPv6 one
  last_seen INTEGER NOT NULL,  -- ms since 1970
  PRIMARY KEY (userid, network)
) STRICT, WITHOUT ROWID;
