-- +goose Up
-- Copies of keys that left the key folder, a row for each key in each copy: who keeps it and where.
-- kind: folder (a copy of the key folder), paper (one key as a line of text).
-- state: out; called (its key was destroyed, the holder has yet to prove this copy gone); ended.
CREATE TABLE key_copy (
  district INTEGER NOT NULL,
  id       BIGINT  NOT NULL,
  key_id   TEXT    NOT NULL,
  kind     TEXT    NOT NULL,
  holder   TEXT    NOT NULL,
  place    TEXT    NOT NULL,
  folder   TEXT    NOT NULL,
  made_by  TEXT    NOT NULL,
  made_ms  BIGINT  NOT NULL,
  state    TEXT    NOT NULL DEFAULT 'out',
  ended_by TEXT    NOT NULL DEFAULT '',
  ended_ms BIGINT  NOT NULL DEFAULT 0,
  PRIMARY KEY (district, id, key_id)
);
CREATE INDEX key_copy_key ON key_copy (district, key_id, id);

-- Keys destroyed as required: one that comes back with an old copy of the folder is destroyed again.
CREATE TABLE key_end (
  district INTEGER NOT NULL,
  key_id   TEXT    NOT NULL,
  ended_by TEXT    NOT NULL,
  ended_ms BIGINT  NOT NULL,
  PRIMARY KEY (district, key_id)
);

-- +goose Down
DROP TABLE key_end; DROP TABLE key_copy;
