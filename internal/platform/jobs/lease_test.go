package jobs_test

import (
	"testing"
	"time"

	"wangge/internal/platform/clock"
	"wangge/internal/platform/db"
	"wangge/internal/platform/db/dbtest"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/platform/jobs"
)

func TestOnlyTheSilentAreTakenOver(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		clk := d.Clock().(*clock.Manual)
		j := jobs.Job{District: district, ID: id.New(), Kind: "import", Account: 9}
		write := func(fn func(tx *db.Tx) error) error { return d.Write(ctx, "test", fn) }
		var first *jobs.Lease
		if err := write(func(tx *db.Tx) (err error) { first, err = jobs.Take(ctx, tx, d, j, "a"); return err }); err != nil {
			t.Fatal(err)
		}
		if d.Engine() == db.Postgres {
			clk.Advance(jobs.LeaseTime - time.Second)
			if l, err := jobs.TakeOver(ctx, d, j, "b"); l != nil || err != nil {
				t.Fatalf("taken from a living holder: %v, %v", l, err)
			}
			if n, err := jobs.MarkInterrupted(ctx, d); n != 0 || err != nil {
				t.Errorf("a living holder's job is interrupted: %d, %v", n, err)
			}
			clk.Advance(2 * time.Second)
		}
		second, err := jobs.TakeOver(ctx, d, j, "b")
		if err != nil || second == nil {
			t.Fatalf("a silent holder's job is not taken over: %v", err)
		}
		if err := write(func(tx *db.Tx) error { return first.Progress(ctx, tx, 1, 2) }); !errs.Is(err, errs.Conflict) {
			t.Errorf("the first holder still writes: %v", err)
		}
		if err := write(func(tx *db.Tx) error { return second.Progress(ctx, tx, 1, 2) }); err != nil {
			t.Error(err)
		}
		if err := write(func(tx *db.Tx) error { return second.End(ctx, tx, "failed", "x") }); err != nil {
			t.Error(err)
		}
		got, err := jobs.Get(ctx, d.Read(), district, j.ID)
		if err != nil || got.Done != 1 || got.State != jobs.Failed {
			t.Errorf("%+v, %v", got, err)
		}
	})
}
