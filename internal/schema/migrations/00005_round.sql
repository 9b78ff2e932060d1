-- +goose Up
CREATE TABLE emergency (
  district   INTEGER NOT NULL,
  id         BIGINT  NOT NULL,
  name       TEXT    NOT NULL,
  basis      TEXT    NOT NULL,
  purpose    TEXT    NOT NULL,
  recipients TEXT    NOT NULL,
  retention_days INTEGER NOT NULL,
  register   TEXT    NOT NULL,
  drill      INTEGER NOT NULL DEFAULT 0,
  state      TEXT    NOT NULL,
  account_id BIGINT  NOT NULL,
  opened_ms  BIGINT  NOT NULL,
  ended_ms   BIGINT  NOT NULL DEFAULT 0,
  PRIMARY KEY (district, id)
);

CREATE TABLE form (
  district   INTEGER NOT NULL,
  id         BIGINT  NOT NULL,
  name       TEXT    NOT NULL,
  version    INTEGER NOT NULL,
  fields     TEXT    NOT NULL,
  area_id    BIGINT  NOT NULL,
  account_id BIGINT  NOT NULL,
  created_ms BIGINT  NOT NULL,
  until_ms   BIGINT  NOT NULL DEFAULT 0,
  PRIMARY KEY (district, id)
);

-- state: draft, submitted, opening, open, closed, withdrawn.
CREATE TABLE round (
  district     INTEGER NOT NULL,
  id           BIGINT  NOT NULL,
  emergency_id BIGINT  NOT NULL,
  area_id      BIGINT  NOT NULL,
  name         TEXT    NOT NULL,
  kind         TEXT    NOT NULL,
  target_kind  TEXT    NOT NULL,
  form_id      BIGINT  NOT NULL,
  filter       TEXT    NOT NULL,
  per_member   INTEGER NOT NULL DEFAULT 0,
  needs_photo  INTEGER NOT NULL DEFAULT 0,
  state        TEXT    NOT NULL,
  cost         TEXT    NOT NULL DEFAULT '',
  due_ms       BIGINT  NOT NULL,
  created_by   BIGINT  NOT NULL,
  created_post BIGINT  NOT NULL,
  created_ms   BIGINT  NOT NULL,
  approved_by  BIGINT  NOT NULL DEFAULT 0,
  approved_post BIGINT NOT NULL DEFAULT 0,
  approved_ms  BIGINT  NOT NULL DEFAULT 0,
  closed_by    BIGINT  NOT NULL DEFAULT 0,
  closed_ms    BIGINT  NOT NULL DEFAULT 0,
  PRIMARY KEY (district, id)
);

-- One run of a round over its frozen list; a one-off round has one, n = 1.
CREATE TABLE occurrence (
  district  INTEGER NOT NULL,
  id        BIGINT  NOT NULL,
  round_id  BIGINT  NOT NULL,
  n         INTEGER NOT NULL,
  state     TEXT    NOT NULL,
  job_id    BIGINT  NOT NULL DEFAULT 0,
  opened_ms BIGINT  NOT NULL,
  due_ms    BIGINT  NOT NULL,
  closed_ms BIGINT  NOT NULL DEFAULT 0,
  version   BIGINT  NOT NULL DEFAULT 0,
  PRIMARY KEY (district, id)
);
CREATE INDEX occurrence_round ON occurrence (district, round_id);

-- state: 0 outstanding, 1 attempted (still outstanding), 2 done, 3 exempt.
CREATE TABLE target (
  district      INTEGER NOT NULL,
  occurrence_id BIGINT  NOT NULL,
  object_id     BIGINT  NOT NULL,
  door_id       BIGINT  NOT NULL DEFAULT 0,
  leaf_id       BIGINT  NOT NULL,
  grid_id       BIGINT  NOT NULL,
  line_no       INTEGER NOT NULL,
  state         INTEGER NOT NULL DEFAULT 0,
  reason        TEXT    NOT NULL DEFAULT '',
  valid_until_ms BIGINT NOT NULL DEFAULT 0,
  attempts      INTEGER NOT NULL DEFAULT 0,
  marked_ms     BIGINT  NOT NULL DEFAULT 0,
  mark_id       BIGINT  NOT NULL DEFAULT 0,
  bulk          INTEGER NOT NULL DEFAULT 0,
  joined_ms     BIGINT  NOT NULL DEFAULT 0,
  join_reason   TEXT    NOT NULL DEFAULT '',
  PRIMARY KEY (district, occurrence_id, object_id)
);
CREATE INDEX target_leaf ON target (district, occurrence_id, leaf_id, state);
CREATE INDEX target_grid ON target (district, occurrence_id, grid_id, state);

