-- +goose Up
CREATE TABLE account (
  district      INTEGER NOT NULL,
  id            BIGINT  NOT NULL,
  login_hash    BYTEA   NOT NULL,
  phone_hash    BYTEA   NOT NULL,
  sealed        BYTEA   NOT NULL,
  password      TEXT    NOT NULL,
  must_change   INTEGER NOT NULL DEFAULT 0,
  lang          TEXT    NOT NULL DEFAULT 'zh',
  state         TEXT    NOT NULL,
  failed        INTEGER NOT NULL DEFAULT 0,
  locked_until_ms BIGINT NOT NULL DEFAULT 0,
  worker        INTEGER NOT NULL DEFAULT 0,
  created_ms    BIGINT  NOT NULL,
  PRIMARY KEY (district, id)
);
CREATE UNIQUE INDEX account_login ON account (district, login_hash);
CREATE INDEX account_phone ON account (district, phone_hash);

CREATE TABLE session (
  district   INTEGER NOT NULL,
  hash       BYTEA   NOT NULL,
  id         BIGINT  NOT NULL,
  account_id BIGINT  NOT NULL,
  device     TEXT    NOT NULL,
  created_ms BIGINT  NOT NULL,
  seen_ms    BIGINT  NOT NULL,
  expires_ms BIGINT  NOT NULL,
  ended_ms   BIGINT  NOT NULL DEFAULT 0,
  PRIMARY KEY (district, hash)
);
CREATE INDEX session_account ON session (district, account_id);

CREATE TABLE token (
  district   INTEGER NOT NULL,
  hash       BYTEA   NOT NULL,
  id         BIGINT  NOT NULL,
  account_id BIGINT  NOT NULL,
  post_id    BIGINT  NOT NULL,
  name       TEXT    NOT NULL,
  created_ms BIGINT  NOT NULL,
  expires_ms BIGINT  NOT NULL,
  ended_ms   BIGINT  NOT NULL DEFAULT 0,
  PRIMARY KEY (district, hash)
);

CREATE TABLE one_time_code (
  district   INTEGER NOT NULL,
  hash       BYTEA   NOT NULL,
  kind       TEXT    NOT NULL,
  account_id BIGINT  NOT NULL DEFAULT 0,
  issued_by  BIGINT  NOT NULL DEFAULT 0,
  created_ms BIGINT  NOT NULL,
  expires_ms BIGINT  NOT NULL,
  used_ms    BIGINT  NOT NULL DEFAULT 0,
  PRIMARY KEY (district, hash)
);

CREATE TABLE idempotency (
  district     INTEGER NOT NULL,
  account_id   BIGINT  NOT NULL,
  client_key   TEXT    NOT NULL,
  payload_hash BYTEA   NOT NULL,
  status       INTEGER NOT NULL DEFAULT 0,
  response     BYTEA   NOT NULL,
  created_ms   BIGINT  NOT NULL,
  PRIMARY KEY (district, account_id, client_key)
);
CREATE INDEX idempotency_age ON idempotency (created_ms);

-- +goose Down
DROP TABLE idempotency; DROP TABLE one_time_code; DROP TABLE token; DROP TABLE session; DROP TABLE account;
