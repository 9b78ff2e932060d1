-- +goose Up
-- Rounds that come again, cut-offs and nil returns. recurrence is JSON, '' for a
-- round that runs once; current_id is the occurrence that is open now or was
-- last; next_ms is when the next one is to open, 0 for never; about_id is the
-- round whose figures a nil return reports.
ALTER TABLE round ADD COLUMN recurrence TEXT NOT NULL DEFAULT '';
ALTER TABLE round ADD COLUMN current_id BIGINT NOT NULL DEFAULT 0;
ALTER TABLE round ADD COLUMN next_ms BIGINT NOT NULL DEFAULT 0;
ALTER TABLE round ADD COLUMN about_id BIGINT NOT NULL DEFAULT 0;
UPDATE round SET current_id = COALESCE((SELECT MAX(o.id) FROM occurrence o WHERE o.district = round.district AND o.round_id = round.id), 0);

-- state: opening, open, closed, ended (the next one opened), missed (nothing ran
-- when it was due). planned_ms is when it was to open; cut_ms is the latest
-- cut-off: no mark is received before it any more.
ALTER TABLE occurrence ADD COLUMN planned_ms BIGINT NOT NULL DEFAULT 0;
ALTER TABLE occurrence ADD COLUMN cut_ms BIGINT NOT NULL DEFAULT 0;

-- What arrived after a cut-off is found by the time it was received.
CREATE INDEX mark_received ON mark (district, occurrence_id, received_ms);

-- A cut-off: figures frozen as of at_ms, with what they meant. state: taking, taken.
CREATE TABLE cutoff (
  district      INTEGER NOT NULL,
  id            BIGINT  NOT NULL,
  round_id      BIGINT  NOT NULL,
  occurrence_id BIGINT  NOT NULL,
  at_ms         BIGINT  NOT NULL,
  taken_ms      BIGINT  NOT NULL DEFAULT 0,
  state         TEXT    NOT NULL,
  definitions   TEXT    NOT NULL,
  account_id    BIGINT  NOT NULL DEFAULT 0,
  PRIMARY KEY (district, id)
);
CREATE UNIQUE INDEX cutoff_at ON cutoff (district, occurrence_id, at_ms);

CREATE TABLE cutoff_figure (
  district  INTEGER NOT NULL,
  cutoff_id BIGINT  NOT NULL,
  leaf_id   BIGINT  NOT NULL,
  grid_id   BIGINT  NOT NULL,
  total     INTEGER NOT NULL,
  done      INTEGER NOT NULL,
  exempt    INTEGER NOT NULL,
  attempted INTEGER NOT NULL,
  PRIMARY KEY (district, cutoff_id, leaf_id, grid_id)
);

-- +goose Down
DROP TABLE cutoff_figure; DROP TABLE cutoff; DROP INDEX mark_received;
ALTER TABLE occurrence DROP COLUMN cut_ms;
ALTER TABLE occurrence DROP COLUMN planned_ms;
ALTER TABLE round DROP COLUMN about_id;
ALTER TABLE round DROP COLUMN next_ms;
ALTER TABLE round DROP COLUMN current_id;
ALTER TABLE round DROP COLUMN recurrence;
