package bench

import (
	"context"
	"crypto/rand"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"wangge/internal/grid"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/round"
	"wangge/internal/sim"
	"wangge/internal/sim/district"
)

// batchSize is how many marks one call of a batch carries.
const batchSize = 50

// client marks the doors of some micro-grids, as their leaders would.
type client struct {
	caller  grid.Caller
	objects []id.ID
}

// clients shares the micro-grids out.
func (w *world) clients(ctx context.Context, occ id.ID, n int) ([]client, int, error) {
	grids, err := microGrids(ctx, w)
	if err != nil {
		return nil, 0, err
	}
	targets, err := targetsOf(ctx, w, occ)
	if err != nil {
		return nil, 0, err
	}
	out := make([]client, min(n, len(grids)))
	for i := range out {
		out[i].caller = grid.Caller{District: code, AccountID: id.New(), Lang: "zh"}
	}
	total := 0
	for i, g := range grids {
		c := &out[i%len(out)]
		c.objects = append(c.objects, targets[g.id]...)
		total += len(targets[g.id])
		c.caller.Grants = append(c.caller.Grants, grid.Grant{PostID: id.New(), Role: grid.RoleBuildingLeader, ObjectKind: grid.ObjectGrid, ObjectID: g.id, Path: g.path})
	}
	return out, total, nil
}

// load runs fn for every client side by side until all their objects are used
// up, step objects a call, and returns how long it took and each call's time.
func load(ctx context.Context, list []client, step int, fn func(ctx context.Context, c *client, objects []id.ID) error) (time.Duration, []time.Duration, error) {
	var wg sync.WaitGroup
	times := make([][]time.Duration, len(list))
	faults := make([]error, len(list))
	sw := clock.Start()
	for i := range list {
		wg.Go(func() {
			c := &list[i]
			for at := 0; at < len(c.objects) && ctx.Err() == nil; at += step {
				one := clock.Start()
				if faults[i] = fn(ctx, c, c.objects[at:min(at+step, len(c.objects))]); faults[i] != nil {
					return
				}
				times[i] = append(times[i], one.Elapsed())
			}
		})
	}
	wg.Wait()
	took := sw.Elapsed()
	var all []time.Duration
	for _, t := range times {
		all = append(all, t...)
	}
	return took, all, errors.Join(append(faults, ctx.Err())...)
}

// benchMarks measures marks one by one and in batches of 50 from 64 clients,
// each over a round of its own, beside group-committed inserts of the same rows
// without rules; over HTTP too where the command gives the API.
func benchMarks(ctx context.Context, r *run) (err error) {
	w, err := r.open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	if err := w.staffed(ctx, first(r.Households, r.Size, 20_000)); err != nil {
		return err
	}
	for _, m := range []struct {
		name string
		step int
	}{{"marks.single", 1}, {"marks.batch", batchSize}} {
		rid, err := w.draft(ctx)
		if err != nil {
			return err
		}
		if err := w.Rounds.ApproveNow(ctx, w.sys, rid); err != nil {
			return err
		}
		if err := w.marks(ctx, m.name, m.step, rid); err != nil {
			return err
		}
	}
	if w.Handler == nil {
		return nil
	}
	return w.marksHTTP(ctx)
}

// staffed loads a district: with people, posts and an open round where marks are
// measured over HTTP, else places alone.
func (w *world) staffed(ctx context.Context, households int) (err error) {
	if w.Handler == nil {
		return w.places(ctx, households)
	}
	w.loaded, err = district.Load(ctx, w.Services, sim.Config{Place: place, Households: households, Seed: 1}, nil)
	return err
}

func (w *world) marks(ctx context.Context, name string, step int, rid id.ID) error {
	v, err := w.Rounds.Round(ctx, w.sys, rid)
	if err != nil {
		return err
	}
	list, total, err := w.clients(ctx, v.OccurrenceID, w.Clients)
	if err != nil {
		return err
	}
	bare, err := w.bare(ctx, list, step)
	if err != nil {
		return err
	}
	var acknowledged atomic.Int64
	took, times, err := load(ctx, list, step, func(ctx context.Context, c *client, objects []id.ID) error {
		ins := make([]round.MarkInput, len(objects))
		for i, o := range objects {
			ins[i] = round.MarkInput{RoundID: rid, ObjectID: o, Result: "answered", Answers: screeningAnswers}
		}
		for _, out := range w.Rounds.MarkMany(ctx, c.caller, ins) {
			if out.Err != nil {
				return out.Err
			}
			acknowledged.Add(1)
		}
		return nil
	})
	if err != nil {
		return err
	}
	correct, err := w.allDone(ctx, rid, total, int(acknowledged.Load()))
	if err != nil {
		return err
	}
	return w.emit(Figure{Name: name, Engine: w.engine(), Size: total, Value: perSecond(total, took), Unit: "per_second", P50: percentile(times, 0.5), P99: percentile(times, 0.99),
		Baseline: Baseline{"bare insert of the marks", perSecond(total, bare)}, Correct: correct})
}

var screeningAnswers = map[string]string{"head_count": "3", "away_return": "no", "symptom": "no"}

// allDone reports whether every acknowledged mark counts, once.
func (w *world) allDone(ctx context.Context, rid id.ID, total, acknowledged int) (bool, error) {
	f, err := w.Rounds.Total(ctx, w.sys, rid)
	if err != nil {
		return false, err
	}
	found, err := round.Check(ctx, w.DB)
	if err != nil {
		return false, err
	}
	return acknowledged == total && f.Done == total && f.Outstanding == f.Total-total && len(found.Problems) == 0, nil
}

// bare writes as many rows of marks as the clients will, without rules.
func (w *world) bare(ctx context.Context, list []client, step int) (time.Duration, error) {
	blob := make([]byte, 96) // what a sealed mark of three answers takes
	if _, err := rand.Read(blob); err != nil {
		return 0, errs.Wrap("bench.bare", err)
	}
	occ, now := id.New(), clock.Ms(w.Clock.Now())
	b := bareMarks(w)
	took, _, err := load(ctx, list, step, func(ctx context.Context, c *client, objects []id.ID) error {
		if len(objects) == 1 {
			return b.Do(ctx, bareMark(occ, objects[0], c.caller.AccountID, now, blob))
		}
		var wg sync.WaitGroup
		faults := make([]error, len(objects))
		for i, o := range objects {
			wg.Go(func() { faults[i] = b.Do(ctx, bareMark(occ, o, c.caller.AccountID, now, blob)) })
		}
		wg.Wait()
		return errors.Join(faults...)
	})
	b.Close()
	if err != nil {
		return 0, err
	}
	return took, dropMarks(ctx, w, occ)
}
