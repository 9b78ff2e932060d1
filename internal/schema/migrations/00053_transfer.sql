-- +goose Up
-- Transfers of people (转运), hand to hand. id is that of the task of kind
-- transfer. home_id: the door they leave; 0: they are not at home. hop: the hop
-- that runs; 0 before the start. sealed: names, destination, places, keys.
CREATE TABLE transfer (
  district   INTEGER NOT NULL,
  id         BIGINT  NOT NULL,
  issuer_post_id BIGINT NOT NULL,
  home_id    BIGINT  NOT NULL DEFAULT 0,
  hops       INTEGER NOT NULL,
  hop        INTEGER NOT NULL DEFAULT 0,
  sealed     BYTEA   NOT NULL,
  listed_ms  BIGINT  NOT NULL DEFAULT 0,
  listed_by  BIGINT  NOT NULL DEFAULT 0,
  started_ms BIGINT  NOT NULL DEFAULT 0,
  arrived_ms BIGINT  NOT NULL DEFAULT 0,
  version    INTEGER NOT NULL DEFAULT 1,
  created_ms BIGINT  NOT NULL,
  PRIMARY KEY (district, id)
);
CREATE INDEX transfer_moving ON transfer (district, id) WHERE started_ms <> 0 AND arrived_ms = 0;

-- From one post to the next, in order. due_ms is set when the hop begins;
-- alarm_ms when both posts were told that it is late.
CREATE TABLE transfer_hop (
  district     INTEGER NOT NULL,
  transfer_id  BIGINT  NOT NULL,
  seq          INTEGER NOT NULL,
  from_post_id BIGINT  NOT NULL,
  to_post_id   BIGINT  NOT NULL,
  minutes      INTEGER NOT NULL,
  due_ms       BIGINT  NOT NULL DEFAULT 0,
  gave_ms      BIGINT  NOT NULL DEFAULT 0,
  gave_by      BIGINT  NOT NULL DEFAULT 0,
  gave_how     TEXT    NOT NULL DEFAULT '',
  took_ms      BIGINT  NOT NULL DEFAULT 0,
  took_by      BIGINT  NOT NULL DEFAULT 0,
  took_how     TEXT    NOT NULL DEFAULT '',
  tries        INTEGER NOT NULL DEFAULT 0,
  alarm_ms     BIGINT  NOT NULL DEFAULT 0,
  alarm_from_id BIGINT NOT NULL DEFAULT 0,
  alarm_to_id  BIGINT  NOT NULL DEFAULT 0,
  PRIMARY KEY (district, transfer_id, seq)
);
CREATE INDEX transfer_hop_from ON transfer_hop (district, from_post_id);
CREATE INDEX transfer_hop_to ON transfer_hop (district, to_post_id);

-- Who and what stays behind at the door: people who cannot look after
-- themselves, animals. sealed: name and kind, the carer's name and phone.
-- carer_post_id: a post that cares, with its task; 0: a relative or neighbour.
CREATE TABLE transfer_left (
  district      INTEGER NOT NULL,
  transfer_id   BIGINT  NOT NULL,
  id            BIGINT  NOT NULL,
  person_id     BIGINT  NOT NULL DEFAULT 0,
  carer_post_id BIGINT  NOT NULL DEFAULT 0,
  task_id       BIGINT  NOT NULL DEFAULT 0,
  named_ms      BIGINT  NOT NULL DEFAULT 0,
  accepted_ms   BIGINT  NOT NULL DEFAULT 0,
  accepted_by   BIGINT  NOT NULL DEFAULT 0,
  visit_ms      BIGINT  NOT NULL DEFAULT 0,
  sealed        BYTEA   NOT NULL,
  PRIMARY KEY (district, transfer_id, id)
);
CREATE INDEX transfer_left_carer ON transfer_left (district, carer_post_id) WHERE carer_post_id <> 0;

-- +goose Down
DROP TABLE transfer_left; DROP TABLE transfer_hop; DROP TABLE transfer;
