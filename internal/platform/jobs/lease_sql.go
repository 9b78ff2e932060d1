package jobs

import (
	"context"

	"wangge/internal/platform/db"
)

func startHeld(ctx context.Context, tx *db.Tx, j Job, owner string, now int64) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO job (district, id, kind, object_id, state, account_id, started_ms, owner, beat_ms) VALUES ($1, $2, $3, $4, 'running', $5, $6, $7, $6)
		ON CONFLICT (district, id) DO UPDATE SET kind = excluded.kind, account_id = excluded.account_id, state = 'running', done = 0, total = 0, message = '', started_ms = excluded.started_ms, ended_ms = 0, owner = excluded.owner, beat_ms = excluded.beat_ms`,
		j.District, int64(j.ID), j.Kind, int64(j.Object), int64(j.Account), now, owner)
	return err
}

// takeOver makes owner the holder of a job that nobody has held since before.
func takeOver(ctx context.Context, tx *db.Tx, j Job, owner string, now, before int64) (bool, error) {
	return db.One(tx.ExecContext(ctx, `INSERT INTO job (district, id, kind, object_id, state, account_id, started_ms, owner, beat_ms) VALUES ($1, $2, $3, $4, 'running', $5, $6, $7, $6)
		ON CONFLICT (district, id) DO UPDATE SET state = 'running', message = '', ended_ms = 0, owner = excluded.owner, beat_ms = excluded.beat_ms
		WHERE job.owner <> excluded.owner AND job.beat_ms < $8`,
		j.District, int64(j.ID), j.Kind, int64(j.Object), int64(j.Account), now, owner, before))
}

func beatHeld(ctx context.Context, tx *db.Tx, l *Lease, now int64) (bool, error) {
	return db.One(tx.ExecContext(ctx, `UPDATE job SET beat_ms = $4 WHERE district = $1 AND id = $2 AND owner = $3`, l.district, int64(l.job), l.owner, now))
}

func moveHeld(ctx context.Context, tx *db.Tx, l *Lease, done, total int, now int64) (bool, error) {
	return db.One(tx.ExecContext(ctx, `UPDATE job SET beat_ms = $4, done = $5, total = $6 WHERE district = $1 AND id = $2 AND owner = $3`,
		l.district, int64(l.job), l.owner, now, done, total))
}

func endHeld(ctx context.Context, tx *db.Tx, l *Lease, state, message string, now int64) (bool, error) {
	return db.One(tx.ExecContext(ctx, `UPDATE job SET state = $4, message = $5, ended_ms = $6, owner = '' WHERE district = $1 AND id = $2 AND owner = $3`,
		l.district, int64(l.job), l.owner, state, message, now))
}
