-- +goose Up
-- Where a photo was taken, sealed, of what asks for it. NULL: it was not asked
-- for, and nothing of it was read.
ALTER TABLE photo ADD COLUMN place BYTEA;

-- +goose Down
ALTER TABLE photo DROP COLUMN place;
