package jobs_test

import (
	"context"
	"log/slog"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"wangge/internal/platform/clock"
	"wangge/internal/platform/db"
	"wangge/internal/platform/db/dbtest"
	"wangge/internal/platform/jobs"
)

// silence is what the tests' seats count as silent: long beside a beat on a busy
// machine, short beside a test.
const silence = 1200 * time.Millisecond

func seatsOn(d *db.DB) *jobs.Seats {
	return jobs.NewSeats(d, district, slog.New(slog.DiscardHandler), silence)
}

// until waits for what must come.
func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for watch := clock.Start(); !ok(); <-clock.Real().After(5 * time.Millisecond) {
		if watch.Elapsed() > 30*time.Second {
			t.Fatal(what)
		}
	}
}

// leader is a process that takes part in leading.
type leader struct {
	leads atomic.Bool
	end   context.CancelFunc
	ended chan struct{}
}

func lead(s *jobs.Seats) *leader {
	ctx, cancel := context.WithCancel(ctx)
	l := &leader{end: cancel, ended: make(chan struct{})}
	go func() {
		defer close(l.ended)
		s.Lead(ctx, "leader", func(held context.Context) {
			l.leads.Store(true)
			defer l.leads.Store(false)
			<-held.Done()
		})
	}()
	return l
}

// TestOneLeads: of three processes one leads; when it ends another leads at
// once, when it is cut off from the database it stops and another leads.
func TestOneLeads(t *testing.T) {
	if os.Getenv("WANGGE_TEST_ENGINES") == "sqlite" {
		t.Log("PostgreSQL is left out by WANGGE_TEST_ENGINES")
		return
	}
	url := dbtest.PostgresURL(t)
	proxy, through := dbtest.NewProxy(t, url)
	cut := lead(seatsOn(dbtest.Open(t, through)))
	until(t, "the only one does not lead", cut.leads.Load)
	second, third := lead(seatsOn(dbtest.Open(t, url))), lead(seatsOn(dbtest.Open(t, url)))
	<-clock.Real().After(2 * silence)
	if !cut.leads.Load() || second.leads.Load() || third.leads.Load() {
		t.Error("a living leader was followed")
	}
	proxy.Refuse(true)
	proxy.Freeze()
	until(t, "nobody follows a leader that is cut off", func() bool { return second.leads.Load() != third.leads.Load() })
	until(t, "a leader that is cut off goes on", func() bool { return !cut.leads.Load() })
	next, last := second, third
	if third.leads.Load() {
		next, last = third, second
	}
	next.end()
	<-next.ended
	until(t, "nobody follows a leader that ended", last.leads.Load)
	last.end()
	<-last.ended
	cut.end()
	proxy.Cut()
	<-cut.ended
}

// TestAloneIsForOne: work under a name goes on once at a time, in one process
// and in several, and again afterwards.
func TestAloneIsForOne(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		mine, other := seatsOn(d), seatsOn(d)
		try := func(s *jobs.Seats) bool {
			ok, err := s.Alone(ctx, "work", func(context.Context) error { return nil })
			if err != nil {
				t.Error(err)
			}
			return ok
		}
		ok, err := mine.Alone(ctx, "work", func(context.Context) error {
			if try(mine) {
				t.Error("twice in one process")
			}
			if d.Engine() == db.Postgres && try(other) {
				t.Error("in two processes at once")
			}
			return nil
		})
		if !ok || err != nil || !try(other) || !try(mine) {
			t.Errorf("the seat is not free: %t, %v", ok, err)
		}
	})
}

// TestSeatTakenAgainIsAnother: who saw a seat held, and meets it held again long
// after, does not take that for the same holding standing still.
func TestSeatTakenAgainIsAnother(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		mine, other := seatsOn(d), seatsOn(d)
		for round := range 2 {
			ok, err := mine.Alone(ctx, "work", func(context.Context) error {
				stolen, err := other.Alone(ctx, "work", func(context.Context) error { return nil })
				if stolen && d.Engine() == db.Postgres {
					t.Errorf("the seat of a living holder was taken, time %d", round+1)
				}
				return err
			})
			if !ok || err != nil {
				t.Fatal(ok, err)
			}
			if d.Engine() == db.Postgres && round == 0 {
				<-clock.Real().After(silence + silence/10)
			}
		}
	})
}
