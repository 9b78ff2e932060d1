-- +goose Up
-- Lists of people who come into posts wait where the other lists do (list_in,
-- kind 'people'). What waited here, seven days at the most, is handed in again.
DROP TABLE post_list;
CREATE INDEX list_in_account ON list_in (district, account_id, id);

-- +goose Down
DROP INDEX list_in_account;
