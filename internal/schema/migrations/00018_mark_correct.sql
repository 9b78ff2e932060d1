-- +goose Up
-- A mark made to correct what stood before it; it settles contradictions of two
-- authors that had arrived by then.
ALTER TABLE mark ADD COLUMN correct INTEGER NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE mark DROP COLUMN correct;
