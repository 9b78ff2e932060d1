-- +goose Up
-- register: 'standing' or 'emergency-<id>': the key under which sealed blobs and hashes of the row are made.
CREATE TABLE household (
  district   INTEGER NOT NULL,
  id         BIGINT  NOT NULL,
  door_id    BIGINT  NOT NULL,
  kind       TEXT    NOT NULL,
  registered_count INTEGER NOT NULL DEFAULT 0,
  living_count     INTEGER NOT NULL DEFAULT 0,
  register   TEXT    NOT NULL,
  sealed     BYTEA   NOT NULL,
  version    INTEGER NOT NULL DEFAULT 1,
  from_ms    BIGINT  NOT NULL,
  until_ms   BIGINT  NOT NULL DEFAULT 0,
  until_reason TEXT  NOT NULL DEFAULT '',
  PRIMARY KEY (district, id)
);
CREATE INDEX household_door ON household (district, door_id);

CREATE TABLE person (
  district     INTEGER NOT NULL,
  id           BIGINT  NOT NULL,
  household_id BIGINT  NOT NULL,
  door_id      BIGINT  NOT NULL,
  register     TEXT    NOT NULL,
  registered   INTEGER NOT NULL,
  lives_here   INTEGER NOT NULL,
  sealed       BYTEA   NOT NULL,
  version      INTEGER NOT NULL DEFAULT 1,
  from_ms      BIGINT  NOT NULL,
  until_ms     BIGINT  NOT NULL DEFAULT 0,
  until_reason TEXT    NOT NULL DEFAULT '',
  PRIMARY KEY (district, id)
);
CREATE INDEX person_household ON person (district, household_id);
CREATE INDEX person_door ON person (district, door_id);

-- Keyed hashes for exact look-up; kind: phone, phone4, idno, name.
CREATE TABLE person_key (
  district  INTEGER NOT NULL,
  hash      BYTEA   NOT NULL,
  person_id BIGINT  NOT NULL,
  kind      TEXT    NOT NULL,
  PRIMARY KEY (district, hash, person_id)
);
CREATE INDEX person_key_person ON person_key (district, person_id);

CREATE TABLE care_item (
  district  INTEGER NOT NULL,
  id        BIGINT  NOT NULL,
  person_id BIGINT  NOT NULL,
  register  TEXT    NOT NULL,
  kind_hash BYTEA   NOT NULL,
  sealed    BYTEA   NOT NULL,
  from_ms   BIGINT  NOT NULL,
  until_ms  BIGINT  NOT NULL DEFAULT 0,
  PRIMARY KEY (district, id)
);
CREATE INDEX care_item_person ON care_item (district, person_id);

CREATE TABLE risk_item (
  district  INTEGER NOT NULL,
  id        BIGINT  NOT NULL,
  person_id BIGINT  NOT NULL,
  register  TEXT    NOT NULL,
  kind_hash BYTEA   NOT NULL,
  sealed    BYTEA   NOT NULL,
  from_ms   BIGINT  NOT NULL,
  until_ms  BIGINT  NOT NULL DEFAULT 0,
  PRIMARY KEY (district, id)
);
CREATE INDEX risk_item_person ON risk_item (district, person_id);

-- The person's file: everything recorded about a person, with author and source.
CREATE TABLE person_event (
  district   INTEGER NOT NULL,
  id         BIGINT  NOT NULL,
  person_id  BIGINT  NOT NULL,
  register   TEXT    NOT NULL,
  at_ms      BIGINT  NOT NULL,
  kind       TEXT    NOT NULL,
  account_id BIGINT  NOT NULL,
  post_id    BIGINT  NOT NULL DEFAULT 0,
  source     TEXT    NOT NULL,
  object_id  BIGINT  NOT NULL DEFAULT 0,
  sealed     BYTEA   NOT NULL,
  PRIMARY KEY (district, id)
);
CREATE INDEX person_event_person ON person_event (district, person_id, at_ms);

CREATE TABLE residence (
  district     INTEGER NOT NULL,
  id           BIGINT  NOT NULL,
  person_id    BIGINT  NOT NULL,
  household_id BIGINT  NOT NULL,
  door_id      BIGINT  NOT NULL,
  from_ms      BIGINT  NOT NULL,
  until_ms     BIGINT  NOT NULL DEFAULT 0,
  reason       TEXT    NOT NULL DEFAULT '',
  PRIMARY KEY (district, id)
);
CREATE INDEX residence_person ON residence (district, person_id);

-- state: staged, planned, applying, applied, failed, undone.
CREATE TABLE ledger_import (
  district   INTEGER NOT NULL,
  id         BIGINT  NOT NULL,
  area_id    BIGINT  NOT NULL,
  compound_id BIGINT NOT NULL DEFAULT 0,
  register   TEXT    NOT NULL,
  state      TEXT    NOT NULL,
  fingerprint TEXT   NOT NULL DEFAULT '',
  mapping    TEXT    NOT NULL DEFAULT '',
  sealed     BYTEA   NOT NULL,
  summary    TEXT    NOT NULL DEFAULT '',
  created    INTEGER NOT NULL DEFAULT 0,
  updated    INTEGER NOT NULL DEFAULT 0,
  unchanged  INTEGER NOT NULL DEFAULT 0,
  rejected   INTEGER NOT NULL DEFAULT 0,
  account_id BIGINT  NOT NULL,
  post_id    BIGINT  NOT NULL DEFAULT 0,
  created_ms BIGINT  NOT NULL,
  applied_ms BIGINT  NOT NULL DEFAULT 0,
  PRIMARY KEY (district, id)
);

-- The uploaded file, sealed in pieces, kept until the import is finished with.
CREATE TABLE import_file (
  district  INTEGER NOT NULL,
  import_id BIGINT  NOT NULL,
  part      INTEGER NOT NULL,
  sealed    BYTEA   NOT NULL,
  PRIMARY KEY (district, import_id, part)
);

-- The journal: what an import did to which record, with the record as it was before (sealed).
CREATE TABLE import_row (
  district  INTEGER NOT NULL,
  import_id BIGINT  NOT NULL,
  seq       INTEGER NOT NULL,
  action    TEXT    NOT NULL,
  object    TEXT    NOT NULL,
  object_id BIGINT  NOT NULL,
  before    BYTEA   NOT NULL,
  PRIMARY KEY (district, import_id, seq)
);

CREATE TABLE import_mapping (
  district    INTEGER NOT NULL,
  area_id     BIGINT  NOT NULL,
  fingerprint TEXT    NOT NULL,
  mapping     TEXT    NOT NULL,
  updated_ms  BIGINT  NOT NULL,
  PRIMARY KEY (district, area_id, fingerprint)
);

-- +goose Down
DROP TABLE import_mapping; DROP TABLE import_row; DROP TABLE import_file; DROP TABLE ledger_import; DROP TABLE residence; DROP TABLE person_event; DROP TABLE risk_item; DROP TABLE care_item; DROP TABLE person_key; DROP TABLE person; DROP TABLE household;
