package round

import (
	"math/rand/v2"
	"testing"
	"time"

	"wangge/internal/platform/clock"
	"wangge/internal/platform/db"
	"wangge/internal/platform/db/dbtest"
	"wangge/internal/platform/id"
)

// Days come and go, standstills of hours and days, marks of now and of phones
// that were without network, cut-offs by plan and by hand: the figures of every
// occurrence are those of a simple model, and the law holds after every step.
func TestRandomDays(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, 2, 1, 6)
		p := daily
		p.Cutoffs = []string{"09:00", "15:00"}
		r := w.repeating(p)
		run := w.runner(w.s)
		rng := rand.New(rand.NewPCG(7, 11))
		doors := w.doors[:12]
		model := map[int]map[id.ID]Target{1: {}}
		for step := range 60 {
			switch k := rng.IntN(10); {
			case k < 6:
				w.clk.Advance(time.Duration(rng.IntN(1800)) * time.Second)
				cur := w.round(r)
				claimed := clock.Ms(w.clk.Now())
				if rng.IntN(3) == 0 {
					claimed -= rng.Int64N(30 * hourMs)
				}
				m := MarkInput{RoundID: r.ID, ObjectID: doors[rng.IntN(len(doors))], ClaimedMs: claimed, Result: []string{"normal", "absent", "verified_empty"}[rng.IntN(3)]}
				out, err := w.s.Mark(w.ctx, sys, m)
				w.ok(err)
				if past := claimed < cur.OpenedMs && claimed >= r.OpenedMs; out.Late != past {
					t.Fatalf("step %d: a mark of %s is late: %v; the day opened %s", step, when(claimed), out.Late, when(cur.OpenedMs))
				}
				if !out.Late {
					res, _ := ResultOf(m.Result)
					at := model[cur.N]
					at[m.ObjectID] = nextTarget(at[m.ObjectID], &markRow{id: 1, class: res.Class(), correctedMs: claimed}).next
				}
			case k < 9:
				w.clk.Advance(time.Duration(rng.IntN(16)) * time.Hour)
				_, err := run.Drain(w.ctx)
				w.ok(err)
			default:
				_, err := w.s.CutNow(w.ctx, sys, r.ID)
				w.ok(err)
			}
			if n := w.round(r).N; model[n] == nil {
				model[n] = w.carried(r, n, doors)
			}
			w.sameDays(r, model, len(doors))
			w.check()
		}
		if n := w.round(r).N; n < 5 {
			t.Fatalf("only %d days passed; the test shows little", n)
		}
	})
}

// carried is the model of a day that just opened: doors still verified empty.
func (w *world) carried(r Round, n int, doors []id.ID) map[id.ID]Target {
	w.t.Helper()
	out := map[id.ID]Target{}
	lines, _, err := w.s.Outstanding(w.ctx, sys, r.ID, ListQuery{Ref: NodeRef{N: n}, States: []State{Exempt}})
	w.ok(err)
	for _, l := range lines {
		if l.Reason != "verified_empty" || l.ValidUntilMs <= w.s.now() {
			w.t.Fatalf("day %d begins with %+v", n, l)
		}
		out[l.ObjectID] = l.Target
	}
	return out
}

func (w *world) sameDays(r Round, model map[int]map[id.ID]Target, total int) {
	w.t.Helper()
	list, err := w.s.Occurrences(w.ctx, sys, r.ID)
	w.ok(err)
	for _, o := range list {
		if o.State == Missed {
			continue
		}
		want := Figures{Total: total, Outstanding: total}
		for _, t := range model[o.N] {
			var d counterDelta
			d.add(t.State, 1)
			want.shift(Figures{Done: d.done, Exempt: d.exempt, Attempted: d.attempted, Outstanding: -d.done - d.exempt})
		}
		if o.Figures != want {
			w.t.Fatalf("day %d: %+v, the model says %+v", o.N, o.Figures, want)
		}
	}
}
