-- +goose Up
-- Everything but doors, for the search: some ten thousand rows instead of all.
CREATE INDEX place_named ON place (district, path) WHERE kind <> 'door';

-- What an area was called, which code it bore and under which parent it stood until it changed. Codes and names are dated
-- attributes: the present ones are in place. why: renamed, recoded, moved or merged (its doors went to another area).
CREATE TABLE place_past (
  district   INTEGER NOT NULL,
  id         BIGINT  NOT NULL,
  place_id   BIGINT  NOT NULL,
  name       TEXT    NOT NULL,
  code       TEXT    NOT NULL DEFAULT '',
  parent_id  BIGINT  NOT NULL,
  why        TEXT    NOT NULL,
  from_ms    BIGINT  NOT NULL,
  until_ms   BIGINT  NOT NULL,
  account_id BIGINT  NOT NULL DEFAULT 0,
  PRIMARY KEY (district, id)
);
CREATE INDEX place_past_place ON place_past (district, place_id);

-- Which area takes over from one that a national list no longer holds: decided by a person, kept for later lists.
CREATE TABLE area_successor (
  district   INTEGER NOT NULL,
  old_code   TEXT    NOT NULL,
  new_code   TEXT    NOT NULL,
  account_id BIGINT  NOT NULL DEFAULT 0,
  decided_ms BIGINT  NOT NULL,
  PRIMARY KEY (district, old_code)
);

-- A re-drawing of grids and the places it moved, so that it can be taken back. undone_by: the re-drawing that did.
CREATE TABLE redraw (
  district   INTEGER NOT NULL,
  id         BIGINT  NOT NULL,
  area_id    BIGINT  NOT NULL,
  doors      INTEGER NOT NULL,
  at_ms      BIGINT  NOT NULL,
  account_id BIGINT  NOT NULL DEFAULT 0,
  undone_by  BIGINT  NOT NULL DEFAULT 0,
  PRIMARY KEY (district, id)
);
CREATE INDEX redraw_area ON redraw (district, area_id);

CREATE TABLE redraw_move (
  district  INTEGER NOT NULL,
  redraw_id BIGINT  NOT NULL,
  place_id  BIGINT  NOT NULL,
  from_grid BIGINT  NOT NULL,
  to_grid   BIGINT  NOT NULL,
  PRIMARY KEY (district, redraw_id, place_id)
);

-- +goose Down
DROP TABLE redraw_move; DROP TABLE redraw; DROP TABLE area_successor; DROP TABLE place_past; DROP INDEX place_named;
