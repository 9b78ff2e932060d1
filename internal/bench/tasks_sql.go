package bench

import (
	"context"
	"time"

	"wangge/internal/grid"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/db"
	"wangge/internal/platform/id"
)

// putInPost writes posts and their holders in one transaction.
func putInPost(ctx context.Context, w *world, list []grid.NewPost, holders []grid.Holder) error {
	return w.DB.Write(ctx, "bench.posts", func(tx *db.Tx) error {
		if _, err := w.Grid.AddPostsIn(ctx, tx, w.sys, list); err != nil {
			return err
		}
		return w.Grid.AddHoldersIn(ctx, tx, w.sys, holders)
	})
}

var (
	taskCols  = []string{"district", "id", "kind", "state", "open", "register", "sealed", "answer", "text_id", "post_id", "issuer_post_id", "promised_ms", "deadline_ms", "climb_ms", "events", "created_ms"}
	eventCols = []string{"district", "task_id", "seq", "kind", "state", "post_id", "at_ms", "noted_ms", "sealed"}
)

// taskRow is a task of a post that shares the text of another.
func taskRow(task, text, post, from id.ID, open int, deadline, climb, now int64) []any {
	return []any{code, int64(task), "request", "received", open, "standing", []byte{}, []byte{}, int64(text), int64(post), int64(from), deadline, deadline, climb, 1, now}
}

// bareTasks inserts as many rows as a directive has, without any rule, and
// leaves them ended.
func bareTasks(ctx context.Context, w *world, posts []id.ID) (time.Duration, error) {
	now := clock.Ms(w.Clock.Now())
	var rows [][]any
	for _, p := range posts {
		rows = append(rows, taskRow(id.New(), 0, p, p, 0, now, 0, now))
	}
	sw := clock.Start()
	err := w.DB.Write(ctx, "bench.baseline", func(tx *db.Tx) error { return tx.BulkInsert(ctx, "task", taskCols, rows) })
	return sw.Elapsed(), err
}

// openTasks writes n open tasks over the posts, of which due have passed their
// deadline.
func openTasks(ctx context.Context, w *world, text id.ID, posts []id.ID, n int) (due int, err error) {
	now := clock.Ms(w.Clock.Now())
	const hour = 3_600_000
	for at := 0; at < n && err == nil; at += chunkRows {
		var rows, events [][]any
		for i := at; i < min(n, at+chunkRows); i++ {
			deadline := now + int64(1+i%500)*hour
			if i%taskDueEvery == 0 {
				due++
				deadline = now - int64(i%1000)
			}
			t, post := id.New(), posts[1+i%(len(posts)-1)]
			rows = append(rows, taskRow(t, text, post, posts[0], 1, deadline, deadline, now))
			events = append(events, []any{code, int64(t), 1, "issue", "received", int64(post), now, now, []byte{}})
		}
		err = w.DB.WriteLow(ctx, "bench.tasks", func(tx *db.Tx) error {
			if err := tx.BulkInsert(ctx, "task", taskCols, rows); err != nil {
				return err
			}
			return tx.BulkInsert(ctx, "task_event", eventCols, events)
		})
	}
	return due, err
}

func countOpenTasks(ctx context.Context, w *world, post id.ID) (n int, err error) {
	err = w.DB.Read().QueryRowContext(ctx, "SELECT COUNT(*) FROM task WHERE district = $1 AND post_id = $2 AND open = 1", code, int64(post)).Scan(&n)
	return n, err
}
