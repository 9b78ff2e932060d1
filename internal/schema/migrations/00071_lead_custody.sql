-- +goose Up
-- Open tasks of a post by deadline, with their kind: those that stand for
-- records (leads) are counted beside the list of the others.
DROP INDEX task_mine;
CREATE INDEX task_mine ON task (district, post_id, deadline_ms, id, kind) WHERE open = 1;
DROP INDEX task_given;
CREATE INDEX task_given ON task (district, issuer_post_id, deadline_ms, id, kind) WHERE open = 1;
-- Open tasks of leads, which are compared with the leads each minute.
CREATE INDEX task_leads ON task (district, id) WHERE open = 1 AND kind = 'lead';

-- +goose Down
DROP INDEX task_leads;
DROP INDEX task_given;
CREATE INDEX task_given ON task (district, issuer_post_id, deadline_ms, id) WHERE open = 1;
DROP INDEX task_mine;
CREATE INDEX task_mine ON task (district, post_id, deadline_ms, id) WHERE open = 1;
