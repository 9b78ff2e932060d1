-- +goose Up
-- Tasks (事项). post_id owns a task now; doer_post_id had it before it went back
-- for a check; above_post_id supervises it since it climbed (0: it did not).
-- text_id: the task whose sealed text this one shares (0: its own).
-- deadline_ms is the owner's clock, promised_ms the first deadline; climb_ms is
-- when it climbs next (0: no further). One row an open or ended task for ever.
CREATE TABLE task (
  district      INTEGER NOT NULL,
  id            BIGINT  NOT NULL,
  kind          TEXT    NOT NULL,
  state         TEXT    NOT NULL,
  open          INTEGER NOT NULL,
  register      TEXT    NOT NULL,
  sealed        BYTEA   NOT NULL,
  answer        BYTEA   NOT NULL,
  text_id       BIGINT  NOT NULL DEFAULT 0,
  urgent        INTEGER NOT NULL DEFAULT 0,
  signed_post_id BIGINT NOT NULL DEFAULT 0,
  post_id       BIGINT  NOT NULL,
  doer_post_id  BIGINT  NOT NULL DEFAULT 0,
  issuer_post_id BIGINT NOT NULL,
  issuer_id     BIGINT  NOT NULL DEFAULT 0,
  above_post_id BIGINT  NOT NULL DEFAULT 0,
  done_by       BIGINT  NOT NULL DEFAULT 0,
  parent_id     BIGINT  NOT NULL DEFAULT 0,
  root_id       BIGINT  NOT NULL DEFAULT 0,
  merged_id     BIGINT  NOT NULL DEFAULT 0,
  place_id      BIGINT  NOT NULL DEFAULT 0,
  promised_ms   BIGINT  NOT NULL,
  deadline_ms   BIGINT  NOT NULL,
  climb_ms      BIGINT  NOT NULL DEFAULT 0,
  step          INTEGER NOT NULL DEFAULT 0,
  events        INTEGER NOT NULL,
  children      INTEGER NOT NULL DEFAULT 0,
  created_ms    BIGINT  NOT NULL,
  received_ms   BIGINT  NOT NULL DEFAULT 0,
  done_ms       BIGINT  NOT NULL DEFAULT 0,
  ended_ms      BIGINT  NOT NULL DEFAULT 0,
  PRIMARY KEY (district, id)
);
CREATE INDEX task_mine ON task (district, post_id, deadline_ms, id) WHERE open = 1;
CREATE INDEX task_given ON task (district, issuer_post_id, deadline_ms, id) WHERE open = 1;
CREATE INDEX task_watched ON task (district, above_post_id, deadline_ms, id) WHERE open = 1 AND above_post_id <> 0;
CREATE INDEX task_climb ON task (district, climb_ms, id) WHERE open = 1 AND climb_ms <> 0;
CREATE INDEX task_tree ON task (district, parent_id, id) WHERE parent_id <> 0;
CREATE INDEX task_heads ON task (district, id) WHERE open = 1 AND children > 0;
CREATE INDEX task_root ON task (district, root_id) WHERE root_id <> 0;
CREATE INDEX task_place ON task (district, place_id) WHERE place_id <> 0;

-- What happened to a task, in order: seq 1 is its issue. Two who change it at
-- the same time want the same seq; one of them gets it.
CREATE TABLE task_event (
  district   INTEGER NOT NULL,
  task_id    BIGINT  NOT NULL,
  seq        INTEGER NOT NULL,
  kind       TEXT    NOT NULL,
  state      TEXT    NOT NULL,
  post_id    BIGINT  NOT NULL,
  other_id   BIGINT  NOT NULL DEFAULT 0,
  account_id BIGINT  NOT NULL DEFAULT 0,
  by_post_id BIGINT  NOT NULL DEFAULT 0,
  at_ms      BIGINT  NOT NULL,
  noted_ms   BIGINT  NOT NULL,
  photo_id   BIGINT  NOT NULL DEFAULT 0,
  sealed     BYTEA   NOT NULL,
  PRIMARY KEY (district, task_id, seq)
);

-- Tasks, doors, places, households, persons and rounds that a task is about.
CREATE TABLE task_link (
  district  INTEGER NOT NULL,
  task_id   BIGINT  NOT NULL,
  kind      TEXT    NOT NULL,
  object_id BIGINT  NOT NULL,
  PRIMARY KEY (district, task_id, kind, object_id)
);
CREATE INDEX task_link_object ON task_link (district, object_id);

CREATE TABLE task_watch (
  district   INTEGER NOT NULL,
  account_id BIGINT  NOT NULL,
  task_id    BIGINT  NOT NULL,
  PRIMARY KEY (district, account_id, task_id)
);
CREATE INDEX task_watch_task ON task_watch (district, task_id);

-- The place's own kinds of tasks, and its own settings of those that ship.
CREATE TABLE task_kind (
  district   INTEGER NOT NULL,
  key        TEXT    NOT NULL,
  spec       TEXT    NOT NULL,
  retired    INTEGER NOT NULL DEFAULT 0,
  account_id BIGINT  NOT NULL,
  updated_ms BIGINT  NOT NULL,
  PRIMARY KEY (district, key)
);

-- Who answered for a post that has open tasks, since when: the sweep records it
-- whenever it differs from the last. answers_id 0: nobody up the line.
CREATE TABLE task_cover (
  district   INTEGER NOT NULL,
  post_id    BIGINT  NOT NULL,
  at_ms      BIGINT  NOT NULL,
  answers_id BIGINT  NOT NULL,
  PRIMARY KEY (district, post_id, at_ms)
);

-- +goose Down
DROP TABLE task_cover; DROP TABLE task_kind; DROP TABLE task_watch; DROP TABLE task_link; DROP TABLE task_event; DROP TABLE task;
