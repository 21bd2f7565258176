-- Server processes. A node's epoch numbers its lives: users held by an earlier life are free.

CREATE TABLE IF NOT EXISTS node (
  id             INT            NOT NULL AUTO_INCREMENT,
  name           VARBINARY(300) NOT NULL,
  epoch          BIGINT         NOT NULL DEFAULT 0,
  lease_until    BIGINT         NOT NULL DEFAULT 0,  -- ms since 1970, the database's clock
  connection_ids VARCHAR(4000)  NOT NULL DEFAULT '', -- its database connections, comma separated
  PRIMARY KEY (id),
  UNIQUE KEY node_by_name (name)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
