-- +goose Up
-- The deadline of the work where the issuer changed it: it holds again when the
-- task goes back to work. 0: the first one, promised_ms.
ALTER TABLE task ADD COLUMN agreed_ms BIGINT NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE task DROP COLUMN agreed_ms;
