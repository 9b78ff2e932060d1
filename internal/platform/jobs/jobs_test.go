package jobs_test

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"wangge/internal/platform/clock"
	"wangge/internal/platform/db"
	"wangge/internal/platform/db/dbtest"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/platform/jobs"
)

var ctx = context.Background()

const district = 230103

var quiet = slog.New(slog.DiscardHandler)

type fact struct{ Round id.ID }

func enqueue(t *testing.T, d *db.DB, topic string, n int, after time.Duration) {
	t.Helper()
	err := d.Write(ctx, "test.enqueue", func(tx *db.Tx) error {
		for i := range n {
			if _, err := jobs.Enqueue(ctx, tx, district, topic, fact{id.ID(i)}, d.Clock().Now().Add(after)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func waiting(t *testing.T, d *db.DB) int {
	t.Helper()
	n, _, err := jobs.Waiting(ctx, d.Read())
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestMessageExistsOnlyWithItsFact(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		boom := errors.New("boom")
		err := d.Write(ctx, "test", func(tx *db.Tx) error {
			if _, err := jobs.Enqueue(ctx, tx, district, "a", fact{1}, d.Clock().Now()); err != nil {
				return err
			}
			return boom
		})
		if !errors.Is(err, boom) || waiting(t, d) != 0 {
			t.Errorf("%v, %d messages", err, waiting(t, d))
		}
	})
}

func TestMessagesAreHandledWhenDueAndAgainUntilTheySucceed(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		clk := d.Clock().(*clock.Manual)
		r := jobs.NewRunner(d, quiet)
		var got []int
		r.Handle("a", func(_ context.Context, m jobs.Message) error {
			var f fact
			if err := m.Decode(&f); err != nil || m.District != district {
				t.Errorf("%+v: %v", m, err)
			}
			got = append(got, m.Attempts)
			if m.Attempts < 3 {
				return errors.New("not yet")
			}
			return nil
		})
		enqueue(t, d, "a", 1, time.Hour)
		enqueue(t, d, "of nobody", 1, 0)
		if n, err := r.Drain(ctx); n != 0 || err != nil || len(got) > 0 {
			t.Errorf("before it was due: %d, %v", n, err)
		}
		for range 3 {
			clk.Advance(time.Hour)
			_, _ = r.Drain(ctx)
		}
		clk.Advance(time.Hour)
		if n, err := r.Drain(ctx); n != 0 || err != nil || len(got) != 3 {
			t.Errorf("attempts %v, then %d, %v", got, n, err)
		}
		if n := waiting(t, d); n != 1 {
			t.Errorf("%d messages wait, want the one nobody handles", n)
		}
	})
}

func TestHandlerInTheTransactionActsOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		clk := d.Clock().(*clock.Manual)
		r := jobs.NewRunner(d, quiet)
		fail := true
		r.HandleTx("a", func(ctx context.Context, tx *db.Tx, m jobs.Message) error {
			_, err := tx.ExecContext(ctx, `INSERT INTO wangge (key, value) VALUES ($1, 'x')`, m.ID.String())
			if err == nil && fail {
				panic("after the write")
			}
			return err
		})
		enqueue(t, d, "a", 5, 0)
		if n, err := r.Drain(ctx); n != 0 || err == nil {
			t.Errorf("%d handled, %v", n, err)
		}
		fail = false
		clk.Advance(time.Hour)
		if n, err := r.Drain(ctx); n != 5 || err != nil {
			t.Errorf("%d handled, %v", n, err)
		}
		var rows int
		if err := d.Read().QueryRowContext(ctx, `SELECT count(*) FROM wangge WHERE value = 'x'`).Scan(&rows); err != nil || rows != 5 {
			t.Errorf("%d rows, %v", rows, err)
		}
	})
}

// A runner that waits for others leases no more than it handles at once: the rest
// is anybody's.
func TestWhoWaitsClaimsFew(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		stop, cancel := context.WithCancel(ctx)
		slow, quick := jobs.NewRunner(d, quiet), jobs.NewRunner(d, quiet)
		slow.Waits()
		began, end, over := make(chan struct{}, 10), make(chan struct{}), make(chan struct{})
		slow.Handle("a", func(context.Context, jobs.Message) error {
			began <- struct{}{}
			<-end
			return nil
		})
		quick.Handle("a", func(context.Context, jobs.Message) error { return nil })
		enqueue(t, d, "a", 10, 0)
		go func() {
			_ = slow.Run(stop)
			close(over)
		}()
		<-began
		if n, err := quick.Drain(ctx); n != 6 || err != nil {
			t.Errorf("%d of 10 left to others, %v", n, err)
		}
		cancel()
		close(end)
		<-over
		if n := waiting(t, d); n != 0 {
			t.Errorf("%d wait", n)
		}
	})
}

