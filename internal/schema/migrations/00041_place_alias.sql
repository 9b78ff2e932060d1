-- +goose Up
-- What people call a compound or group beside its names: remembered when
-- somebody says which door an address means. key is the name as it is compared.
-- Names of places only, nothing of a person.
CREATE TABLE place_alias (
  district   INTEGER NOT NULL,
  id         BIGINT  NOT NULL,
  place_id   BIGINT  NOT NULL,
  key        TEXT    NOT NULL,
  name       TEXT    NOT NULL,
  account_id BIGINT  NOT NULL,
  post_id    BIGINT  NOT NULL,
  made_ms    BIGINT  NOT NULL,
  PRIMARY KEY (district, id)
);
CREATE UNIQUE INDEX place_alias_key ON place_alias (district, key, place_id);
CREATE INDEX place_alias_place ON place_alias (district, place_id);

-- +goose Down
DROP TABLE place_alias;
