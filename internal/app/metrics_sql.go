package app

import (
	"context"

	"wangge/internal/platform/clock"
	"wangge/internal/platform/db"
	"wangge/internal/platform/escrow"
	"wangge/internal/platform/jobs"
	"wangge/internal/round"
)

// readStored reads the figures of /metrics from the database, as of one
// instant. now is the field's clock; log-ins go by the machine's.
func readStored(ctx context.Context, d *db.DB, district int, now int64) (s stored, err error) {
	err = d.Snapshot(ctx, "app.readStored", func(q db.Queryer) error {
		s.rounds = map[string]int64{}
		for _, state := range []round.RoundState{round.Draft, round.Submitted, round.Opening, round.Open, round.Closed, round.Withdrawn} {
			s.rounds[string(state)] = 0
		}
		if err := tally(ctx, q, s.rounds, `SELECT state, count(*) FROM round WHERE district = $1 GROUP BY state`, district); err != nil {
			return err
		}
		var total, done, exempt int64
		err := q.QueryRowContext(ctx, `SELECT COALESCE(SUM(c.total), 0), COALESCE(SUM(c.done), 0), COALESCE(SUM(c.exempt), 0)
			FROM occurrence o JOIN counter c ON c.district = o.district AND c.occurrence_id = o.id
			WHERE o.district = $1 AND o.state = $2`, district, string(round.Open)).Scan(&total, &done, &exempt)
		if err != nil {
			return err
		}
		s.targets = map[string]int64{"done": done, "exempt": exempt, "outstanding": total - done - exempt}
		if err := s.readTasks(ctx, q, district, now); err != nil {
			return err
		}
		var due, later int64
		err = q.QueryRowContext(ctx, `SELECT COALESCE(SUM(CASE WHEN due_ms <= $1 THEN 1 ELSE 0 END), 0), COALESCE(SUM(CASE WHEN due_ms > $1 THEN 1 ELSE 0 END), 0)
			FROM outbox WHERE district = $2 AND done_ms = 0`, now, district).Scan(&due, &later)
		if err != nil {
			return err
		}
		s.outbox = map[string]int64{"due": due, "later": later}
		s.jobs = map[string]int64{"import.apply": 0, "import.undo": 0}
		if err := tally(ctx, q, s.jobs, `SELECT kind, count(*) FROM job WHERE district = $1 AND state = $2 GROUP BY kind`, district, string(jobs.Running)); err != nil {
			return err
		}
		if err := q.QueryRowContext(ctx, `SELECT count(*) FROM session WHERE district = $1 AND ended_ms = 0 AND expires_ms > $2`,
			district, clock.Ms(clock.Real().Now())).Scan(&s.sessions); err != nil {
			return err
		}
		return q.QueryRowContext(ctx, `SELECT count(*) FROM key_copy WHERE district = $1 AND state = $2`, district, escrow.Called).Scan(&s.called)
	})
	if err == nil {
		s.data, s.log, err = d.Size(ctx)
	}
	return s, err
}

// readTasks counts open tasks, each figure along an index of its own.
func (s *stored) readTasks(ctx context.Context, q db.Queryer, district int, now int64) error {
	var open, late int64
	for _, n := range []struct {
		into  *int64
		query string
		args  []any
	}{
		{&open, `SELECT count(*) FROM task WHERE district = $1 AND open = 1`, []any{district}},
		{&late, `SELECT count(*) FROM task WHERE district = $1 AND open = 1 AND deadline_ms <= $2`, []any{district, now}},
		{&s.climbed, `SELECT count(*) FROM task WHERE district = $1 AND open = 1 AND above_post_id <> 0`, []any{district}},
	} {
		if err := q.QueryRowContext(ctx, n.query, n.args...).Scan(n.into); err != nil {
			return err
		}
	}
	s.tasks = map[string]int64{"in_time": open - late, "late": late}
	return nil
}

// tally adds counted labels to m.
func tally(ctx context.Context, q db.Queryer, m map[string]int64, query string, args ...any) error {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var label string
		var n int64
		if err := rows.Scan(&label, &n); err != nil {
			return err
		}
		m[label] = n
	}
	return rows.Err()
}
