package app

import (
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"wangge/internal/grid"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/db"
	"wangge/internal/platform/id"
	"wangge/internal/task"
)

// leader is who holds the leader's seat.
func leader(t *testing.T, d *db.DB) (owner string) {
	t.Helper()
	if err := d.Read().QueryRowContext(t.Context(), `SELECT COALESCE(MAX(owner), '') FROM seat WHERE name = 'leader'`).Scan(&owner); err != nil {
		t.Fatal(err)
	}
	return owner
}

// TestDeadlinesClimbOnceWhenTheLeaderDies: of three replicas the one that leads
// loses its database while deadlines pass; another takes over, and every missed
// deadline has climbed exactly once, at the instant it was missed. It holds, too,
// when all of them sweep at the same time.
func TestDeadlinesClimbOnceWhenTheLeaderDies(t *testing.T) {
	all := newReplicas(t, 1, 120)
	if all == nil {
		return
	}
	base := all[0].app
	quiet := base.Options // what a dying process logs is no failure of the test
	quiet.Log = slog.New(slog.DiscardHandler)
	first := leader(t, base.DB)
	victim := replicate(t, all[0], quiet).app
	base.stop() // it gives the seat up, and only the victim is there to take it
	base.runs.Wait()
	if !soon(func() bool { o := leader(t, base.DB); return o != "" && o != first }) {
		t.Fatal("nobody took the seat over")
	}
	b, c := replicate(t, all[0], base.Options).app, replicate(t, all[0], base.Options).app
	led := leader(t, base.DB)

	sys := grid.System(base.District, "test")
	to := must(base.Grid.CallerFor(t.Context(), all[0].logins["community"].Account, base.District, base.clock().Now())).Grants[0].PostID
	issue := func(n int, every time.Duration) (out []id.ID) {
		for i := range n {
			at := clock.Ms(base.clock().Now().Add(2*time.Second + time.Duration(i)*every))
			out = append(out, must(b.Tasks.Issue(t.Context(), sys, task.Issue{Kind: task.KindHelp, Title: "x", PostID: to, DeadlineMs: at})).ID)
		}
		return out
	}
	list := issue(60, 100*time.Millisecond)
	if !soon(func() bool { return climbs(t, b, list[:1])[0] == 1 }) {
		t.Fatal("the leader does not sweep")
	}
	if err := victim.DB.Close(); err != nil {
		t.Fatal(err)
	}
	more := issue(60, 100*time.Millisecond) // none of these can be the victim's
	if !soonWithin(2*newsTime, func() bool { return !slices.Contains(climbs(t, b, append(list, more...)), 0) }) {
		t.Fatal("nobody sweeps after the leader died")
	}
	if leader(t, base.DB) == led {
		t.Error("the dead leader holds the seat")
	}
	late := issue(200, 0)
	rest(t.Context(), 2100*time.Millisecond)
	var sweeps sync.WaitGroup
	for _, a := range []*App{b, c, base} {
		sweeps.Go(func() {
			if _, err := a.Tasks.Sweep(t.Context(), sys); err != nil {
				t.Error(err)
			}
		})
	}
	sweeps.Wait()
	for i, n := range climbs(t, c, slices.Concat(list, more, late)) {
		if n != 1 {
			t.Errorf("task %d climbed %d times", i, n)
		}
	}
}

// climbs counts the steps each task took, and fails where one was not taken at
// the instant it was due.
func climbs(t *testing.T, a *App, list []id.ID) []int {
	t.Helper()
	out := make([]int, len(list))
	for i, x := range list {
		v := must(a.Tasks.Task(t.Context(), grid.System(a.District, "test"), x))
		for _, e := range v.History {
			if e.Kind != "climb" {
				continue
			}
			if out[i]++; e.AtMs != v.PromisedMs || e.NotedMs < e.AtMs {
				t.Errorf("a deadline of %d climbed at %d, noted at %d", v.PromisedMs, e.AtMs, e.NotedMs)
			}
		}
	}
	return out
}
