-- +goose Up
-- Changes of shift of posts with a roster (交接班). end_ms: when the shift of
-- those who went ended by the roster. out, in: who signed for either side, and
-- when; 0: nobody. leader_post_id, passed_ms: to whom the open items passed, and
-- when, since nobody had signed in by then; task_id: what told that post.
-- out_items, in_items: how many items were open at each signature. sealed: what
-- the outgoing wrote.
CREATE TABLE shift_handover (
  district   INTEGER NOT NULL,
  post_id    BIGINT  NOT NULL,
  end_ms     BIGINT  NOT NULL,
  out_id     BIGINT  NOT NULL DEFAULT 0,
  out_ms     BIGINT  NOT NULL DEFAULT 0,
  out_items  INTEGER NOT NULL DEFAULT 0,
  in_id      BIGINT  NOT NULL DEFAULT 0,
  in_ms      BIGINT  NOT NULL DEFAULT 0,
  in_items   INTEGER NOT NULL DEFAULT 0,
  leader_post_id BIGINT NOT NULL DEFAULT 0,
  passed_ms  BIGINT  NOT NULL DEFAULT 0,
  noted_ms   BIGINT  NOT NULL DEFAULT 0,
  task_id    BIGINT  NOT NULL DEFAULT 0,
  sealed     BYTEA   NOT NULL,
  PRIMARY KEY (district, post_id, end_ms)
);
CREATE INDEX shift_handover_end ON shift_handover (district, end_ms, post_id);
CREATE INDEX shift_handover_told ON shift_handover (district, post_id) WHERE task_id <> 0;

-- Since when changes of shift are signed, and until when those that were late
-- have been recorded.
CREATE TABLE shift_handover_swept (
  district INTEGER NOT NULL,
  since_ms BIGINT  NOT NULL,
  until_ms BIGINT  NOT NULL,
  PRIMARY KEY (district)
);

-- +goose Down
DROP TABLE shift_handover_swept; DROP TABLE shift_handover;
