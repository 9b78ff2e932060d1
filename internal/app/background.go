package app

import (
	"context"
	"time"

	"wangge/internal/grid"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/db"
	"wangge/internal/platform/id"
	"wangge/internal/platform/jobs"
	"wangge/internal/round"
)

// Recover ends or resumes what a killed process left: imports are undone from
// their journal, openings of rounds go on. It runs once before serving; on
// PostgreSQL what other processes hold is left to them, and the leader recovers
// what they leave.
func (a *App) Recover(ctx context.Context) error {
	if _, err := jobs.MarkInterrupted(ctx, a.DB); err != nil {
		return err
	}
	if err := a.Imports.Recover(ctx, a.District); err != nil {
		return err
	}
	if err := a.Incoming.Follow(ctx, grid.System(a.District, "custody")); err != nil {
		a.log().Warn("people to be verified are not all tasks yet; tried again in a minute", "error", err)
	}
	return a.Rounds.ResumeOpenings(ctx, a.District)
}

// Background runs what goes on beside requests until ctx ends: each process
// anchors its own audit chains, takes part in the outbox and passes news on to
// its live pages; one of them leads.
func (a *App) Background(ctx context.Context) {
	ctx, a.stop = context.WithCancel(ctx)
	a.runs.Go(func() { a.Audit.Run(ctx, a.DB, a.log()) })
	a.runs.Go(func() { a.news(ctx) })
	a.runs.Go(func() { a.outbox(ctx) })
	a.runs.Go(func() { a.sends(ctx) })
	a.runs.Go(func() { a.warm(ctx) })
	a.runs.Go(func() { a.seats.Lead(ctx, "leader", a.lead) })
}

// Close ends what runs in the background and waits for it: the seat is given up,
// audit chains are anchored. The database is closed by who opened it.
func (a *App) Close() {
	if a.stop != nil {
		a.stop()
	}
	a.Imports.Close()
	a.runs.Wait()
}

// news passes what the database tells on to the caches of this process and to
// the open pages.
func (a *App) news(ctx context.Context) {
	for topic := range a.DB.Listen(ctx) {
		a.Accounts.Heard(topic)
		a.keysMoved(ctx, topic)
		if topic == db.Everything {
			a.hub.PublishAll()
		} else {
			a.hub.Publish(topic)
		}
		if topic == grid.TopicPlaces || topic == db.Everything {
			select {
			case a.moved <- struct{}{}:
			default:
			}
		}
	}
}

// outbox hands what is due to its handlers: openings of rounds that repeat,
// cut-offs. A message is leased, so that of several processes one handles it.
func (a *App) outbox(ctx context.Context) {
	r := jobs.NewRunner(a.DB, a.log())
	a.Rounds.Handle(r)
	a.hand(ctx, r)
}

// sends hands people to other authorities, apart from the outbox's other work: who
// cannot be reached keeps no round waiting.
func (a *App) sends(ctx context.Context) {
	r := jobs.NewRunner(a.DB, a.log())
	r.Waits()
	a.Incoming.Handle(r)
	a.hand(ctx, r)
}

// hand runs a runner until ctx ends.
func (a *App) hand(ctx context.Context, r *jobs.Runner) {
	if err := r.Run(ctx); err != nil {
		a.log().Error("the outbox stands still", "error", err)
	}
}

// warm reads the district's board once, and after it the index of doors, so that
// the first person who opens the one or matches an address need not wait while a
// whole district is counted.
func (a *App) warm(ctx context.Context) {
	c := grid.System(a.District, "warm")
	if _, err := a.Command.Board(ctx, c, id.Zero, id.Zero); err != nil && ctx.Err() == nil {
		a.log().Debug("the board was not read ahead", "error", err)
	}
	if err := a.Ledger.ReadAhead(ctx, c); err != nil && ctx.Err() == nil {
		a.log().Debug("the index of doors was not built ahead", "error", err)
	}
}

// How often the leader does what it does by the clock.
const (
	sweepEvery  = time.Hour
	expireEvery = time.Minute
	climbEvery  = 10 * time.Second
	handsEvery  = time.Minute
	watchEvery  = jobs.LeaseTime / 2
	deskEvery   = time.Minute
)

// reconcilePause gathers the many small changes of an import into one pass.
const reconcilePause = 2 * time.Second

