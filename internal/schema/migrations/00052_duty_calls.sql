-- +goose Up
-- The posts that answer an area's duty number, in their order. When each does
-- is its own roster (post_shift).
CREATE TABLE duty_rota (
  district   INTEGER NOT NULL,
  area_id    BIGINT  NOT NULL,
  post_id    BIGINT  NOT NULL,
  ordinal    INTEGER NOT NULL,
  account_id BIGINT  NOT NULL,
  updated_ms BIGINT  NOT NULL,
  PRIMARY KEY (district, area_id, post_id)
);

-- Calls to a duty number: each is one task. What was said and the caller's
-- number lie sealed; code is what the caller was told.
CREATE TABLE duty_call (
  district   INTEGER NOT NULL,
  id         BIGINT  NOT NULL,
  area_id    BIGINT  NOT NULL,
  place_id   BIGINT  NOT NULL,
  kind       TEXT    NOT NULL,
  code       TEXT    NOT NULL,
  task_id    BIGINT  NOT NULL,
  post_id    BIGINT  NOT NULL,
  account_id BIGINT  NOT NULL,
  at_ms      BIGINT  NOT NULL,
  has_phone  INTEGER NOT NULL DEFAULT 0,
  sealed     BYTEA   NOT NULL,
  PRIMARY KEY (district, id)
);
CREATE UNIQUE INDEX duty_call_code ON duty_call (district, code);
CREATE INDEX duty_call_day ON duty_call (district, at_ms, id);

-- +goose Down
DROP TABLE duty_call; DROP TABLE duty_rota;
