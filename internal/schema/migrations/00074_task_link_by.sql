-- +goose Up
-- Who linked a task with something by hand, and may take the link off again; 0:
-- it follows from what happened (a merging, a transfer) and stays.
ALTER TABLE task_link ADD COLUMN account_id BIGINT NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE task_link DROP COLUMN account_id;
