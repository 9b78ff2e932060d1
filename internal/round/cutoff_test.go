package round

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"wangge/internal/grid"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/db"
	"wangge/internal/platform/db/dbtest"
	"wangge/internal/platform/id"
	"wangge/internal/platform/seal"
	"wangge/internal/platform/seal/sealtest"
)

// told is what a test marked, to compare cut-offs with.
type told struct {
	object    id.ID
	result    string
	corrected int64
}

// truth is the figures of n targets by the marks made until an instant, in the
// order they were received.
func truth(n int, marks []told, until int64) Figures {
	at := map[id.ID]Target{}
	for i, m := range marks {
		if m.corrected > until {
			continue
		}
		res, _ := ResultOf(m.result)
		at[m.object] = nextTarget(at[m.object], &markRow{id: id.ID(i + 1), class: res.Class(), correctedMs: m.corrected}).next
	}
	f := Figures{Total: n, Outstanding: n}
	for _, t := range at {
		var d counterDelta
		d.add(t.State, 1)
		f.shift(Figures{Done: d.done, Exempt: d.exempt, Attempted: d.attempted, Outstanding: -d.done - d.exempt})
	}
	return f
}

func TestCutoffsNeverChange(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, 2, 2, 8)
		p := Recurrence{Cutoffs: []string{"12:00", "16:00"}}
		r := w.repeating(p)
		doors := w.doors[:32]
		rng := rand.New(rand.NewPCG(1, 2))
		var marks []told
		step := func(n int) {
			for range n {
				w.clk.Advance(time.Duration(1+rng.IntN(60)) * time.Second)
				now := clock.Ms(w.clk.Now())
				claimed := now
				if rng.IntN(3) == 0 { // from a phone that had no network
					claimed -= rng.Int64N(5 * hourMs)
				}
				m := told{doors[rng.IntN(len(doors))], []string{"normal", "absent", "verified_empty", "not_a_home"}[rng.IntN(4)], max(claimed, r.OpenedMs)}
				_, err := w.s.Mark(w.ctx, sys, MarkInput{RoundID: r.ID, ObjectID: m.object, Result: m.result, ClaimedMs: m.corrected})
				w.ok(err)
				marks = append(marks, m)
			}
		}
		run := w.runner(w.s)
		step(40)
		noon := time.Date(2022, 3, 1, 12, 0, 0, 0, clock.CST)
		if w.clk.Now().After(noon) {
			t.Fatal("the morning was too long")
		}
		w.clk.Set(noon)
		atNoon, answersAtNoon := w.total(r), w.answers(r)
		w.clk.Advance(time.Second)
		step(20) // nothing ran at noon: the cut-off is taken late
		_, err := run.Drain(w.ctx)
		w.ok(err)
		step(20)
		w.clk.Set(time.Date(2022, 3, 1, 16, 0, 0, 0, clock.CST))
		atFour, answersAtFour := w.total(r), w.answers(r)
		_, err = run.Drain(w.ctx)
		w.ok(err)
		step(40)
		_, err = run.Drain(w.ctx)
		w.ok(err)

		list, err := w.s.Cutoffs(w.ctx, sys, r.ID)
		w.ok(err)
		if len(list) != 2 {
			t.Fatalf("%d cut-offs", len(list))
		}
		for i, want := range []Figures{atFour, atNoon} {
			v, err := w.s.CutoffAt(w.ctx, sys, list[i].ID, id.Zero)
			w.ok(err)
			if v.Node.Figures != want {
				t.Errorf("cut-off %s holds %+v, the figures were %+v", when(v.AtMs), v.Node.Figures, want)
			}
			if got, want := v.Node.Corrected(), truth(32, marks, v.AtMs); got != want {
				t.Errorf("cut-off %s corrected: %+v, the truth is %+v", when(v.AtMs), got, want)
			}
			if v.Node.Change == (Figures{}) {
				t.Errorf("cut-off %s: no late phone changed anything; the test shows nothing", when(v.AtMs))
			}
			var sum, days Figures
			for _, ch := range v.Children {
				sum.add(ch.Figures)
			}
			for _, k := range v.Corrections {
				days.shift(k.Figures)
			}
			if sum != v.Node.Figures || days != v.Node.Change {
				t.Errorf("children add up to %+v, days to %+v", sum, days)
			}
			again, err := w.s.takeCutoff(w.ctx, r, r.OccurrenceID, v.AtMs, id.Zero, id.Zero)
			w.ok(err)
			if again.ID != v.ID {
				t.Error("a cut-off was taken twice")
			}
			recounted, err := w.s.standingAt(w.ctx, r, r.OccurrenceID, v.AtMs)
			w.ok(err)
			var f Figures
			for _, d := range recounted.figures {
				f.add(Figures{Total: d.total, Done: d.done, Exempt: d.exempt, Attempted: d.attempted})
			}
			if f != v.Node.Figures {
				t.Errorf("counted again: %+v, frozen: %+v", f, v.Node.Figures)
			}
			if want := [][]ChoiceCount{answersAtFour, answersAtNoon}[i]; len(want) == 0 || !slices.Equal(v.Answers, want) {
				t.Errorf("cut-off %s holds the answers %v, they were %v", when(v.AtMs), v.Answers, want)
			}
			if len(v.Definitions.Results) == 0 || v.Definitions.RoundName != r.Name {
				t.Errorf("definitions: %+v", v.Definitions)
			}
		}
		w.check()
	})
}

