-- +goose Up
-- A list of people and their posts, kept sealed while somebody looks at what it
-- would change, and for some days after.
CREATE TABLE post_list (
  district   INTEGER NOT NULL,
  id         BIGINT  NOT NULL,
  place_id   BIGINT  NOT NULL,
  account_id BIGINT  NOT NULL,
  sealed     BYTEA   NOT NULL,
  result     BYTEA   NOT NULL,
  created_ms BIGINT  NOT NULL,
  applied_ms BIGINT  NOT NULL DEFAULT 0,
  PRIMARY KEY (district, id)
);
CREATE INDEX post_list_age ON post_list (district, created_ms);

-- A leave: the term of holder_id ends at from_ms and goes on as back_id at
-- until_ms (0: their term had ended by then); the substitute holds the post as
-- substitute_holder_id in between (0: nobody).
CREATE TABLE post_leave (
  district      INTEGER NOT NULL,
  id            BIGINT  NOT NULL,
  post_id       BIGINT  NOT NULL,
  account_id    BIGINT  NOT NULL,
  substitute_id BIGINT  NOT NULL DEFAULT 0,
  from_ms       BIGINT  NOT NULL,
  until_ms      BIGINT  NOT NULL,
  holder_id     BIGINT  NOT NULL,
  back_id       BIGINT  NOT NULL DEFAULT 0,
  substitute_holder_id BIGINT NOT NULL DEFAULT 0,
  made_by       BIGINT  NOT NULL,
  created_ms    BIGINT  NOT NULL,
  PRIMARY KEY (district, id)
);
CREATE INDEX post_leave_post ON post_leave (district, post_id);

-- The duty roster: hours of a post, each week (weekday 0 Monday … 6 Sunday, day
-- -1) or on one day (day since 1970-01-01 in UTC+8, weekday -1). Minutes count
-- from that day's midnight; an end beyond 1440 is on the next day. account_id 0:
-- whoever holds the post.
CREATE TABLE shift (
  district   INTEGER NOT NULL,
  id         BIGINT  NOT NULL,
  post_id    BIGINT  NOT NULL,
  account_id BIGINT  NOT NULL DEFAULT 0,
  weekday    INTEGER NOT NULL,
  day        INTEGER NOT NULL,
  start_min  INTEGER NOT NULL,
  end_min    INTEGER NOT NULL,
  from_ms    BIGINT  NOT NULL,
  until_ms   BIGINT  NOT NULL DEFAULT 0,
  PRIMARY KEY (district, id)
);
CREATE INDEX shift_post ON shift (district, post_id);

-- +goose Down
DROP TABLE shift; DROP TABLE post_leave; DROP TABLE post_list;
