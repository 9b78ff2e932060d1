-- +goose Up
-- Authorities outside the district that take leads by their API. sealed: the
-- token by which they know this district. until_ms 0: in use.
CREATE TABLE lead_receiver (
  district   INTEGER NOT NULL,
  id         BIGINT  NOT NULL,
  name       TEXT    NOT NULL,
  url        TEXT    NOT NULL,
  sealed     BYTEA   NOT NULL,
  account_id BIGINT  NOT NULL,
  made_ms    BIGINT  NOT NULL,
  until_ms   BIGINT  NOT NULL DEFAULT 0,
  PRIMARY KEY (district, id)
);

-- A lead on its way to a receiver, until it gives a receipt or the lead is taken
-- back. error: key of the catalogue, why the last try failed.
CREATE TABLE lead_sending (
  district    INTEGER NOT NULL,
  lead_id     BIGINT  NOT NULL,
  receiver_id BIGINT  NOT NULL,
  tries       INTEGER NOT NULL DEFAULT 0,
  at_ms       BIGINT  NOT NULL,
  error       TEXT    NOT NULL DEFAULT '',
  PRIMARY KEY (district, lead_id)
);

-- Leads taken from other districts, with the receipt they were given: the same
-- lead sent again gets the same receipt.
CREATE TABLE lead_referral (
  district   INTEGER NOT NULL,
  origin     TEXT    NOT NULL,
  reference  TEXT    NOT NULL,
  lead_id    BIGINT  NOT NULL,
  receipt    TEXT    NOT NULL,
  account_id BIGINT  NOT NULL,
  at_ms      BIGINT  NOT NULL,
  PRIMARY KEY (district, origin, reference)
);

-- +goose Down
DROP TABLE lead_referral; DROP TABLE lead_sending; DROP TABLE lead_receiver;
