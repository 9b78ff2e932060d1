package task

import (
	"context"

	"wangge/internal/platform/db"
	"wangge/internal/platform/id"
)

// kindRow is a kind of the place's own as stored.
type kindRow struct {
	key, spec string
	retired   int
}

func selectKinds(ctx context.Context, q db.Queryer, district int) ([]kindRow, error) {
	return db.List(ctx, q, func(k *kindRow) []any { return []any{&k.key, &k.spec, &k.retired} },
		`SELECT key, spec, retired FROM task_kind WHERE district = $1 ORDER BY key`, district)
}

func saveKind(ctx context.Context, tx *db.Tx, district int, k kindRow, account id.ID, nowMs int64) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO task_kind (district, key, spec, retired, account_id, updated_ms) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (district, key) DO UPDATE SET spec = excluded.spec, retired = excluded.retired, account_id = excluded.account_id, updated_ms = excluded.updated_ms`,
		district, k.key, k.spec, k.retired, account, nowMs)
	return err
}
