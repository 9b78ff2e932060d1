-- +goose Up
-- The counts of answers a cut-off froze beside its figures; definitions say
-- whether it did.
CREATE TABLE cutoff_answer (
  district  INTEGER NOT NULL,
  cutoff_id BIGINT  NOT NULL,
  leaf_id   BIGINT  NOT NULL,
  grid_id   BIGINT  NOT NULL,
  field     TEXT    NOT NULL,
  choice    TEXT    NOT NULL,
  n         INTEGER NOT NULL,
  PRIMARY KEY (district, cutoff_id, leaf_id, grid_id, field, choice)
);

-- +goose Down
DROP TABLE cutoff_answer;
