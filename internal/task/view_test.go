package task

import (
	"context"
	"sync"
	"testing"
	"time"

	"wangge/internal/grid"
	"wangge/internal/platform/db"
	"wangge/internal/platform/db/dbtest"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
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

// Nobody is offered to verify what they did, nor to close what is still to be
// verified: the page says who may instead.
func TestOwnWorkIsVerifiedByAnother(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		_, err := w.g.AddHolder(w.ctx, sys, holderOf(w.post["comm11"], w.acct["street1"]))
		w.ok(err)
		w.next++
		w.acct["other"] = w.next
		_, err = w.g.AddHolder(w.ctx, sys, holderOf(w.post["street1"], w.acct["other"]))
		w.ok(err)
		x := w.issue(KindFinding, "street1", "comm11")
		x = w.do("street1", x, Change{Action: Finish, Note: "mended", PhotoID: id.New()})
		w.refused("street1", x, Change{Action: Verify}, errs.Denied, "task.verify.self")
		for who, own := range map[string]bool{"street1": true, "other": false} {
			v, err := w.s.Task(w.ctx, w.as(who), x.ID)
			w.ok(err)
			if v.OwnWork != own || v.Can[Verify] == own || v.Can[Accept] || !v.Can[Reject] {
				t.Errorf("%s: own work %v, may %v", who, v.OwnWork, v.Can)
			}
		}
		w.do("other", x, Change{Action: Verify})
		v, err := w.s.Task(w.ctx, w.as("street1"), x.ID)
		w.ok(err)
		if v.OwnWork || !v.Can[Accept] || v.Can[Verify] {
			t.Errorf("verified: %+v", v.Can)
		}
		w.whole()
	})
}
