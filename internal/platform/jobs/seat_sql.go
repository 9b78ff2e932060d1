package jobs

import (
	"context"
	"database/sql"
	"errors"

	"wangge/internal/platform/db"
)

// selectSeat returns who holds a seat; an empty holding where nobody ever did.
func selectSeat(ctx context.Context, q db.Queryer, district int, name string) (h holding, err error) {
	err = q.QueryRowContext(ctx, `SELECT owner, beats FROM seat WHERE district = $1 AND name = $2`, district, name).Scan(&h.owner, &h.beats)
	if errors.Is(err, sql.ErrNoRows) {
		return holding{}, nil
	}
	return h, err
}

// swapSeat makes next of what was, and reports whether it still was so.
func swapSeat(ctx context.Context, tx *db.Tx, district int, name string, was, next holding) (bool, error) {
	return db.One(tx.ExecContext(ctx, `INSERT INTO seat (district, name, owner, beats) VALUES ($1, $2, $3, $4)
		ON CONFLICT (district, name) DO UPDATE SET owner = excluded.owner, beats = excluded.beats
		WHERE seat.owner = $5 AND seat.beats = $6`, district, name, next.owner, next.beats, was.owner, was.beats))
}

// deleteSeat removes a seat that its holder leaves for good.
func deleteSeat(ctx context.Context, tx *db.Tx, district int, name, owner string) error {
	_, err := tx.ExecContext(ctx, `DELETE FROM seat WHERE district = $1 AND name = $2 AND owner = $3`, district, name, owner)
	return err
}
