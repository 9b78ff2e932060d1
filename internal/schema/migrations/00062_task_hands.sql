-- +goose Up
-- Open tasks by when they are due, with what it takes to estimate the hands
-- they need; and the open alarms of too few hands, one a community.
CREATE INDEX task_due ON task (district, deadline_ms, post_id, kind) WHERE open = 1;
CREATE INDEX task_hands ON task (district, place_id) WHERE open = 1 AND kind = 'hands';

-- +goose Down
DROP INDEX task_hands; DROP INDEX task_due;
