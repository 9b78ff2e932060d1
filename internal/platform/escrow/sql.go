package escrow

import (
	"context"

	"wangge/internal/platform/db"
	"wangge/internal/platform/id"
)

// insertCopy records a key in a copy; one that is destroyed is called back at once.
func insertCopy(ctx context.Context, tx *db.Tx, district int, c Copy, key string) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO key_copy (district, id, key_id, kind, holder, place, folder, made_by, made_ms, state)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, CASE WHEN EXISTS (SELECT 1 FROM key_end WHERE district = $1 AND key_id = $3) THEN $10 ELSE $11 END)`,
		district, c.ID, key, c.Kind, c.Holder, c.Place, c.Folder, c.MadeBy, c.MadeMs, Called, Out)
	return err
}

// selectCopies returns the copies of one key, or of all where key is empty.
func selectCopies(ctx context.Context, q db.Queryer, district int, key string) ([]Copy, error) {
	const op = "escrow.selectCopies"
	rows, err := q.QueryContext(ctx, `SELECT id, key_id, kind, holder, place, folder, made_by, made_ms, state, ended_by, ended_ms FROM key_copy
		WHERE district = $1 AND ($2 = '' OR key_id = $2) ORDER BY id DESC, key_id`, district, key)
	if err != nil {
		return nil, db.Fault(op, err)
	}
	defer rows.Close()
	var list []Copy
	for rows.Next() {
		var c Copy
		if err := rows.Scan(&c.ID, &c.Key, &c.Kind, &c.Holder, &c.Place, &c.Folder, &c.MadeBy, &c.MadeMs, &c.State, &c.EndedBy, &c.EndedMs); err != nil {
			return nil, db.Fault(op, err)
		}
		list = append(list, c)
	}
	return list, db.Fault(op, rows.Err())
}

// endCopy ends one key of a copy, or all where key is empty, and counts them.
func endCopy(ctx context.Context, tx *db.Tx, district int, copyID id.ID, key, by string, now int64) (int64, error) {
	res, err := tx.ExecContext(ctx, `UPDATE key_copy SET state = $1, ended_by = $2, ended_ms = $3
		WHERE district = $4 AND id = $5 AND ($6 = '' OR key_id = $6) AND state <> $1`, Ended, by, now, district, copyID, key)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

func callBack(ctx context.Context, tx *db.Tx, district int, key string) error {
	_, err := tx.ExecContext(ctx, `UPDATE key_copy SET state = $1 WHERE district = $2 AND key_id = $3 AND state = $4`, Called, district, key, Out)
	return err
}

// insertEnd records the end of a key; false where it is on record already.
func insertEnd(ctx context.Context, tx *db.Tx, district int, key, by string, now int64) (bool, error) {
	return db.One(tx.ExecContext(ctx, `INSERT INTO key_end (district, key_id, ended_by, ended_ms) VALUES ($1, $2, $3, $4)
		ON CONFLICT (district, key_id) DO NOTHING`, district, key, by, now))
}

func selectEnds(ctx context.Context, q db.Queryer, district int) ([]string, error) {
	const op = "escrow.selectEnds"
	rows, err := q.QueryContext(ctx, `SELECT key_id FROM key_end WHERE district = $1 ORDER BY key_id`, district)
	if err != nil {
		return nil, db.Fault(op, err)
	}
	defer rows.Close()
	var list []string
	for rows.Next() {
		var key string
		if err := rows.Scan(&key); err != nil {
			return nil, db.Fault(op, err)
		}
		list = append(list, key)
	}
	return list, db.Fault(op, rows.Err())
}
