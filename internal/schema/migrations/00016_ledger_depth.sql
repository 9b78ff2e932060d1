-- +goose Up
-- A merge of two records of one person. sealed holds both as they were, so that
-- it can be undone while the versions are still those written here.
CREATE TABLE person_merge (
  district     INTEGER NOT NULL,
  id           BIGINT  NOT NULL,
  keep_id      BIGINT  NOT NULL,
  drop_id      BIGINT  NOT NULL,
  keep_version INTEGER NOT NULL,
  drop_version INTEGER NOT NULL,
  register     TEXT    NOT NULL,
  sealed       BYTEA   NOT NULL,
  account_id   BIGINT  NOT NULL,
  post_id      BIGINT  NOT NULL DEFAULT 0,
  at_ms        BIGINT  NOT NULL,
  undone_ms    BIGINT  NOT NULL DEFAULT 0,
  PRIMARY KEY (district, id)
);
CREATE INDEX person_merge_keep ON person_merge (district, keep_id);
CREATE INDEX person_merge_drop ON person_merge (district, drop_id);

-- Two records that somebody found to be of two people; a_id < b_id.
CREATE TABLE person_apart (
  district   INTEGER NOT NULL,
  a_id       BIGINT  NOT NULL,
  b_id       BIGINT  NOT NULL,
  account_id BIGINT  NOT NULL,
  at_ms      BIGINT  NOT NULL,
  PRIMARY KEY (district, a_id, b_id)
);

-- A person registered in one community who lives in another: one item that both
-- see. state: proposed, accepted, refused, withdrawn. match_id: the receiver's
-- own record of the person, result_id: the record that counts after acceptance.
CREATE TABLE elsewhere (
  district     INTEGER NOT NULL,
  id           BIGINT  NOT NULL,
  person_id    BIGINT  NOT NULL,
  from_area_id BIGINT  NOT NULL,
  to_area_id   BIGINT  NOT NULL,
  match_id     BIGINT  NOT NULL DEFAULT 0,
  result_id    BIGINT  NOT NULL DEFAULT 0,
  state        TEXT    NOT NULL,
  reason       TEXT    NOT NULL DEFAULT '',
  was_living   INTEGER NOT NULL,
  register     TEXT    NOT NULL,
  sealed       BYTEA   NOT NULL,
  owner_post_id BIGINT NOT NULL DEFAULT 0,
  due_ms       BIGINT  NOT NULL,
  account_id   BIGINT  NOT NULL,
  post_id      BIGINT  NOT NULL DEFAULT 0,
  created_ms   BIGINT  NOT NULL,
  decided_account_id BIGINT NOT NULL DEFAULT 0,
  decided_post_id BIGINT NOT NULL DEFAULT 0,
  decided_ms   BIGINT  NOT NULL DEFAULT 0,
  version      INTEGER NOT NULL DEFAULT 1,
  PRIMARY KEY (district, id)
);
CREATE INDEX elsewhere_from ON elsewhere (district, from_area_id, decided_ms);
CREATE INDEX elsewhere_to ON elsewhere (district, to_area_id, decided_ms);
CREATE INDEX elsewhere_person ON elsewhere (district, person_id);
CREATE INDEX elsewhere_result ON elsewhere (district, result_id) WHERE result_id <> 0;
CREATE INDEX elsewhere_match ON elsewhere (district, match_id) WHERE match_id <> 0;

-- A short code with which a household corrects what is recorded about it, once.
CREATE TABLE correction_code (
  district     INTEGER NOT NULL,
  id           BIGINT  NOT NULL,
  hash         BYTEA   NOT NULL,
  household_id BIGINT  NOT NULL,
  account_id   BIGINT  NOT NULL,
  post_id      BIGINT  NOT NULL DEFAULT 0,
  created_ms   BIGINT  NOT NULL,
  expires_ms   BIGINT  NOT NULL,
  used_ms      BIGINT  NOT NULL DEFAULT 0,
  PRIMARY KEY (district, id)
);
CREATE UNIQUE INDEX correction_code_hash ON correction_code (district, hash);
CREATE INDEX correction_code_household ON correction_code (district, household_id);

-- What a household said should be otherwise; sealed holds the proposals, old and
-- new, and how each was decided. open_count proposals await a decision.
CREATE TABLE correction (
  district     INTEGER NOT NULL,
  id           BIGINT  NOT NULL,
  household_id BIGINT  NOT NULL,
  source       TEXT    NOT NULL,
  register     TEXT    NOT NULL,
  sealed       BYTEA   NOT NULL,
  open_count   INTEGER NOT NULL,
  account_id   BIGINT  NOT NULL DEFAULT 0,
  post_id      BIGINT  NOT NULL DEFAULT 0,
  created_ms   BIGINT  NOT NULL,
  closed_ms    BIGINT  NOT NULL DEFAULT 0,
  version      INTEGER NOT NULL DEFAULT 1,
  PRIMARY KEY (district, id)
);
CREATE INDEX correction_household ON correction (district, household_id);
CREATE INDEX correction_open ON correction (district, created_ms) WHERE closed_ms = 0;

-- A signed paper photographed to a person's file or a household; the picture is
-- a row of photo until deleted_ms, the line here stays.
CREATE TABLE paper (
  district     INTEGER NOT NULL,
  id           BIGINT  NOT NULL,
  kind         TEXT    NOT NULL,
  person_id    BIGINT  NOT NULL DEFAULT 0,
  household_id BIGINT  NOT NULL,
  photo_id     BIGINT  NOT NULL,
  account_id   BIGINT  NOT NULL,
  post_id      BIGINT  NOT NULL DEFAULT 0,
  created_ms   BIGINT  NOT NULL,
  keep_until_ms BIGINT NOT NULL,
  deleted_ms   BIGINT  NOT NULL DEFAULT 0,
  PRIMARY KEY (district, id)
);
CREATE INDEX paper_person ON paper (district, person_id) WHERE person_id <> 0;
CREATE INDEX paper_household ON paper (district, household_id);
CREATE INDEX paper_due ON paper (district, keep_until_ms) WHERE deleted_ms = 0;

-- +goose Down
DROP TABLE paper; DROP TABLE correction; DROP TABLE correction_code; DROP TABLE elsewhere; DROP TABLE person_apart; DROP TABLE person_merge;
