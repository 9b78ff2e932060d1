package task

import (
	"context"

	"wangge/internal/platform/db"
	"wangge/internal/platform/id"
)

// selectKept reads what of the tasks of records may change, by id.
func selectKept(ctx context.Context, q db.Queryer, district int, kind string, list []Kept) (map[id.ID]*Task, error) {
	out := make(map[id.ID]*Task, len(list))
	err := db.Chunks(list, 500, func(part []Kept) error {
		ids := make([]id.ID, len(part))
		for i, k := range part {
			ids[i] = k.ID
		}
		a := db.NewArgs(district)
		found, err := db.List(ctx, q, func(t *Task) []any {
			return []any{&t.ID, &t.Kind, &t.State, &t.PostID, &t.PlaceID, &t.AbovePostID, &t.doneBy, &t.DeadlineMs, &t.ClimbMs, &t.Step, &t.Events, &t.ReceivedMs, &t.DoneMs, &t.EndedMs}
		}, `SELECT id, kind, state, post_id, place_id, above_post_id, done_by, deadline_ms, climb_ms, step, events, received_ms, done_ms, ended_ms FROM task
			WHERE district = $1 AND kind = `+a.Add(kind)+` AND id IN `+db.In(a, ids), a.List()...)
		for i := range found {
			out[found[i].ID] = &found[i]
		}
		return err
	})
	return out, err
}

// updateKept writes changed tasks of records.
func updateKept(ctx context.Context, tx *db.Tx, district int, list []Task) error {
	rows := make([][]any, len(list))
	for i, t := range list {
		rows[i] = []any{district, int64(t.ID), string(t.State), num(t.State.Open()), int64(t.PostID), int64(t.PlaceID), int64(t.AbovePostID), int64(t.doneBy),
			t.DeadlineMs, t.ClimbMs, t.Step, t.Events, t.ReceivedMs, t.DoneMs, t.EndedMs}
	}
	_, err := tx.ExecEach(ctx, `UPDATE task SET state = $3, open = $4, post_id = $5, place_id = $6, above_post_id = $7, done_by = $8, deadline_ms = $9, climb_ms = $10,
		step = $11, events = $12, received_ms = $13, done_ms = $14, ended_ms = $15 WHERE district = $1 AND id = $2`, rows)
	return err
}
