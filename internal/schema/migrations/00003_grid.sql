-- +goose Up
-- One tree of places: areas (county, street, community, with national codes) above compound, building, unit, group, door, point.
-- path: fixed-width segments, so that a subtree is the range [path, path || '~') and path order is walking order.
CREATE TABLE place (
  district INTEGER NOT NULL,
  id       BIGINT  NOT NULL,
  parent_id BIGINT NOT NULL,
  area_id  BIGINT  NOT NULL,
  kind     TEXT    NOT NULL,
  subkind  TEXT    NOT NULL DEFAULT '',
  name     TEXT    NOT NULL,
  alias    TEXT    NOT NULL DEFAULT '',
  code     TEXT    NOT NULL DEFAULT '',
  ordinal  INTEGER NOT NULL,
  floor    INTEGER NOT NULL DEFAULT 0,
  path     TEXT /*C*/ NOT NULL,
  grid_id  BIGINT  NOT NULL DEFAULT 0,
  from_ms  BIGINT  NOT NULL,
  until_ms BIGINT  NOT NULL DEFAULT 0,
  PRIMARY KEY (district, id)
);
CREATE UNIQUE INDEX place_path ON place (district, path);
CREATE INDEX place_parent ON place (district, parent_id, ordinal);
CREATE INDEX place_code ON place (district, code) WHERE code <> '';
CREATE INDEX place_grid ON place (district, grid_id) WHERE grid_id <> 0;
CREATE INDEX place_door ON place (district, parent_id, grid_id) WHERE kind = 'door' AND until_ms = 0;

-- The second tree over the same doors: block, basic grid, micro-grid. A door names its lowest grid in place.grid_id.
CREATE TABLE grid (
  district  INTEGER NOT NULL,
  id        BIGINT  NOT NULL,
  parent_id BIGINT  NOT NULL,
  area_id   BIGINT  NOT NULL,
  kind      TEXT    NOT NULL,
  name      TEXT    NOT NULL,
  code      TEXT    NOT NULL DEFAULT '',
  ordinal   INTEGER NOT NULL,
  path      TEXT /*C*/ NOT NULL,
  from_ms   BIGINT  NOT NULL,
  until_ms  BIGINT  NOT NULL DEFAULT 0,
  PRIMARY KEY (district, id)
);
CREATE UNIQUE INDEX grid_path ON grid (district, path);
CREATE INDEX grid_area ON grid (district, area_id);

CREATE TABLE grid_history (
  district INTEGER NOT NULL,
  id       BIGINT  NOT NULL,
  door_id  BIGINT  NOT NULL,
  grid_id  BIGINT  NOT NULL,
  from_ms  BIGINT  NOT NULL,
  until_ms BIGINT  NOT NULL,
  account_id BIGINT NOT NULL,
  PRIMARY KEY (district, id)
);
CREATE INDEX grid_history_door ON grid_history (district, door_id);

CREATE TABLE compound_profile (
  district   INTEGER NOT NULL,
  place_id   BIGINT  NOT NULL,
  org_id     BIGINT  NOT NULL DEFAULT 0,
  class      TEXT    NOT NULL DEFAULT '',
  gates      INTEGER NOT NULL DEFAULT 0,
  fences     INTEGER NOT NULL DEFAULT 0,
  fire_lanes INTEGER NOT NULL DEFAULT 0,
  elderly_share INTEGER NOT NULL DEFAULT 0,
  party_branch TEXT  NOT NULL DEFAULT '',
  note       TEXT    NOT NULL DEFAULT '',
  updated_ms BIGINT  NOT NULL,
  PRIMARY KEY (district, place_id)
);

CREATE TABLE organisation (
  district INTEGER NOT NULL,
  id       BIGINT  NOT NULL,
  area_id  BIGINT  NOT NULL,
  kind     TEXT    NOT NULL,
  name     TEXT    NOT NULL,
  from_ms  BIGINT  NOT NULL,
  until_ms BIGINT  NOT NULL DEFAULT 0,
  PRIMARY KEY (district, id)
);

