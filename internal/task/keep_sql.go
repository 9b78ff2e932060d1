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

// updateKept writes changed tasks of records, some hundred a statement.
func updateKept(ctx context.Context, tx *db.Tx, district int, list []Task) error {
	return db.Chunks(list, 100, func(part []Task) error {
		a := db.NewArgs(district)
		values := ""
		for i, t := range part {
			if i > 0 {
				values += ","
			}
			values += "(" + cast(a, t.ID) + ",CAST(" + a.Add(string(t.State)) + " AS TEXT)"
			for _, v := range []any{num(t.State.Open()), t.PostID, t.PlaceID, t.AbovePostID, t.doneBy, t.DeadlineMs, t.ClimbMs, t.Step, t.Events, t.ReceivedMs, t.DoneMs, t.EndedMs} {
				values += "," + cast(a, v)
			}
			values += ")"
		}
		_, err := tx.ExecContext(ctx, `WITH k (id, state, open, post, place, above, done_by, deadline, climb, step, events, received, done, ended) AS (VALUES `+values+`)
			UPDATE task SET state = k.state, open = k.open, post_id = k.post, place_id = k.place, above_post_id = k.above, done_by = k.done_by, deadline_ms = k.deadline, climb_ms = k.climb,
			step = k.step, events = k.events, received_ms = k.received, done_ms = k.done, ended_ms = k.ended FROM k WHERE task.district = $1 AND task.id = k.id`, a.List()...)
		return err
	})
}
