-- +goose Up
-- A token that was given to another district names it (six digits): it hands
-- people over in that district's name and does nothing else.
ALTER TABLE token ADD COLUMN origin TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE token DROP COLUMN origin;
