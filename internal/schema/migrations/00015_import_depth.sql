-- +goose Up
-- A job is held by one process, which says again and again that it still is;
-- one whose holder fell silent is another's to end.
ALTER TABLE job ADD COLUMN owner TEXT NOT NULL DEFAULT '';
ALTER TABLE job ADD COLUMN beat_ms BIGINT NOT NULL DEFAULT 0;

-- What the undoing of an import left as it is, because it was changed since.
CREATE TABLE import_kept (
  district  INTEGER NOT NULL,
  import_id BIGINT  NOT NULL,
  object    TEXT    NOT NULL,
  object_id BIGINT  NOT NULL,
  reason    TEXT    NOT NULL,
  PRIMARY KEY (district, import_id, object, object_id)
);

-- Where a roster and the ledger disagree. class: differs, only_here, only_there.
-- fields: the differing fields between commas; newest: those of them for which
-- the roster is the later one. picks: what a person decided, field by field
-- (JSON, keys only). sealed: both sides in words.
CREATE TABLE import_item (
  district  INTEGER NOT NULL,
  import_id BIGINT  NOT NULL,
  seq       INTEGER NOT NULL,
  class     TEXT    NOT NULL,
  door_id   BIGINT  NOT NULL,
  person_id BIGINT  NOT NULL,
  row_key   TEXT    NOT NULL,
  fields    TEXT    NOT NULL,
  newest    TEXT    NOT NULL,
  picks     TEXT    NOT NULL,
  sealed    BYTEA   NOT NULL,
  PRIMARY KEY (district, import_id, seq)
);
CREATE INDEX import_item_class ON import_item (district, import_id, class, seq);

-- Whose word counts, field by field, for the rosters of a source.
CREATE TABLE import_rule (
  district   INTEGER NOT NULL,
  area_id    BIGINT  NOT NULL,
  source     TEXT    NOT NULL,
  rules      TEXT    NOT NULL,
  account_id BIGINT  NOT NULL,
  updated_ms BIGINT  NOT NULL,
  PRIMARY KEY (district, area_id, source)
);
