package task

import (
	"context"

	"wangge/internal/platform/db"
)

// selectDue reads what a step of a ladder needs to know of the tasks that are
// due to climb, the earliest first, and keeps others from changing them.
func selectDue(ctx context.Context, tx *db.Tx, district int, until int64, limit int) ([]Task, error) {
	return db.List(ctx, tx, func(t *Task) []any {
		return []any{&t.ID, &t.Kind, &t.State, &t.PostID, &t.AbovePostID, &t.ClimbMs, &t.Step, &t.Events}
	}, `SELECT id, kind, state, post_id, above_post_id, climb_ms, step, events FROM task
		WHERE district = $1 AND open = 1 AND climb_ms <> 0 AND climb_ms <= $2 ORDER BY climb_ms, id LIMIT $3`+tx.ForUpdate(), district, until, limit)
}

// updateClimbed writes a page of steps.
func updateClimbed(ctx context.Context, tx *db.Tx, district int, list []Task) error {
	rows := make([][]any, len(list))
	for i, t := range list {
		rows[i] = []any{district, int64(t.ID), int64(t.AbovePostID), t.ClimbMs, t.Step, t.Events}
	}
	_, err := tx.ExecEach(ctx, `UPDATE task SET above_post_id = $3, climb_ms = $4, step = $5, events = $6 WHERE district = $1 AND id = $2`, rows)
	return err
}

// selectGathered reads the tasks under way that were passed on and of which
// nothing below is open: heads of directives, and what they were passed on as.
func selectGathered(ctx context.Context, q db.Queryer, district int) ([]row, error) {
	return selectRows(ctx, q, `WHERE t.district = $1 AND t.open = 1 AND t.children > 0
		AND (t.root_id <> 0 OR t.post_id = t.issuer_post_id) AND t.state = 'in_hand'
		AND NOT EXISTS (SELECT 1 FROM task k WHERE k.district = t.district AND k.parent_id = t.id AND k.parent_id <> 0 AND k.open = 1) ORDER BY t.id`, district)
}
