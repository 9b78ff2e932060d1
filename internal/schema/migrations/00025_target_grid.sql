-- +goose Up
-- A grid has few targets: their state is read from the rows, and a mark no
-- longer writes this index.
DROP INDEX target_grid;
CREATE INDEX target_grid ON target (district, occurrence_id, grid_id);

-- +goose Down
DROP INDEX target_grid;
CREATE INDEX target_grid ON target (district, occurrence_id, grid_id, state);
