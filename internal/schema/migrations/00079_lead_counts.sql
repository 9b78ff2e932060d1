-- +goose Up
-- Open tasks of leads by post and by who they climbed to: an inbox counts them
-- without reading the post's other tasks.
DROP INDEX task_leads;
CREATE INDEX task_leads ON task (district, post_id, deadline_ms, id) WHERE open = 1 AND kind = 'lead';
CREATE INDEX task_leads_up ON task (district, above_post_id, id) WHERE open = 1 AND kind = 'lead' AND above_post_id <> 0;

-- +goose Down
DROP INDEX task_leads_up;
DROP INDEX task_leads;
CREATE INDEX task_leads ON task (district, id) WHERE open = 1 AND kind = 'lead';
