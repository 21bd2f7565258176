-- What operators do to people: ended sessions, disabled accounts, and who may register.
-- disabled_at: ms since 1970; 0: not disabled. kicked_epoch: the session_epoch with which an
-- operator last ended the user's sessions; it tells a server why a session here is older.

SET @step = IF(
  (SELECT COUNT(*) FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'user' AND column_name = 'disabled_at') > 0,
  'DO 0',
  'ALTER TABLE user ADD COLUMN disabled_at BIGINT NOT NULL DEFAULT 0,
                    ADD COLUMN kicked_epoch BIGINT NOT NULL DEFAULT 0');
PREPARE step FROM @step;
EXECUTE step;
DEALLOCATE PREPARE step;

-- Settings that an operator changes while the servers run: 'registration' is open, closed or invite.
CREATE TABLE IF NOT EXISTS setting (
  name  VARBINARY(50)  NOT NULL,
  value VARBINARY(200) NOT NULL,
  PRIMARY KEY (name)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
-- A row exists from the beginning, because registrations lock it.
INSERT IGNORE INTO setting (name, value) VALUES ('registration', 'open');

-- Codes that allow a registration while it is by invitation. Only their hashes are stored.
CREATE TABLE IF NOT EXISTS registrationcode (
  code_hash  VARBINARY(64) NOT NULL,
  expires_at BIGINT        NOT NULL,  -- ms since 1970
  uses_left  INT           NOT NULL,
  PRIMARY KEY (code_hash)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
