package round

import (
	"context"
	"database/sql"
	"errors"

	"wangge/internal/grid"
	"wangge/internal/platform/db"
	"wangge/internal/platform/id"
)

const occCols = "id, n, state, planned_ms, opened_ms, due_ms, closed_ms, job_id"

func scanOccurrence(scan scanner) (o Occurrence, err error) {
	err = scan(&o.ID, &o.N, &o.State, &o.PlannedMs, &o.OpenedMs, &o.DueMs, &o.ClosedMs, &o.JobID)
	return o, err
}

// selectOccurrences returns the latest occurrences of a round, the latest first.
func selectOccurrences(ctx context.Context, q db.Queryer, district int, round id.ID, limit int) ([]Occurrence, error) {
	rows, err := q.QueryContext(ctx, "SELECT "+occCols+" FROM occurrence WHERE district = $1 AND round_id = $2 ORDER BY n DESC LIMIT $3", district, round, limit)
	return collect(rows, err, scanOccurrence)
}

func occurrenceN(ctx context.Context, q db.Queryer, district int, round id.ID, n int) (Occurrence, error) {
	o, err := scanOccurrence(q.QueryRowContext(ctx, "SELECT "+occCols+" FROM occurrence WHERE district = $1 AND round_id = $2 AND n = $3 AND state <> 'missed'", district, round, n).Scan)
	return o, missing("round.occurrence", err, "round.occurrence_missing")
}

// openingOccurrence returns the occurrence whose list is being written; the
// zero one where there is none.
func openingOccurrence(ctx context.Context, q db.Queryer, district int, round id.ID) (Occurrence, error) {
	o, err := scanOccurrence(q.QueryRowContext(ctx, "SELECT "+occCols+" FROM occurrence WHERE district = $1 AND round_id = $2 AND state = 'opening' ORDER BY n LIMIT 1", district, round).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return Occurrence{}, nil
	}
	return o, db.Fault("round.occurrence", err)
}

// occurrenceAt returns the occurrence of a round that was open at an instant
// and is over; Zero where none was.
func occurrenceAt(ctx context.Context, q db.Queryer, district int, round id.ID, ms int64) (v id.ID, err error) {
	err = q.QueryRowContext(ctx, "SELECT id FROM occurrence WHERE district = $1 AND round_id = $2 AND state IN ('ended', 'closed') AND opened_ms <= $3 AND closed_ms > $3 ORDER BY n DESC LIMIT 1",
		district, round, ms).Scan(&v)
	if errors.Is(err, sql.ErrNoRows) {
		return id.Zero, nil
	}
	return v, db.Fault("round.occurrence", err)
}

// occurrenceEnds returns when the first occurrence of a round opened and the
// number of the last.
func occurrenceEnds(ctx context.Context, q db.Queryer, district int, round id.ID) (first int64, last int, err error) {
	err = q.QueryRowContext(ctx, "SELECT COALESCE(MIN(CASE WHEN n = 1 THEN opened_ms END), 0), COALESCE(MAX(n), 0) FROM occurrence WHERE district = $1 AND round_id = $2", district, round).Scan(&first, &last)
	return first, last, db.Fault("round.occurrence", err)
}

// selectTimes returns the occurrences of a round that list a target.
func selectTimes(ctx context.Context, q db.Queryer, c grid.Caller, round, object id.ID) ([]TargetTime, error) {
	a := db.NewArgs(c.District, round, object)
	rows, err := q.QueryContext(ctx, "SELECT "+targetSelect+", o.n, o.opened_ms"+targetFrom+" JOIN occurrence o ON o.district = t.district AND o.id = t.occurrence_id"+
		" WHERE t.district = $1 AND o.round_id = $2 AND t.object_id = $3 AND o.state IN ('open', 'closed', 'ended') AND "+c.Scope(grid.RoundRead, a, targetScope)+
		" ORDER BY o.n DESC LIMIT "+a.Add(maxTimes), a.List()...)
	return collect(rows, err, func(scan scanner) (v TargetTime, err error) {
		var bulk int
		err = scan(append(v.dest(&bulk), &v.N, &v.OpenedMs)...)
		v.Bulk = bulk == 1
		return v, err
	})
}

// setNext plans a round's next opening, if the plan is still the one read.
func setNext(ctx context.Context, tx *db.Tx, r Round, next int64) error {
	return changed(tx.ExecContext(ctx, "UPDATE round SET next_ms = $4 WHERE district = $1 AND id = $2 AND next_ms = $3 AND state = 'open'", r.district, r.ID, r.NextMs, next))
}

// turnOver makes the occurrence whose list is complete the current one and ends
// the one before it. Where the round was closed meanwhile the list is withdrawn.
func turnOver(ctx context.Context, tx *db.Tx, r Round, was id.ID, now int64) error {
	state, closed := Open, int64(0)
	if err := changed(tx.ExecContext(ctx, "UPDATE round SET current_id = $4 WHERE district = $1 AND id = $2 AND current_id = $3 AND state = 'open'",
		r.district, r.ID, was, r.OccurrenceID)); err != nil {
		var is RoundState
		if serr := tx.QueryRowContext(ctx, "SELECT state FROM round WHERE district = $1 AND id = $2", r.district, r.ID).Scan(&is); serr != nil || is == Open {
			return errOr(serr, err)
		}
		state, closed = Withdrawn, r.ClosedMs
	}
	if err := changed(tx.ExecContext(ctx, "UPDATE occurrence SET state = $3, opened_ms = $4, closed_ms = $5, version = version + 1 WHERE district = $1 AND id = $2 AND state = 'opening'",
		r.district, r.OccurrenceID, string(state), now, closed)); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, "UPDATE job SET state = 'done', ended_ms = $3 WHERE district = $1 AND id = $2", r.district, r.JobID, now); err != nil || state != Open {
		return err
	}
	_, err := tx.ExecContext(ctx, "UPDATE occurrence SET state = 'ended', closed_ms = $3, version = version + 1 WHERE district = $1 AND id = $2 AND state = 'open'", r.district, was, now)
	return err
}

// roundsTurning returns the open rounds whose next list is being written.
func roundsTurning(ctx context.Context, q db.Queryer, district int) ([]id.ID, error) {
	rows, err := q.QueryContext(ctx, "SELECT DISTINCT r.id FROM occurrence o JOIN round r ON r.district = o.district AND r.id = o.round_id WHERE o.district = $1 AND o.state = 'opening' AND r.state <> 'opening'", district)
	return collect(rows, err, scanID)
}
