-- +goose Up
-- Unannounced inspections (督查): a list drawn at random from an area. seed over
-- the same population draws the same list again. fields: the checklist as it was
-- when the list was drawn, JSON.
CREATE TABLE inspection (
  district   INTEGER NOT NULL,
  id         BIGINT  NOT NULL,
  area_id    BIGINT  NOT NULL,
  path       TEXT /*C*/ NOT NULL,
  object     TEXT    NOT NULL,
  seed       TEXT    NOT NULL,
  population INTEGER NOT NULL,
  fields     TEXT    NOT NULL,
  post_id    BIGINT  NOT NULL,
  account_id BIGINT  NOT NULL,
  created_ms BIGINT  NOT NULL,
  PRIMARY KEY (district, id)
);

-- What is to be visited: a place, or a post with place_id 0.
CREATE TABLE inspection_item (
  district      INTEGER NOT NULL,
  id            BIGINT  NOT NULL,
  inspection_id BIGINT  NOT NULL,
  ordinal       INTEGER NOT NULL,
  place_id      BIGINT  NOT NULL DEFAULT 0,
  post_id       BIGINT  NOT NULL DEFAULT 0,
  visits        INTEGER NOT NULL DEFAULT 0,
  outcome       TEXT    NOT NULL DEFAULT '',
  task_id       BIGINT  NOT NULL DEFAULT 0,
  PRIMARY KEY (district, id)
);
CREATE UNIQUE INDEX inspection_item_of ON inspection_item (district, inspection_id, ordinal);

-- Visits, first and again. Answers and words lie sealed.
CREATE TABLE inspection_visit (
  district   INTEGER NOT NULL,
  item_id    BIGINT  NOT NULL,
  seq        INTEGER NOT NULL,
  at_ms      BIGINT  NOT NULL,
  account_id BIGINT  NOT NULL,
  post_id    BIGINT  NOT NULL,
  outcome    TEXT    NOT NULL,
  task_id    BIGINT  NOT NULL DEFAULT 0,
  sealed     BYTEA   NOT NULL,
  PRIMARY KEY (district, item_id, seq)
);
CREATE INDEX inspection_visit_task ON inspection_visit (district, task_id) WHERE task_id <> 0;

-- +goose Down
DROP TABLE inspection_visit; DROP TABLE inspection_item; DROP TABLE inspection;