// answers are the counts of answers of a round as they stand.
func (w *world) answers(r Round) []ChoiceCount {
	w.t.Helper()
	counts, err := w.s.AnswerCounts(w.ctx, sys, r.ID, NodeRef{})
	w.ok(err)
	return counts
}

// What a cut-off froze of answers is counted again by the check, and seen as far
// as one's posts reach.
func TestCutoffAnswersAreCheckedAndScoped(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, 1, 1, 4)
		w.emergency()
		r := w.opened(Doors, countyPath, Filter{}, w.form().ID)
		w.mark(r, w.doors[0], "normal")
		w.mark(r, w.doors[4], "normal") // in the other community
		cut, err := w.s.CutNow(w.ctx, w.caller(grid.RoleCommand, countyPath), r.ID)
		w.ok(err)
		w.clk.Advance(time.Minute)
		w.mark(r, w.doors[0], "absent") // the answer is kept, the cut-off too
		w.mark(r, w.doors[1], "normal")
		n := func(c grid.Caller) int {
			t.Helper()
			v, err := w.s.CutoffAt(w.ctx, c, cut.ID, id.Zero)
			w.ok(err)
			i := slices.IndexFunc(v.Answers, func(x ChoiceCount) bool { return x.Field == "symptom" && x.Choice == "no" })
			if i < 0 {
				return 0
			}
			return v.Answers[i].N
		}
		if all, b := n(sys), n(w.caller(grid.RoleCommunity, commB)); all != 2 || b != 1 {
			t.Errorf("%d said no in all, %d as community B sees it", all, b)
		}
		w.check()
		w.write(func(tx *db.Tx) error {
			_, err := tx.ExecContext(w.ctx, "UPDATE cutoff_answer SET n = n + 1 WHERE cutoff_id = $1 AND field = 'symptom'", int64(cut.ID))
			return err
		})
		a, err := Recount(w.ctx, w.d, w.s.Keys)
		w.ok(err)
		if len(a.Problems) != 1 || a.Problems[0].Check != "cutoff_answers_differ" || a.Problems[0].ObjectID != cut.ID {
			t.Errorf("a changed cut-off is not named: %+v", a.Problems)
		}
	})
}

// Figures need no key: where the marks that changed since cannot be opened, a
// cut-off freezes the figures and says that it holds no answers.
func TestCutoffWithoutItsKey(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, 1, 1, 4)
		w.emergency()
		r := w.opened(Doors, countyPath, Filter{}, w.form().ID)
		w.mark(r, w.doors[0], "normal")
		var at []int64
		for _, door := range w.doors[1:3] {
			at = append(at, clock.Ms(w.clk.Now()))
			w.clk.Advance(time.Minute)
			w.mark(r, door, "normal")
		}
		cut := func(i int, what string) {
			t.Helper()
			for range 2 {
				got, err := w.s.takeCutoff(w.ctx, r, r.OccurrenceID, at[i], id.Zero, id.Zero)
				if err != nil || got.Definitions.Answers {
					t.Fatalf("%s: %+v %v", what, got.Definitions, err)
				}
				v, err := w.s.CutoffAt(w.ctx, sys, got.ID, id.Zero)
				w.ok(err)
				if v.Node.Done != i+1 || v.Node.Total != len(w.doors) || v.Definitions.Answers || len(v.Answers) > 0 {
					t.Errorf("%s: %+v, answers %t %v", what, v.Node.Figures, v.Definitions.Answers, v.Answers)
				}
			}
		}
		keys := w.s.Keys
		w.s.Keys = sealtest.New(t)
		cut(1, "key missing")
		w.s.Keys = keys
		w.ok(keys.Destroy(seal.EmergencyKey(r.EmergencyID)))
		cut(0, "key destroyed")
	})
}

func TestCutoffIsScopedAndExported(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, 1, 1, 4)
		w.emergency()
		r := w.opened(Doors, countyPath, Filter{}, w.form().ID)
		w.mark(r, w.doors[0], "normal")
		cut, err := w.s.CutNow(w.ctx, w.caller(grid.RoleCommand, countyPath), r.ID)
		w.ok(err)
		if _, err := w.s.CutNow(w.ctx, w.caller(grid.RoleCommunity, commA), r.ID); err == nil {
			t.Error("a community freezes the district's figures")
		}
		clerk := w.caller(grid.RoleCommunity, commB)
		v, err := w.s.CutoffAt(w.ctx, clerk, cut.ID, id.Zero)
		w.ok(err)
		if v.Node.Total != 4 || v.Node.Done != 0 {
			t.Errorf("the sister community's clerk sees %+v", v.Node.Figures)
		}
		if v, err := w.s.CutoffAt(w.ctx, clerk, cut.ID, w.place[commA]); err == nil && v.Node.Total != 0 {
			t.Errorf("and of the other community %+v", v.Node.Figures)
		}
		var buf bytes.Buffer
		v, err = w.s.CutoffAt(w.ctx, sys, cut.ID, id.Zero)
		w.ok(err)
		w.ok(w.s.CutoffCSV(w.ctx, sys, v, &buf))
		if lines := strings.Split(strings.TrimSpace(buf.String()), "\n"); len(lines) != 3 || !strings.Contains(lines[1], ",8,1,0,7,0,") {
			t.Errorf("csv:\n%s", buf.String())
		}
	})
}
