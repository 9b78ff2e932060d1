-- +goose Up
-- What any service needs: outbox, jobs, audit, photos, keys. Times are UTC milliseconds; 0 means "not (yet)".
CREATE TABLE wangge (
  key   TEXT NOT NULL PRIMARY KEY,
  value TEXT NOT NULL
);

CREATE TABLE outbox (
  district       INTEGER NOT NULL,
  id             BIGINT  NOT NULL,
  topic          TEXT    NOT NULL,
  payload        TEXT    NOT NULL,
  due_ms         BIGINT  NOT NULL,
  attempts       INTEGER NOT NULL DEFAULT 0,
  lease_until_ms BIGINT  NOT NULL DEFAULT 0,
  done_ms        BIGINT  NOT NULL DEFAULT 0,
  PRIMARY KEY (district, id)
);
CREATE INDEX outbox_due ON outbox (done_ms, due_ms);

CREATE TABLE job (
  district   INTEGER NOT NULL,
  id         BIGINT  NOT NULL,
  kind       TEXT    NOT NULL,
  object_id  BIGINT  NOT NULL DEFAULT 0,
  state      TEXT    NOT NULL,
  done       BIGINT  NOT NULL DEFAULT 0,
  total      BIGINT  NOT NULL DEFAULT 0,
  message    TEXT    NOT NULL DEFAULT '',
  account_id BIGINT  NOT NULL DEFAULT 0,
  started_ms BIGINT  NOT NULL,
  ended_ms   BIGINT  NOT NULL DEFAULT 0,
  PRIMARY KEY (district, id)
);

CREATE TABLE audit_entry (
  district   INTEGER NOT NULL,
  id         BIGINT  NOT NULL,
  chain      BIGINT  NOT NULL,
  seq        BIGINT  NOT NULL,
  at_ms      BIGINT  NOT NULL,
  account_id BIGINT  NOT NULL DEFAULT 0,
  post_id    BIGINT  NOT NULL DEFAULT 0,
  action     TEXT    NOT NULL,
  object     TEXT    NOT NULL DEFAULT '',
  object_id  BIGINT  NOT NULL DEFAULT 0,
  purpose    TEXT    NOT NULL DEFAULT '',
  detail     TEXT    NOT NULL DEFAULT '',
  PRIMARY KEY (district, id)
);
CREATE INDEX audit_entry_chain ON audit_entry (district, chain, seq);
CREATE INDEX audit_entry_object ON audit_entry (district, object_id, at_ms);
CREATE INDEX audit_entry_account ON audit_entry (district, account_id, at_ms);

CREATE TABLE audit_link (
  district INTEGER NOT NULL,
  chain    BIGINT  NOT NULL,
  seq      BIGINT  NOT NULL,
  entries  INTEGER NOT NULL,
  at_ms    BIGINT  NOT NULL,
  prev     BYTEA   NOT NULL,
  hash     BYTEA   NOT NULL,
  PRIMARY KEY (district, chain, seq)
);

CREATE TABLE audit_root (
  district INTEGER NOT NULL,
  seq      BIGINT  NOT NULL,
  at_ms    BIGINT  NOT NULL,
  heads    TEXT    NOT NULL,
  prev     BYTEA   NOT NULL,
  hash     BYTEA   NOT NULL,
  PRIMARY KEY (district, seq)
);

CREATE TABLE look (
  district   INTEGER NOT NULL,
  person_id  BIGINT  NOT NULL,
  day        TEXT    NOT NULL,
  account_id BIGINT  NOT NULL,
  purpose    TEXT    NOT NULL,
  role       TEXT    NOT NULL,
  post_id    BIGINT  NOT NULL DEFAULT 0,
  first_ms   BIGINT  NOT NULL,
  PRIMARY KEY (district, person_id, day, account_id, purpose)
);

CREATE TABLE photo (
  district   INTEGER NOT NULL,
  id         BIGINT  NOT NULL,
  register   TEXT    NOT NULL,
  width      INTEGER NOT NULL,
  height     INTEGER NOT NULL,
  bytes      INTEGER NOT NULL,
  sealed     BYTEA   NOT NULL,
  account_id BIGINT  NOT NULL,
  created_ms BIGINT  NOT NULL,
  PRIMARY KEY (district, id)
);

-- +goose Down
DROP TABLE photo; DROP TABLE look; DROP TABLE audit_root; DROP TABLE audit_link; DROP TABLE audit_entry; DROP TABLE job; DROP TABLE outbox; DROP TABLE wangge;
