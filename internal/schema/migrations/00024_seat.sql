-- +goose Up
-- Work that of all processes on one database one does: who holds it, and how
-- often the holder has said that it lives (see package jobs).
CREATE TABLE seat (
  district INTEGER NOT NULL,
  name     TEXT    NOT NULL,
  owner    TEXT    NOT NULL,
  beats    BIGINT  NOT NULL,
  PRIMARY KEY (district, name)
);

-- +goose Down
DROP TABLE seat;
