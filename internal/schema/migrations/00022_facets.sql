-- +goose Up
-- Whether a person has a number or a document is counted from the index alone.
DROP INDEX person_key_person;
CREATE INDEX person_key_person ON person_key (district, person_id, kind);

-- +goose Down
DROP INDEX person_key_person;
CREATE INDEX person_key_person ON person_key (district, person_id);