// TestRunnersShareTheWork runs two of them, as two replicas would, over many
// messages: each is handled, none by both while its lease holds.
func TestRunnersShareTheWork(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		const n = 150
		var mu sync.Mutex
		seen := map[id.ID]int{}
		var left atomic.Int64
		left.Store(n)
		all := make(chan struct{})
		run, stop := context.WithCancel(ctx)
		var wg sync.WaitGroup
		for range 2 {
			r := jobs.NewRunner(d, quiet)
			r.Handle("a", func(_ context.Context, m jobs.Message) error {
				mu.Lock()
				seen[m.ID]++
				mu.Unlock()
				if left.Add(-1) == 0 {
					close(all)
				}
				return nil
			})
			wg.Go(func() {
				if err := r.Run(run); err != nil {
					t.Error(err)
				}
			})
		}
		enqueue(t, d, "a", n, 0)
		select {
		case <-all:
		case <-clock.Real().After(15 * time.Second):
			t.Error("not all messages were handled")
		}
		stop()
		wg.Wait()
		if len(seen) != n || waiting(t, d) != 0 {
			t.Errorf("%d of %d handled, %d wait", len(seen), n, waiting(t, d))
		}
		for m, times := range seen {
			if times != 1 {
				t.Errorf("message %s was handled %d times", m, times)
			}
		}
	})
}

func TestLeaseOfACrashedRunnerRunsOut(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		clk := d.Clock().(*clock.Manual)
		enqueue(t, d, "a", 1, 0)
		err := d.Write(ctx, "test.crash", func(tx *db.Tx) error { // claimed, then the power went
			_, err := tx.ExecContext(ctx, `UPDATE outbox SET lease_until_ms = $1, attempts = 1`, clock.Ms(clk.Now().Add(time.Minute)))
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		r := jobs.NewRunner(d, quiet)
		r.Handle("a", func(context.Context, jobs.Message) error { return nil })
		if n, err := r.Drain(ctx); n != 0 || err != nil {
			t.Errorf("under the lease: %d, %v", n, err)
		}
		clk.Advance(2 * time.Minute)
		if n, err := r.Drain(ctx); n != 1 || err != nil {
			t.Errorf("after the lease: %d, %v", n, err)
		}
	})
}

func TestProgressIsKept(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		clk := d.Clock().(*clock.Manual)
		p, err := jobs.Start(ctx, d, jobs.Job{District: district, Kind: "import.roster", Object: 5, Account: 9, Total: 200})
		if err != nil {
			t.Fatal(err)
		}
		if err := p.Update(ctx, 50, -1); err != nil {
			t.Fatal(err)
		}
		get := func() jobs.Job {
			j, err := jobs.Get(ctx, d.Read(), district, p.Job().ID)
			if err != nil {
				t.Fatal(err)
			}
			return j
		}
		if j := get(); j.State != jobs.Running || j.Percent() != 25 || j.Account != 9 || j.EndedMs != 0 {
			t.Errorf("running: %+v", j)
		}
		clk.Advance(time.Minute + time.Second)
		if n, err := jobs.MarkInterrupted(ctx, d); n != 1 || err != nil || get().State != jobs.Interrupted {
			t.Errorf("interrupted: %d, %v, %+v", n, err, get())
		}
		again, err := jobs.Resume(ctx, d, district, p.Job().ID)
		if err != nil || again.Job().Done != 50 {
			t.Fatalf("resumed: %v, %+v", err, again)
		}
		if err := again.Finish(ctx, errs.E("test", errs.Unavailable, "db.disk_full", 7)); err != nil {
			t.Fatal(err)
		}
		if j := get(); j.State != jobs.Failed || j.Key != "db.disk_full" || len(j.Args) != 1 || j.EndedMs != clock.Ms(clk.Now()) {
			t.Errorf("failed: %+v", j)
		}
		if err := again.Finish(ctx, nil); err != nil || get().Percent() != 100 {
			t.Errorf("done: %v, %+v", err, get())
		}
		if _, err := jobs.Resume(ctx, d, district, p.Job().ID); !errs.Is(err, errs.Conflict) {
			t.Errorf("a finished job resumed: %v", err)
		}
		list, err := jobs.List(ctx, d.Read(), district, "import.roster", 5, 10)
		if err != nil || len(list) != 1 {
			t.Errorf("list %v, %v", list, err)
		}
		if _, err := jobs.Get(ctx, d.Read(), district, 1); !errs.Is(err, errs.NotFound) {
			t.Errorf("a missing job: %v", err)
		}
	})
}
