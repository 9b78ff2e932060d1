-- +goose Up
-- Who made an account, and the area it was made for: an account without a post
-- belongs to that area.
ALTER TABLE account ADD COLUMN made_by BIGINT NOT NULL DEFAULT 0;
ALTER TABLE account ADD COLUMN home_id BIGINT NOT NULL DEFAULT 0;

-- The second step of a log-in: the sealed secret of an authenticator app. step
-- is the last time step a code was taken of, so that no code is taken twice;
-- confirmed_ms is 0 until the first code was right.
CREATE TABLE second_factor (
  district     INTEGER NOT NULL,
  account_id   BIGINT  NOT NULL,
  sealed       BYTEA   NOT NULL,
  step         BIGINT  NOT NULL DEFAULT 0,
  confirmed_ms BIGINT  NOT NULL DEFAULT 0,
  PRIMARY KEY (district, account_id)
);

-- Codes on paper for who lost the app; each is good once.
CREATE TABLE recovery_code (
  district   INTEGER NOT NULL,
  account_id BIGINT  NOT NULL,
  hash       BYTEA   NOT NULL,
  used_ms    BIGINT  NOT NULL DEFAULT 0,
  PRIMARY KEY (district, account_id, hash)
);

-- +goose Down
DROP TABLE recovery_code; DROP TABLE second_factor;
ALTER TABLE account DROP COLUMN home_id; ALTER TABLE account DROP COLUMN made_by;
