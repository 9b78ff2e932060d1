-- +goose Up
-- Who was settled when: an open desk counts those of today without reading all
-- that ever were.
CREATE INDEX lead_done ON lead (district, done_ms, path) WHERE state = 'done';

-- +goose Down
DROP INDEX lead_done;