// lead does what one process does for all, until another leads. Every piece of it
// bears being done twice, or by two for a moment.
func (a *App) lead(ctx context.Context) {
	var every = []struct {
		pause time.Duration
		do    func(context.Context)
	}{{sweepEvery, a.sweep}, {expireEvery, a.expire}, {climbEvery, a.climb}, {handsEvery, a.hands}, {watchEvery, a.watch}, {deskEvery, a.desk}}
	done := make(chan struct{})
	for _, e := range every {
		go func() {
			defer func() { done <- struct{}{} }()
			for ctx.Err() == nil {
				e.do(ctx)
				rest(ctx, e.pause)
			}
		}()
	}
	a.reconcileLoop(ctx)
	for range every {
		<-done
	}
}

// rest waits, or until ctx ends.
func rest(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-clock.Real().After(d):
	}
}

// reconcileLoop brings the lists of open rounds in step with the places: at its
// start, since a leader before it may not have come to it, and each time told,
// with a pause in between.
func (a *App) reconcileLoop(ctx context.Context) {
	for ctx.Err() == nil {
		a.reconcile(ctx)
		rest(ctx, reconcilePause)
		select {
		case <-ctx.Done():
		case <-a.moved:
		}
	}
}

// reconcile has open rounds join or close the doors that were added or closed.
func (a *App) reconcile(ctx context.Context) {
	c := grid.System(a.District, "reconcile")
	open, err := a.Rounds.Rounds(ctx, c, round.ListFilter{States: []round.RoundState{round.Open}})
	for _, r := range open {
		if err == nil {
			_, _, err = a.Rounds.Reconcile(ctx, c, r.ID)
		}
	}
	if err != nil && ctx.Err() == nil {
		a.log().Warn("open rounds not brought in step with the places; tried again at the next change", "error", err)
	}
}

// watch takes up what other processes left when they died: imports under way are
// undone, lists of rounds are written to their end.
func (a *App) watch(ctx context.Context) {
	if a.DB.Engine() != db.Postgres {
		return
	}
	if err := a.Imports.Recover(ctx, a.District); err != nil && ctx.Err() == nil {
		a.log().Warn("a dead replica's import was not undone", "error", err)
	}
	if err := a.Rounds.ResumeOpenings(ctx, a.District); err != nil && ctx.Err() == nil {
		a.log().Warn("a round that a dead replica was opening was not gone on with", "error", err)
	}
}

// sweep deletes what is past its time: old submissions, papers.
func (a *App) sweep(ctx context.Context) {
	if err := a.Accounts.Sweep(ctx); err != nil && ctx.Err() == nil {
		a.log().Warn("old submissions not swept", "error", err)
	}
	if _, err := a.Ledger.SweepPapers(ctx, grid.System(a.District, "retention")); err != nil && ctx.Err() == nil {
		a.log().Warn("papers past their time not deleted", "error", err)
	}
}

// climb takes the steps that are due on the ladders of late tasks, and tells of
// late hand-overs of people and of shifts.
func (a *App) climb(ctx context.Context) {
	if _, err := a.Transfers.Sweep(ctx, grid.System(a.District, "deadlines")); err != nil && ctx.Err() == nil {
		a.log().Warn("late hand-overs were not told of; tried again in a moment", "error", err)
	}
	if _, err := a.Relief.Sweep(ctx, grid.System(a.District, "shifts")); err != nil && ctx.Err() == nil {
		a.log().Warn("late reliefs were not told of; tried again in a moment", "error", err)
	}
	if _, err := a.Tasks.Sweep(ctx, grid.System(a.District, "deadlines")); err != nil && ctx.Err() == nil {
		a.log().Warn("late tasks did not climb; tried again in a moment", "error", err)
	}
}

// hands tells whoever can send more where the work due within a shift is more
// than the people on duty can do.
func (a *App) hands(ctx context.Context) {
	if _, err := a.Tasks.Hands(ctx, grid.System(a.District, "hands")); err != nil && ctx.Err() == nil {
		a.log().Warn("work was not set against hands; tried again in a minute", "error", err)
	}
}

// expire deletes exported files whose time is over.
func (a *App) expire(ctx context.Context) {
	if err := a.Trust.SweepExports(ctx, a.District); err != nil && ctx.Err() == nil {
		a.log().Warn("exported files whose time is over are not deleted yet; tried again in a minute", "error", err)
	}
}

// desk takes people to be called from those whose post or hours have ended,
// gives them to who is on shift, and brings their tasks in step.
func (a *App) desk(ctx context.Context) {
	if err := a.Incoming.Follow(ctx, grid.System(a.District, "desk")); err != nil && ctx.Err() == nil {
		a.log().Warn("people to be verified are not all tasks yet; tried again in a minute", "error", err)
	}
	if err := a.Incoming.Rebalance(ctx, grid.System(a.District, "desk")); err != nil && ctx.Err() == nil {
		a.log().Warn("people to be called were not given to who is on shift; tried again in a minute", "error", err)
	}
}
