package round

import (
	"context"

	"wangge/internal/platform/db"
)

func insertEmergency(ctx context.Context, tx *db.Tx, district int, e Emergency) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO emergency (district, id, name, basis, purpose, recipients, retention_days,
		register, drill, state, account_id, opened_ms, ended_ms) VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,0)`,
		district, e.ID, e.Name, e.Basis, e.Purpose, e.Recipients, e.RetentionDays, e.Register, bit(e.Drill), e.State, e.AccountID, e.OpenedMs)
	return err
}

func selectEmergencies(ctx context.Context, q db.Queryer, district int) ([]Emergency, error) {
	rows, err := q.QueryContext(ctx, `SELECT id, name, basis, purpose, recipients, retention_days, register, drill, state,
		account_id, opened_ms, ended_ms FROM emergency WHERE district = $1 ORDER BY opened_ms DESC, id DESC`, district)
	return collect(rows, err, func(scan scanner) (e Emergency, err error) {
		var drill int
		err = scan(&e.ID, &e.Name, &e.Basis, &e.Purpose, &e.Recipients, &e.RetentionDays, &e.Register, &drill, &e.State,
			&e.AccountID, &e.OpenedMs, &e.EndedMs)
		e.Drill = drill == 1
		return e, err
	})
}

// bit is a bool as the database keeps it.
func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}