-- Append only. prev_id leads from the current mark of a target back through its history.
CREATE TABLE mark (
  district      INTEGER NOT NULL,
  id            BIGINT  NOT NULL,
  occurrence_id BIGINT  NOT NULL,
  object_id     BIGINT  NOT NULL,
  prev_id       BIGINT  NOT NULL,
  result        TEXT    NOT NULL,
  class         INTEGER NOT NULL,
  reason        TEXT    NOT NULL DEFAULT '',
  how           TEXT    NOT NULL,
  bulk          INTEGER NOT NULL DEFAULT 0,
  late          INTEGER NOT NULL DEFAULT 0,
  account_id    BIGINT  NOT NULL,
  post_id       BIGINT  NOT NULL,
  client_key    TEXT    NOT NULL,
  payload_hash  BYTEA   NOT NULL,
  claimed_ms    BIGINT  NOT NULL,
  corrected_ms  BIGINT  NOT NULL,
  received_ms   BIGINT  NOT NULL,
  photo_id      BIGINT  NOT NULL DEFAULT 0,
  register      TEXT    NOT NULL,
  sealed        BYTEA   NOT NULL,
  PRIMARY KEY (district, id)
);
CREATE UNIQUE INDEX mark_client ON mark (district, account_id, client_key);

-- Counters per (occurrence, lowest place, lowest grid), kept in the mark's transaction. outstanding = total - done - exempt.
CREATE TABLE counter (
  district      INTEGER NOT NULL,
  occurrence_id BIGINT  NOT NULL,
  leaf_id       BIGINT  NOT NULL,
  grid_id       BIGINT  NOT NULL,
  total         INTEGER NOT NULL,
  done          INTEGER NOT NULL DEFAULT 0,
  exempt        INTEGER NOT NULL DEFAULT 0,
  attempted     INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (district, occurrence_id, leaf_id, grid_id)
);

CREATE TABLE answer_count (
  district      INTEGER NOT NULL,
  occurrence_id BIGINT  NOT NULL,
  leaf_id       BIGINT  NOT NULL,
  grid_id       BIGINT  NOT NULL,
  field         TEXT    NOT NULL,
  choice        TEXT    NOT NULL,
  n             INTEGER NOT NULL,
  PRIMARY KEY (district, occurrence_id, leaf_id, grid_id, field, choice)
);

CREATE TABLE recheck (
  district      INTEGER NOT NULL,
  id            BIGINT  NOT NULL,
  occurrence_id BIGINT  NOT NULL,
  place_id      BIGINT  NOT NULL,
  seed          TEXT    NOT NULL,
  permille      INTEGER NOT NULL,
  population    INTEGER NOT NULL,
  account_id    BIGINT  NOT NULL,
  post_id       BIGINT  NOT NULL,
  created_ms    BIGINT  NOT NULL,
  PRIMARY KEY (district, id)
);
CREATE INDEX recheck_occurrence ON recheck (district, occurrence_id);

-- outcome: '' not yet, same, differs, absent.
CREATE TABLE recheck_item (
  district    INTEGER NOT NULL,
  recheck_id  BIGINT  NOT NULL,
  object_id   BIGINT  NOT NULL,
  mark_id     BIGINT  NOT NULL,
  bulk        INTEGER NOT NULL,
  outcome     TEXT    NOT NULL DEFAULT '',
  differs     TEXT    NOT NULL DEFAULT '',
  account_id  BIGINT  NOT NULL DEFAULT 0,
  at_ms       BIGINT  NOT NULL DEFAULT 0,
  register    TEXT    NOT NULL,
  sealed      BYTEA   NOT NULL,
  PRIMARY KEY (district, recheck_id, object_id)
);

-- +goose Down
DROP TABLE recheck_item; DROP TABLE recheck; DROP TABLE answer_count; DROP TABLE counter; DROP TABLE mark; DROP TABLE target; DROP TABLE occurrence; DROP TABLE round; DROP TABLE form; DROP TABLE emergency;
