package task

import (
	"context"
	"sync"
	"testing"
	"time"

	"wangge/internal/grid"
	"wangge/internal/platform/db"
	"wangge/internal/platform/db/dbtest"
)

// More people than there are readers open a task while nothing is kept: nobody
// holds a reader while waiting for a second one.
func TestManyOpenATaskWhileNothingIsKept(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		task := w.issue("help", "comm11", "grid11")
		w.s.AskShifts(func(ctx context.Context, _ grid.Caller, _ *grid.Line, _ int64) (Shifts, error) {
			_, err := postsWithWork(ctx, d.Read(), district) // never kept
			return Shifts{}, err
		})
		c := w.as("comm11")
		ctx, stop := context.WithTimeout(w.ctx, 20*time.Second)
		defer stop()
		for range 3 {
			w.holds("more", grid.RoleVolunteer, grid.ObjectPlace, w.place["230103001001001"]) // the line is not kept
			var all sync.WaitGroup
			for i := range 32 {
				all.Go(func() {
					open := func() error { _, err := w.s.Task(ctx, c, task.ID); return err }
					if i%2 == 1 {
						open = func() error { _, err := w.s.Tree(ctx, c, task.ID); return err }
					}
					if err := open(); err != nil {
						t.Errorf("open %d: %v", i, err)
					}
				})
			}
			all.Wait()
			if t.Failed() {
				return
			}
		}
	})
}
