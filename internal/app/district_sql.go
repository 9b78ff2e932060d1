package app

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"wangge/internal/platform/db"
)

// DistrictOf returns the district to work on: the one asked for, else the only
// one whose areas the database holds, else 0 where none was imported yet. It
// is a fault of the call to leave it open where there are several.
func DistrictOf(ctx context.Context, d *db.DB, asked int) (int, error) {
	rows, err := d.Read().QueryContext(ctx, `SELECT DISTINCT district FROM place WHERE parent_id = 0 ORDER BY district`)
	if err != nil {
		return 0, db.Fault("app.DistrictOf", err)
	}
	defer rows.Close()
	var list []int
	for rows.Next() {
		var n int
		if err := rows.Scan(&n); err != nil {
			return 0, db.Fault("app.DistrictOf", err)
		}
		if n == asked {
			return asked, rows.Err()
		}
		list = append(list, n)
	}
	if err := rows.Err(); err != nil {
		return 0, db.Fault("app.DistrictOf", err)
	}
	switch {
	case asked != 0 && len(list) > 0:
		return 0, fmt.Errorf("%w: the database holds no district %d, but %v", ErrCall, asked, list)
	case len(list) > 1:
		return 0, fmt.Errorf("%w: the database holds the districts %v; choose one with --district", ErrCall, list)
	case len(list) == 1:
		return list[0], nil
	}
	return asked, nil
}

// keysEntry is where a database notes which standing key it was written with.
const keysEntry = "keys.standing"

// notedKeys returns what the database notes of its standing key; "" of one that
// was never opened with keys.
func notedKeys(ctx context.Context, q db.Queryer) (mark string, err error) {
	err = q.QueryRowContext(ctx, `SELECT value FROM wangge WHERE key = $1`, keysEntry).Scan(&mark)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return mark, db.Fault("app.keys", err)
}

// noteKeys notes the standing key of a database unless one is on note.
func noteKeys(ctx context.Context, tx *db.Tx, mark string) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO wangge (key, value) VALUES ($1, $2) ON CONFLICT (key) DO NOTHING`, keysEntry, mark)
	return err
}
