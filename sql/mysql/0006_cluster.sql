-- State shared by all servers of one database, and what a node's row tells the others about it.

-- Exactly one row, which the first server inserts. `id` keeps two clusters apart that use one Redis.
-- Every starting server raises `starts`, so that starts run one after the other; on Galera, where
-- row locks do not cross nodes, the second of two fails at COMMIT and begins again.
CREATE TABLE IF NOT EXISTS cluster (
  one    TINYINT       NOT NULL DEFAULT 1,
  id     VARBINARY(32) NOT NULL,           -- 128 random bits as hex
  starts BIGINT        NOT NULL DEFAULT 0,
  PRIMARY KEY (one),
  CONSTRAINT cluster_one CHECK (one = 1)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- alone: has no bus, so no other server may use the database.
-- mute: its bus is down, so the others must read the tables for what it cannot publish.
-- holder: the process and its address, for people and for a conflicting server. connection_ids is
-- no longer used.
SET @step = IF(
  (SELECT COUNT(*) FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'node' AND column_name = 'holder') > 0,
  'DO 0',
  'ALTER TABLE node ADD COLUMN alone TINYINT NOT NULL DEFAULT 0,
                    ADD COLUMN mute TINYINT NOT NULL DEFAULT 0,
                    ADD COLUMN holder VARCHAR(1000) NOT NULL DEFAULT ''''');
PREPARE step FROM @step;
EXECUTE step;
DEALLOCATE PREPARE step;

-- No server runs during this migration (EarlierServers). A server that was only suspended finds its
-- epoch raised, and exits.
UPDATE node SET epoch = epoch + 1, lease_until = 0, connection_ids = '';
UPDATE user SET state = 'offline', node_id = NULL, node_epoch = 0 WHERE state = 'online';

-- Created before its definition specified these.
ALTER TABLE schema_version ENGINE=InnoDB;
ALTER TABLE schema_version CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
ALTER TABLE schema_version DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Each node's recent hints, for nodes that the bus does not reach. Written and read only while the
-- bus is impaired; `number` grows with each write of a life of the node.
CREATE TABLE IF NOT EXISTS nodehint (
  node_id    INT        NOT NULL,
  node_epoch BIGINT     NOT NULL,
  number     BIGINT     NOT NULL,
  hints      MEDIUMTEXT NOT NULL,
  PRIMARY KEY (node_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
