package app

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"wangge/internal/grid"
	"wangge/internal/ledger"
	"wangge/internal/ledger/importer"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/db/dbtest"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/round"
)

// walk drives the real services at random while two rounds are open, one over
// doors and one over households.
type walk struct {
	t      *testing.T
	a      *App
	c      grid.Caller
	r      *rand.Rand
	root   grid.Place
	area   grid.Place // the community the imports go to
	rounds [2]id.ID
	totals [2]int
	rows   []string // rows of the roster imported so far; imports repeat and add
}

// TestRoundsHoldWhileTheDistrictMoves: after every step (import, re-import,
// arrival, departure, move, merge, re-drawing, mark) counters equal targets on
// both trees, and no total ever shrinks.
func TestRoundsHoldWhileTheDistrictMoves(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) { takeWalk(t, Options{}) })
	t.Run("postgres", func(t *testing.T) { takeWalk(t, Options{Config: Config{DB: dbtest.PostgresURL(t)}}) })
}

func takeWalk(t *testing.T, o Options) {
	d := newDrill(t, o, "mohe", 120)
	w := &walk{t: t, a: d.app, c: grid.System(d.app.District, "walk"), r: rand.New(rand.NewPCG(3, 7))}
	w.begin(d.loaded.Round)
	steps := []struct {
		name string
		do   func() error
	}{{"import", w.importRoster}, {"arrive", w.arrive}, {"depart", w.depart}, {"move", w.move}, {"merge", w.merge}, {"redraw", w.redraw}, {"mark", w.mark}, {"mark", w.mark}}
	worked := map[string]int{}
	for i := range 60 {
		s := steps[w.r.IntN(len(steps))]
		switch err := s.do(); {
		case err == nil:
			worked[s.name]++
		case !errs.Is(err, errs.Invalid) && !errs.Is(err, errs.Conflict):
			t.Fatalf("step %d, %s: %v", i, s.name, err)
		}
		w.verify(fmt.Sprintf("step %d, %s", i, s.name))
	}
	t.Log(worked, w.totals)
	for _, s := range steps {
		if worked[s.name] == 0 {
			t.Errorf("no %s ever succeeded", s.name)
		}
	}
}

func (w *walk) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *walk) begin(doors id.ID) {
	ctx := context.Background()
	var err error
	w.root, err = w.a.Grid.Root(ctx, w.c)
	w.must(err)
	w.area = w.places(grid.Community)[0]
	open, err := w.a.Rounds.Round(ctx, w.c, doors)
	w.must(err)
	draft, err := w.a.Rounds.DraftRound(ctx, w.c, round.DraftInput{AreaID: w.root.ID, Name: "households", TargetKind: round.Households,
		FormID: open.FormID, DueMs: clock.Ms(w.a.clock().Now()) + 86_400_000})
	w.must(err)
	_, err = w.a.Rounds.Submit(ctx, w.c, draft.ID)
	w.must(err)
	w.must(w.a.Rounds.ApproveNow(ctx, w.c, draft.ID))
	w.rounds = [2]id.ID{doors, draft.ID}
	w.verify("the beginning")
}

func (w *walk) places(kinds ...grid.Kind) []grid.Place {
	w.t.Helper()
	list, err := w.a.Grid.SubtreePage(context.Background(), w.c, w.root.Path, "", kinds, 5000)
	w.must(err)
	return list
}

func (w *walk) household() ledger.HouseholdView {
	w.t.Helper()
	doors := w.places(grid.Door)
	for {
		hs, err := w.a.Ledger.Behind(context.Background(), w.c, doors[w.r.IntN(len(doors))].ID)
		w.must(err)
		if len(hs) > 0 {
			return hs[w.r.IntN(len(hs))]
		}
	}
}

// importRoster adds one or two doors with people to the roster and imports the whole of it again.
func (w *walk) importRoster() error {
	for range 1 + w.r.IntN(2) {
		w.rows = append(w.rows, fmt.Sprintf("%d号楼,1单元,%d0%d室,王%d,户主", 1+w.r.IntN(2), 1+w.r.IntN(6), 1+w.r.IntN(3), len(w.rows)))
	}
	text := "楼号,单元,房号,姓名,与户主关系\n" + strings.Join(w.rows, "\n") + "\n"
	_, err := w.a.Imports.Run(context.Background(), w.c, importer.Target{Place: w.area.ID, Compound: "新村小区"},
		[]importer.File{{Name: "r.csv", R: strings.NewReader(text), Size: int64(len(text))}})
	return err
}

func (w *walk) arrive() error {
	doors := w.places(grid.Door)
	_, err := w.a.Ledger.AddHousehold(context.Background(), w.c, ledger.HouseholdInput{DoorID: doors[w.r.IntN(len(doors))].ID, Kind: "family", Living: 2}, nil)
	return err
}

func (w *walk) depart() error {
	h := w.household()
	return w.a.Ledger.DepartHousehold(context.Background(), w.c, h.ID, h.Version, ledger.DepartReasons()[0])
}

func (w *walk) move() error {
	doors := w.places(grid.Door)
	h := w.household()
	return w.a.Ledger.MoveHousehold(context.Background(), w.c, h.ID, h.Version, doors[w.r.IntN(len(doors))].ID)
}

func (w *walk) merge() error {
	return w.a.Ledger.Join(context.Background(), w.c, w.household().ID, w.household().ID)
}

// redraw puts a random building, unit or group into a random grid.
func (w *walk) redraw() error {
	ctx := context.Background()
	grids, err := w.a.Grid.Grids(ctx, w.c, w.root, "", 200)
	w.must(err)
	parts := w.places(grid.Building, grid.Unit, grid.Group)
	_, err = w.a.Grid.AssignDoors(ctx, w.c, grids[w.r.IntN(len(grids))].ID, grid.Selection{Places: []id.ID{parts[w.r.IntN(len(parts))].ID}})
	return err
}

// mark gives a random target of a random round a random result.
func (w *walk) mark() error {
	ctx := context.Background()
	rid := w.rounds[w.r.IntN(2)]
	lines, _, err := w.a.Rounds.Outstanding(ctx, w.c, rid, round.ListQuery{All: true, Limit: 500})
	w.must(err)
	results := []string{"normal", "absent", "verified_empty"}
	_, err = w.a.Rounds.Mark(ctx, w.c, round.MarkInput{RoundID: rid, ObjectID: lines[w.r.IntN(len(lines))].ObjectID,
		Result: results[w.r.IntN(len(results))], How: "door", ClientKey: id.New().String()})
	return err
}

// verify reconciles as the server does, then checks everything.
func (w *walk) verify(at string) {
	w.t.Helper()
	ctx := context.Background()
	for i, rid := range w.rounds {
		_, _, err := w.a.Rounds.Reconcile(ctx, w.c, rid)
		w.must(err)
		v, err := w.a.Rounds.Coverage(ctx, w.c, rid, round.NodeRef{})
		w.must(err)
		if v.Node.Total < w.totals[i] || v.Node.Total != v.Node.Done+v.Node.Exempt+v.Node.Outstanding {
			w.t.Fatalf("%s: round %d has %+v, before %d", at, i, v.Node.Figures, w.totals[i])
		}
		w.totals[i] = v.Node.Total
	}
	rep, err := CheckDB(ctx, w.a.DB, w.a.Keys, "en")
	w.must(err)
	if !rep.Clean {
		w.t.Fatalf("%s: %+v", at, slices.Clone(rep.Checks))
	}
}
