package jobs

import (
	"context"
	"database/sql"

	"wangge/internal/platform/db"
	"wangge/internal/platform/id"
)

const jobColumns = `district, id, kind, object_id, state, done, total, message, account_id, started_ms, ended_ms`

func upsertJob(ctx context.Context, tx *db.Tx, j Job, message string) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO job (`+jobColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
		ON CONFLICT (district, id) DO UPDATE SET state = excluded.state, done = excluded.done, total = excluded.total,
			message = excluded.message, ended_ms = excluded.ended_ms`,
		j.District, int64(j.ID), j.Kind, int64(j.Object), string(j.State), j.Done, j.Total, message, int64(j.Account), j.StartedMs, j.EndedMs)
	return err
}

type scanner interface{ Scan(dest ...any) error }

func scanJob(row scanner) (Job, error) {
	var j Job
	var message string
	err := row.Scan(&j.District, &j.ID, &j.Kind, &j.Object, &j.State, &j.Done, &j.Total, &message, &j.Account, &j.StartedMs, &j.EndedMs)
	j.setMessage(message)
	return j, err
}

func selectJob(ctx context.Context, q db.Queryer, district int, jobID id.ID) (Job, error) {
	return scanJob(q.QueryRowContext(ctx, `SELECT `+jobColumns+` FROM job WHERE district = $1 AND id = $2`, district, int64(jobID)))
}

func selectJobs(ctx context.Context, q db.Queryer, district int, kind string, object id.ID, limit int) ([]Job, error) {
	a := db.NewArgs(district)
	where := ""
	if kind != "" {
		where += " AND kind = " + a.Add(kind)
	}
	if object != id.Zero {
		where += " AND object_id = " + a.Add(int64(object))
	}
	var list []Job
	err := db.Each(ctx, q, func(rows *sql.Rows) error {
		j, err := scanJob(rows)
		list = append(list, j)
		return err
	}, `SELECT `+jobColumns+` FROM job WHERE district = $1`+where+`
		ORDER BY id DESC LIMIT `+a.Add(limit), a.List()...)
	return list, err
}

// interruptRunning marks running jobs whose process has not been heard of since before.
func interruptRunning(ctx context.Context, tx *db.Tx, nowMs, before int64) (int, error) {
	res, err := tx.ExecContext(ctx, `UPDATE job SET state = $1, ended_ms = $2 WHERE state = $3 AND started_ms < $4 AND beat_ms < $4`, string(Interrupted), nowMs, string(Running), before)
	if err != nil {
		return 0, err
	}
	n, err := res.RowsAffected()
	return int(n), err
}
