-- +goose Up
-- A list of people that somebody above sent to be verified; state: open, closed. sealed: its name, the files'
-- headers as they were.
CREATE TABLE lead_list (
  district     INTEGER NOT NULL,
  id           BIGINT  NOT NULL,
  emergency_id BIGINT  NOT NULL,
  register     TEXT    NOT NULL,
  area_id      BIGINT  NOT NULL,
  path         TEXT /*C*/ NOT NULL,
  state        TEXT    NOT NULL,
  rows_total   INTEGER NOT NULL,
  refused      INTEGER NOT NULL,
  joined       INTEGER NOT NULL,
  sealed       BYTEA   NOT NULL,
  account_id   BIGINT  NOT NULL,
  post_id      BIGINT  NOT NULL DEFAULT 0,
  created_ms   BIGINT  NOT NULL,
  closed_by    BIGINT  NOT NULL DEFAULT 0,
  closed_ms    BIGINT  NOT NULL DEFAULT 0,
  PRIMARY KEY (district, id)
);

-- A row of a list as it was sent, sealed. lead_id 0: refused, for the reason in sealed.
CREATE TABLE lead_row (
  district INTEGER NOT NULL,
  list_id  BIGINT  NOT NULL,
  n        INTEGER NOT NULL,
  lead_id  BIGINT  NOT NULL,
  sealed   BYTEA   NOT NULL,
  PRIMARY KEY (district, list_id, n)
);
CREATE INDEX lead_row_lead ON lead_row (district, lead_id);

-- A person to be verified once, however many lists name them. state: unclear (somebody decides where it belongs),
-- open (to be called), sent (another street or authority has it; the receipt is awaited), done.
-- path: the community it belongs to, or the area that decides. account_id: the caller who has it now; 0: it waits.
CREATE TABLE lead (
  district     INTEGER NOT NULL,
  id           BIGINT  NOT NULL,
  emergency_id BIGINT  NOT NULL,
  register     TEXT    NOT NULL,
  source       TEXT    NOT NULL,
  class        TEXT    NOT NULL,
  urgency      INTEGER NOT NULL,
  state        TEXT    NOT NULL,
  result       TEXT    NOT NULL DEFAULT '',
  path         TEXT /*C*/ NOT NULL,
  door_id      BIGINT  NOT NULL DEFAULT 0,
  person_id    BIGINT  NOT NULL DEFAULT 0,
  account_id   BIGINT  NOT NULL DEFAULT 0,
  post_id      BIGINT  NOT NULL DEFAULT 0,
  earlier_id   BIGINT  NOT NULL DEFAULT 0,
  parent_id    BIGINT  NOT NULL DEFAULT 0,
  tries        INTEGER NOT NULL DEFAULT 0,
  retry_ms     BIGINT  NOT NULL DEFAULT 0,
  due_ms       BIGINT  NOT NULL,
  code         TEXT    NOT NULL DEFAULT '',
  measure      TEXT    NOT NULL DEFAULT '',
  measure_state TEXT   NOT NULL DEFAULT '',
  measure_by   BIGINT  NOT NULL DEFAULT 0,
  measure_ms   BIGINT  NOT NULL DEFAULT 0,
  version      INTEGER NOT NULL DEFAULT 1,
  created_ms   BIGINT  NOT NULL,
  done_ms      BIGINT  NOT NULL DEFAULT 0,
  done_by      BIGINT  NOT NULL DEFAULT 0,
  sealed       BYTEA   NOT NULL,
  PRIMARY KEY (district, id)
);
CREATE INDEX lead_state ON lead (district, state, account_id);
CREATE INDEX lead_path ON lead (district, path);
CREATE INDEX lead_code ON lead (district, code) WHERE code <> '';
CREATE INDEX lead_measure ON lead (district, measure_state) WHERE measure_state <> '';

-- Keyed hashes by which the same person is found again; kind: idno, phone, name.
CREATE TABLE lead_key (
  district INTEGER NOT NULL,
  hash     BYTEA   NOT NULL,
  lead_id  BIGINT  NOT NULL,
  kind     TEXT    NOT NULL,
  PRIMARY KEY (district, hash, lead_id)
);
CREATE INDEX lead_key_lead ON lead_key (district, lead_id);

-- What happened to a lead: calls with their results, decisions, transfers.
CREATE TABLE lead_event (
  district   INTEGER NOT NULL,
  id         BIGINT  NOT NULL,
  lead_id    BIGINT  NOT NULL,
  at_ms      BIGINT  NOT NULL,
  kind       TEXT    NOT NULL,
  result     TEXT    NOT NULL DEFAULT '',
  account_id BIGINT  NOT NULL,
  post_id    BIGINT  NOT NULL DEFAULT 0,
  sealed     BYTEA   NOT NULL,
  PRIMARY KEY (district, id)
);
CREATE INDEX lead_event_lead ON lead_event (district, lead_id, id);

-- A caller at the desk: from when they sat down until they left, or their post or its hours ended.
CREATE TABLE lead_seat (
  district   INTEGER NOT NULL,
  id         BIGINT  NOT NULL,
  account_id BIGINT  NOT NULL,
  post_id    BIGINT  NOT NULL,
  path       TEXT /*C*/ NOT NULL,
  from_ms    BIGINT  NOT NULL,
  until_ms   BIGINT  NOT NULL DEFAULT 0,
  PRIMARY KEY (district, id)
);
CREATE INDEX lead_seat_open ON lead_seat (district, until_ms, account_id);

-- +goose Down
DROP TABLE lead_seat; DROP TABLE lead_event; DROP TABLE lead_key; DROP TABLE lead; DROP TABLE lead_row; DROP TABLE lead_list;
