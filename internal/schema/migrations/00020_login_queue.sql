-- +goose Up
-- Tickets of the log-in queue that were used, until they are too old to be.
CREATE TABLE spent_ticket (
  district   INTEGER NOT NULL,
  hash       BYTEA   NOT NULL,
  expires_ms BIGINT  NOT NULL,
  PRIMARY KEY (district, hash)
);

-- Failed tries of the last minutes, counted for all processes together: of an
-- address, a log-in name, a code. The key is a keyed hash. failures counts since
-- since_ms, in_row since the last success.
CREATE TABLE failed_try (
  district INTEGER NOT NULL,
  key_hash BYTEA   NOT NULL,
  failures INTEGER NOT NULL,
  since_ms BIGINT  NOT NULL,
  in_row   INTEGER NOT NULL,
  last_ms  BIGINT  NOT NULL,
  PRIMARY KEY (district, key_hash)
);

-- +goose Down
DROP TABLE failed_try;
DROP TABLE spent_ticket;
