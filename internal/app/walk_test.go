package app

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"wangge/internal/grid"
	"wangge/internal/ledger/importer"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/db/dbtest"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/round"
)

// soakFor makes the walk go on with fresh districts and seeds for so long on
// each engine; make soak sets it.
var soakFor = flag.Duration("soak", 0, "walk for so long on each engine instead of one short walk")

// firstSeed is the first walk's seed: that of a failure repeats it.
var firstSeed = flag.Uint64("soak-seed", 8, "seed of the first walk")

// passes is how often a district lives through every operation, each time in
// another order.
const passes = 3

// walk drives the real services at random while rounds are open, and holds what
// the database says against a model of its own.
type walk struct {
	t       *testing.T
	a       *App   // the replica at work
	all     []*App // replicas of one database, each with its own caches
	c       grid.Caller
	r       *rand.Rand
	seed    uint64
	root    grid.Place
	area    grid.Place // the community the imports go to
	form    id.ID
	account id.ID // somebody who is given posts
	rounds  []*modelRound
	now     standing
	ever    map[id.ID]grid.Place // doors as they are, or were when they were closed
	rows    []string             // rows of the roster imported so far; imports repeat and add
	applied []id.ID              // imports that can be undone
	merged  [][2]id.ID           // records that stayed, and their merges
	sent    []round.MarkInput
	redrawn []*grid.Redrawing // those that can be taken back
}

// step is one random operation. Invalid and Conflict are answers that a random
// operation may meet; nothing may have changed then.
type step struct {
	name string
	do   func() error
}

func (w *walk) steps() []step {
	return []step{{"import", w.importRoster}, {"undo import", w.undoImport}, {"arrive", w.arrive}, {"depart", w.depart}, {"move", w.move},
		{"merge", w.merge}, {"merge people", w.mergePeople}, {"undo merge", w.undoMerge}, {"elsewhere", w.elsewhere}, {"redraw", w.redraw}, {"redraw many", w.redrawMany}, {"undo redraw", w.undoRedraw}, {"relist", w.relist},
		{"build", w.build}, {"open", w.open}, {"close", w.close}, {"post ends", w.postEnds},
		{"mark", w.mark}, {"mark", w.mark}, {"mark again", w.markAgain}, {"phone", w.phone}, {"late", w.late}, {"rush", w.rush}}
}

// TestRoundsHoldWhileTheDistrictMoves: after every step counters equal the
// model on both trees, no total ever shrinks, and check is clean.
func TestRoundsHoldWhileTheDistrictMoves(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		takeWalks(t, func(*testing.T) Options { return Options{} })
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		takeWalks(t, func(t *testing.T) Options { return Options{Config: Config{DB: dbtest.PostgresURL(t)}} })
	})
}

func takeWalks(t *testing.T, o func(*testing.T) Options) {
	worked := map[string]int{}
	if *soakFor == 0 {
		takeWalk(t, o(t), *firstSeed, worked)
	}
	clk := clock.Real()
	end := clk.Now().Add(*soakFor)
	walks := 0
	for seed := *firstSeed; clk.Now().Before(end) && !t.Failed(); seed++ {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) { takeWalk(t, o(t), seed, worked) })
		walks++
	}
	t.Logf("%d walks, what succeeded: %v", walks, worked)
	for _, s := range (&walk{}).steps() {
		if worked[s.name] == 0 {
			t.Errorf("no %s ever succeeded", s.name)
		}
	}
}

func takeWalk(t *testing.T, o Options, seed uint64, worked map[string]int) {
	places := []string{"mohe", "muling", "nangang"}
	d := newDrill(t, o, places[seed%uint64(len(places))], 120)
	walkOn(t, seed, d.loaded.Round, worked, passes, d.app)
}

// walkOn walks from the district's first round on, each step on any of the
// replicas, and verifies on all of them.
func walkOn(t *testing.T, seed uint64, first id.ID, worked map[string]int, times int, all ...*App) {
	w := &walk{t: t, a: all[0], all: all, c: grid.System(all[0].District, "walk"), r: rand.New(rand.NewPCG(3, seed)), seed: seed, ever: map[id.ID]grid.Place{}}
	w.begin(first)
	steps := w.steps()
	for i := range times * len(steps) {
		if i%len(steps) == 0 {
			w.r.Shuffle(len(steps), func(a, b int) { steps[a], steps[b] = steps[b], steps[a] })
		}
		s := steps[i%len(steps)]
		w.a = pick(w, all)
		err := s.do()
		if err == nil {
			worked[s.name]++
		} else if !errs.Is(err, errs.Invalid) && !errs.Is(err, errs.Conflict) {
			t.Fatalf("seed %d, step %d, %s: %v", seed, i, s.name, err)
		}
		w.verify(fmt.Sprintf("seed %d, step %d, %s", seed, i, s.name))
	}
}

func (w *walk) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// ctx lives as long as the test, beyond the context of its subtest's end.
func (w *walk) ctx() context.Context { return context.Background() }

func (w *walk) begin(doors id.ID) {
	w.root = must(w.a.Grid.Root(w.ctx(), w.c))
	w.area = w.places(grid.Community)[0]
	w.account = w.newAccount()
	first := must(w.a.Rounds.Round(w.ctx(), w.c, doors))
	w.form = first.FormID
	w.look()
	if first.TargetKind == round.Doors {
		w.adopt(first)
	} else {
		w.must(w.openOver(round.Doors, w.root))
	}
	w.must(w.openOver(round.Households, w.root))
	w.verify("the beginning")
}

// openOver opens a round over an area at once and takes it into the model.
func (w *walk) openOver(kind round.TargetKind, area grid.Place) error {
	draft, err := w.a.Rounds.DraftRound(w.ctx(), w.c, round.DraftInput{AreaID: area.ID, Name: string(kind), TargetKind: kind, FormID: w.form,
		DueMs: clock.Ms(w.a.clock().Now().Add(24 * time.Hour))})
	if err != nil {
		return err
	}
	if _, err := w.a.Rounds.Submit(w.ctx(), w.c, draft.ID); err != nil {
		return err
	}
	w.must(w.a.Rounds.ApproveNow(w.ctx(), w.c, draft.ID))
	w.adopt(must(w.a.Rounds.Round(w.ctx(), w.c, draft.ID)))
	return nil
}

func (w *walk) places(kinds ...grid.Kind) []grid.Place {
	w.t.Helper()
	list, err := w.a.Grid.SubtreePage(w.ctx(), w.c, w.root.Path, "", kinds, 5000)
	w.must(err)
	return list
}

func (w *walk) target() importer.Target {
	return importer.Target{Place: w.area.ID, Compound: "新村小区"}
}
