-- +goose Up
-- The end of every audit chain (chain 0: the root chain), so that a record whose end was cut off is missed at once.
CREATE TABLE audit_head (
  district INTEGER NOT NULL,
  chain    BIGINT  NOT NULL,
  seq      BIGINT  NOT NULL,
  hash     BYTEA   NOT NULL,
  PRIMARY KEY (district, chain)
);
INSERT INTO audit_head (district, chain, seq, hash)
  SELECT district, chain, seq, hash FROM audit_link l
  WHERE seq = (SELECT MAX(seq) FROM audit_link m WHERE m.district = l.district AND m.chain = l.chain);
INSERT INTO audit_head (district, chain, seq, hash)
  SELECT district, 0, seq, hash FROM audit_root r
  WHERE seq = (SELECT MAX(seq) FROM audit_root m WHERE m.district = r.district);

-- Of each entry of a link its number and a short digest, so that the very row that was changed can be named.
ALTER TABLE audit_link ADD COLUMN digests BYTEA NOT NULL DEFAULT '';

-- A look and its entry carry the same instant.
UPDATE look SET first_ms = (SELECT MIN(e.at_ms) FROM audit_entry e WHERE e.district = look.district AND e.object_id = look.person_id AND e.action = 'person.look'
    AND e.account_id = look.account_id AND e.purpose = look.purpose AND e.at_ms >= look.first_ms AND e.at_ms < look.first_ms + 60000)
  WHERE EXISTS (SELECT 1 FROM audit_entry e WHERE e.district = look.district AND e.object_id = look.person_id AND e.action = 'person.look'
    AND e.account_id = look.account_id AND e.purpose = look.purpose AND e.at_ms >= look.first_ms AND e.at_ms < look.first_ms + 60000);
CREATE INDEX look_account ON look (district, account_id, day);
CREATE INDEX look_day ON look (district, day);

-- Unmasked lists: who asked for what and why, who decided, and the sealed file until it expires.
-- state: waiting, ready, refused, withdrawn, expired.
CREATE TABLE export_request (
  district     INTEGER NOT NULL,
  id           BIGINT  NOT NULL,
  number       TEXT    NOT NULL,
  place_id     BIGINT  NOT NULL,
  filter       TEXT    NOT NULL,
  purpose      TEXT    NOT NULL,
  people       INTEGER NOT NULL,
  state        TEXT    NOT NULL,
  account_id   BIGINT  NOT NULL,
  post_id      BIGINT  NOT NULL,
  created_ms   BIGINT  NOT NULL,
  decided_by   BIGINT  NOT NULL DEFAULT 0,
  decided_post BIGINT  NOT NULL DEFAULT 0,
  decided_ms   BIGINT  NOT NULL DEFAULT 0,
  expires_ms   BIGINT  NOT NULL DEFAULT 0,
  fetched      INTEGER NOT NULL DEFAULT 0,
  size         BIGINT  NOT NULL DEFAULT 0,
  register     TEXT    NOT NULL DEFAULT '',
  PRIMARY KEY (district, id)
);
CREATE INDEX export_request_account ON export_request (district, account_id, id);
CREATE INDEX export_request_state ON export_request (district, state, expires_ms);

CREATE TABLE export_part (
  district   INTEGER NOT NULL,
  request_id BIGINT  NOT NULL,
  part       INTEGER NOT NULL,
  sealed     BYTEA   NOT NULL,
  PRIMARY KEY (district, request_id, part)
);

-- +goose Down
DROP TABLE export_part; DROP TABLE export_request; DROP INDEX look_day; DROP INDEX look_account;
ALTER TABLE audit_link DROP COLUMN digests; DROP TABLE audit_head;
