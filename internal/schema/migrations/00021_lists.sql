-- +goose Up
-- A list that was exported from here and handed in again, kept sealed while
-- somebody looks at what it would change, and for some days after.
CREATE TABLE list_in (
  district   INTEGER NOT NULL,
  id         BIGINT  NOT NULL,
  kind       TEXT    NOT NULL,
  place_id   BIGINT  NOT NULL,
  account_id BIGINT  NOT NULL,
  sealed     BYTEA   NOT NULL,
  result     BYTEA   NOT NULL,
  created_ms BIGINT  NOT NULL,
  applied_ms BIGINT  NOT NULL DEFAULT 0,
  PRIMARY KEY (district, id)
);
CREATE INDEX list_in_age ON list_in (district, created_ms);

-- An unmasked list is named by its number, so no two have the same one. Where
-- two did, the later ones bear their id as well.
UPDATE export_request SET number = number || '-' || CAST(id AS TEXT) WHERE EXISTS (
  SELECT 1 FROM export_request e WHERE e.district = export_request.district AND e.number = export_request.number AND e.id < export_request.id);
CREATE UNIQUE INDEX export_request_number ON export_request (district, number);

-- The last number given on a day: taking the next one locks the day's row.
CREATE TABLE export_number (
  district INTEGER NOT NULL,
  day      TEXT    NOT NULL,
  last     INTEGER NOT NULL,
  PRIMARY KEY (district, day)
);
INSERT INTO export_number (district, day, last) SELECT district, SUBSTR(number, 1, 8), COUNT(*) FROM export_request GROUP BY district, SUBSTR(number, 1, 8);

-- +goose Down
DROP TABLE export_number; DROP INDEX export_request_number; DROP TABLE list_in;
