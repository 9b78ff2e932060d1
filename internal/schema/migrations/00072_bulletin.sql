-- +goose Up
-- Bulletins (工作通报 and 纪律通报), two series that are kept apart. area_id and
-- path: what it is about; number counts within area, kind and year from its
-- publication on. version counts every change of the bulletin or its entries.
-- sealed: title, text, why it was withdrawn.
CREATE TABLE bulletin (
  district     INTEGER NOT NULL,
  id           BIGINT  NOT NULL,
  kind         TEXT    NOT NULL,
  state        TEXT    NOT NULL,
  area_id      BIGINT  NOT NULL,
  path         TEXT /*C*/ NOT NULL,
  post_id      BIGINT  NOT NULL,
  writer_id    BIGINT  NOT NULL,
  shown_by     BIGINT  NOT NULL DEFAULT 0,
  published_by BIGINT  NOT NULL DEFAULT 0,
  year         INTEGER NOT NULL DEFAULT 0,
  number       INTEGER NOT NULL DEFAULT 0,
  version      INTEGER NOT NULL DEFAULT 1,
  created_ms   BIGINT  NOT NULL,
  shown_ms     BIGINT  NOT NULL DEFAULT 0,
  published_ms BIGINT  NOT NULL DEFAULT 0,
  withdrawn_ms BIGINT  NOT NULL DEFAULT 0,
  sealed       BYTEA   NOT NULL,
  PRIMARY KEY (district, id)
);
CREATE UNIQUE INDEX bulletin_number ON bulletin (district, area_id, kind, year, number) WHERE number <> 0;
CREATE INDEX bulletin_path ON bulletin (district, path, id);

-- What a bulletin says of an area: praise, criticism or an interview, n times.
-- item_id and visit_seq: the visit it was taken from. who: keyed hash of the
-- account it names, empty where it names nobody. version counts its wordings;
-- shown_version is the one last shown to who is named: reached_ms and how say
-- when and by what way it reached them, until_ms till when they may reply.
-- sealed: words, name, account and post.
CREATE TABLE bulletin_entry (
  district      INTEGER NOT NULL,
  id            BIGINT  NOT NULL,
  bulletin_id   BIGINT  NOT NULL,
  place_id      BIGINT  NOT NULL,
  org_kind      TEXT    NOT NULL DEFAULT '',
  act           TEXT    NOT NULL,
  n             INTEGER NOT NULL,
  item_id       BIGINT  NOT NULL DEFAULT 0,
  visit_seq     INTEGER NOT NULL DEFAULT 0,
  who           BYTEA   NOT NULL,
  version       INTEGER NOT NULL DEFAULT 1,
  shown_version INTEGER NOT NULL DEFAULT 0,
  reached_ms    BIGINT  NOT NULL DEFAULT 0,
  how           TEXT    NOT NULL DEFAULT '',
  until_ms      BIGINT  NOT NULL DEFAULT 0,
  replied_ms    BIGINT  NOT NULL DEFAULT 0,
  removed       INTEGER NOT NULL DEFAULT 0,
  sealed        BYTEA   NOT NULL,
  PRIMARY KEY (district, id)
);
CREATE INDEX bulletin_entry_of ON bulletin_entry (district, bulletin_id, id);
CREATE INDEX bulletin_entry_who ON bulletin_entry (district, who, id) WHERE shown_version <> 0;

-- What who is named answered, one reply to a wording. account_id: who wrote it
-- down, the named person or, of a reply on paper or by phone, who took it.
CREATE TABLE bulletin_reply (
  district   INTEGER NOT NULL,
  entry_id   BIGINT  NOT NULL,
  version    INTEGER NOT NULL,
  at_ms      BIGINT  NOT NULL,
  account_id BIGINT  NOT NULL,
  sealed     BYTEA   NOT NULL,
  PRIMARY KEY (district, entry_id, version)
);

-- Photos of a visit, in their order.
CREATE TABLE inspection_photo (
  district INTEGER NOT NULL,
  item_id  BIGINT  NOT NULL,
  seq      INTEGER NOT NULL,
  n        INTEGER NOT NULL,
  photo_id BIGINT  NOT NULL,
  PRIMARY KEY (district, item_id, seq, n)
);

-- +goose Down
DROP TABLE inspection_photo; DROP TABLE bulletin_reply; DROP TABLE bulletin_entry; DROP TABLE bulletin;