CREATE TABLE team (
  district INTEGER NOT NULL,
  id       BIGINT  NOT NULL,
  area_id  BIGINT  NOT NULL,
  org_id   BIGINT  NOT NULL DEFAULT 0,
  kind     TEXT    NOT NULL,
  name     TEXT    NOT NULL,
  party_branch TEXT NOT NULL DEFAULT '',
  from_ms  BIGINT  NOT NULL,
  until_ms BIGINT  NOT NULL DEFAULT 0,
  PRIMARY KEY (district, id)
);

-- object_kind: area, place, grid, doors (see post_door), organisation.
CREATE TABLE post (
  district INTEGER NOT NULL,
  id       BIGINT  NOT NULL,
  role     TEXT    NOT NULL,
  title    TEXT    NOT NULL DEFAULT '',
  object_kind TEXT NOT NULL,
  object_id BIGINT NOT NULL,
  org_id   BIGINT  NOT NULL DEFAULT 0,
  team_id  BIGINT  NOT NULL DEFAULT 0,
  from_ms  BIGINT  NOT NULL,
  until_ms BIGINT  NOT NULL DEFAULT 0,
  PRIMARY KEY (district, id)
);
CREATE INDEX post_object ON post (district, object_id);

CREATE TABLE post_door (
  district INTEGER NOT NULL,
  post_id  BIGINT  NOT NULL,
  door_id  BIGINT  NOT NULL,
  PRIMARY KEY (district, post_id, door_id)
);
CREATE INDEX post_door_door ON post_door (district, door_id);

CREATE TABLE holder (
  district   INTEGER NOT NULL,
  id         BIGINT  NOT NULL,
  post_id    BIGINT  NOT NULL,
  account_id BIGINT  NOT NULL,
  from_ms    BIGINT  NOT NULL,
  until_ms   BIGINT  NOT NULL DEFAULT 0,
  PRIMARY KEY (district, id)
);
CREATE INDEX holder_post ON holder (district, post_id);
CREATE INDEX holder_account ON holder (district, account_id);

-- Who is bound to what: a leader's post to communities, an organisation to a block, a representative to households.
CREATE TABLE binding (
  district    INTEGER NOT NULL,
  id          BIGINT  NOT NULL,
  joint_id    BIGINT  NOT NULL,
  lead        INTEGER NOT NULL DEFAULT 0,
  post_id     BIGINT  NOT NULL DEFAULT 0,
  org_id      BIGINT  NOT NULL DEFAULT 0,
  object_kind TEXT    NOT NULL,
  object_id   BIGINT  NOT NULL,
  from_ms     BIGINT  NOT NULL,
  until_ms    BIGINT  NOT NULL DEFAULT 0,
  PRIMARY KEY (district, id)
);
CREATE INDEX binding_object ON binding (district, object_id);

CREATE TABLE role_alias (
  district INTEGER NOT NULL,
  area_id  BIGINT  NOT NULL,
  role     TEXT    NOT NULL,
  alias    TEXT    NOT NULL,
  PRIMARY KEY (district, area_id, role)
);

CREATE TABLE area_geometry (
  district INTEGER NOT NULL,
  place_id BIGINT  NOT NULL,
  datum    TEXT    NOT NULL,
  geojson  TEXT    NOT NULL,
  updated_ms BIGINT NOT NULL,
  PRIMARY KEY (district, place_id)
);

-- +goose Down
DROP TABLE area_geometry; DROP TABLE role_alias; DROP TABLE binding; DROP TABLE holder; DROP TABLE post_door; DROP TABLE post; DROP TABLE team; DROP TABLE organisation; DROP TABLE compound_profile; DROP TABLE grid_history; DROP TABLE grid; DROP TABLE place;
