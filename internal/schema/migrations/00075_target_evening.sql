-- +goose Up
-- The evening list (round.EveningAfter attempts and still outstanding) is short;
-- without this it was found by walking every place below.
CREATE INDEX target_evening ON target (district, occurrence_id, leaf_id) WHERE state = 1 AND attempts >= 3;

-- +goose Down
DROP INDEX target_evening;
