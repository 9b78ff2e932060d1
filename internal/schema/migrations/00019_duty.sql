-- +goose Up
-- The duty number (值班电话) of an area: an office's number, not a person's.
CREATE TABLE duty_number (
  district   INTEGER NOT NULL,
  area_id    BIGINT  NOT NULL,
  phone      TEXT    NOT NULL,
  hours      TEXT    NOT NULL DEFAULT '',
  account_id BIGINT  NOT NULL,
  updated_ms BIGINT  NOT NULL,
  PRIMARY KEY (district, area_id)
);

-- +goose Down
DROP TABLE duty_number;
