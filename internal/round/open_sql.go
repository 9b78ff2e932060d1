package round

import (
	"context"
	"database/sql"
	"errors"

	"wangge/internal/platform/db"
	"wangge/internal/platform/id"
)

func insertJob(ctx context.Context, tx *db.Tx, district int, job, round id.ID, total int, account id.ID, now int64) error {
	_, err := tx.ExecContext(ctx, "INSERT INTO job (district, id, kind, object_id, state, done, total, account_id, started_ms) VALUES ($1,$2,'round.open',$3,'running',0,$4,$5,$6)",
		district, job, round, total, account, now)
	return err
}

func advanceJob(ctx context.Context, tx *db.Tx, district int, job id.ID, n int) error {
	_, err := tx.ExecContext(ctx, "UPDATE job SET done = done + $3 WHERE district = $1 AND id = $2", district, job, n)
	return err
}

// JobProgress is how far an opening has come.
type JobProgress struct {
	Done  int `json:"done"`
	Total int `json:"total"`
}

func selectJob(ctx context.Context, q db.Queryer, district int, job id.ID) (p JobProgress, err error) {
	err = q.QueryRowContext(ctx, "SELECT done, total FROM job WHERE district = $1 AND id = $2", district, job).Scan(&p.Done, &p.Total)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return p, err
}

func insertOccurrence(ctx context.Context, tx *db.Tx, district int, round id.ID, o Occurrence) error {
	_, err := tx.ExecContext(ctx, "INSERT INTO occurrence (district, id, round_id, n, state, job_id, planned_ms, opened_ms, due_ms, closed_ms) VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10)",
		district, o.ID, round, o.N, string(o.State), o.JobID, o.PlannedMs, o.OpenedMs, o.DueMs, o.ClosedMs)
	return err
}

func setOpened(ctx context.Context, tx *db.Tx, r Round, now int64) error {
	if err := changed(tx.ExecContext(ctx, "UPDATE occurrence SET state = 'open', version = version + 1 WHERE district = $1 AND id = $2 AND state = 'opening'",
		r.district, r.OccurrenceID)); err != nil {
		return err
	}
	if err := setState(ctx, tx, r.district, r.ID, Opening, Open); err != nil {
		return err
	}
	tx.Notify(topic(r.ID))
	_, err := tx.ExecContext(ctx, "UPDATE job SET state = 'done', ended_ms = $3 WHERE district = $1 AND id = $2", r.district, r.JobID, now)
	return err
}

// lastSpot returns where an opening that was cut short goes on: the last object
// of the selection, in walking order, that is on the list; "" of a fresh one.
func lastSpot(ctx context.Context, q db.Queryer, sel *selection) (path string, object id.ID, err error) {
	r := sel.round
	var n int
	if err = q.QueryRowContext(ctx, "SELECT count(*) FROM (SELECT 1 FROM target WHERE district = $1 AND occurrence_id = $2 LIMIT 1) x", r.district, r.OccurrenceID).Scan(&n); err != nil || n == 0 {
		return "", 0, err
	}
	a := db.NewArgs(r.district)
	err = q.QueryRowContext(ctx, "SELECT x.path, x.object_id FROM ("+sel.sql(a, "")+") x JOIN target t ON t.district = $1 AND t.occurrence_id = "+a.Add(r.OccurrenceID)+
		" AND t.object_id = x.object_id AND t.joined_ms = 0 ORDER BY x.path DESC, x.object_id DESC LIMIT 1", a.List()...).Scan(&path, &object)
	if errors.Is(err, sql.ErrNoRows) {
		return "", 0, nil
	}
	return path, object, err
}

// standingExempt is a result with days of validity that was given of a door in
// another round.
type standingExempt struct {
	reason string
	until  int64
}

// stands is the SQL of targets t of other occurrences whose exemption stands at
// an instant: within its days, and nobody said otherwise of the door since.
func stands(a *db.Args, occs []id.ID, now string) string {
	in := db.In(a, occs)
	return "t.state = 3 AND t.reason IN " + db.In(a, carriedResults) + " AND t.valid_until_ms > " + now + " AND t.occurrence_id IN " + in +
		" AND NOT EXISTS (SELECT 1 FROM target y WHERE y.district = t.district AND y.object_id = t.object_id AND y.occurrence_id IN " + in +
		" AND y.state IN (2, 3) AND y.marked_ms >= t.marked_ms AND y.reason <> t.reason)"
}

// standing returns the exemptions that stand of doors among the targets.
func standingExempts(ctx context.Context, q db.Queryer, district int, occs []id.ID, targets []Target, now int64) (map[id.ID]standingExempt, error) {
	out := map[id.ID]standingExempt{}
	if len(occs) == 0 {
		return out, nil
	}
	err := db.Chunks(targets, perQuery, func(part []Target) error {
		a := db.NewArgs(district, now)
		ids := make([]id.ID, len(part))
		for i, t := range part {
			ids[i] = t.ObjectID
		}
		rows, err := q.QueryContext(ctx, "SELECT t.object_id, t.reason, MAX(t.valid_until_ms) FROM target t WHERE t.district = $1 AND "+stands(a, occs, "$2")+
			" AND t.object_id IN "+db.In(a, ids)+" GROUP BY t.object_id, t.reason ORDER BY t.object_id, t.reason", a.List()...)
		_, err = collect(rows, err, func(scan scanner) (struct{}, error) {
			var v id.ID
			var x standingExempt
			err := scan(&v, &x.reason, &x.until)
			out[v] = x
			return struct{}{}, err
		})
		return err
	})
	return out, err
}
