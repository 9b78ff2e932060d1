package app

import (
	"math/rand/v2"
	"strings"
	"testing"

	"wangge/internal/grid"
	"wangge/internal/ledger"
	"wangge/internal/ledger/importer"
	"wangge/internal/platform/db/dbtest"
	"wangge/internal/platform/id"
	"wangge/internal/round"
)

// What random walks found, told once more by hand.

// bothEngines runs body on a small drill on each engine.
func bothEngines(t *testing.T, body func(t *testing.T, w *walk)) {
	for name, config := range map[string]func(t *testing.T) Config{
		"sqlite":   func(*testing.T) Config { return Config{} },
		"postgres": func(t *testing.T) Config { return Config{DB: dbtest.PostgresURL(t)} },
	} {
		t.Run(name, func(t *testing.T) {
			d := newDrill(t, Options{Config: config(t)}, "mohe", 120)
			w := &walk{t: t, a: d.app, all: []*App{d.app}, c: grid.System(d.app.District, "walk"), r: rand.New(rand.NewPCG(3, 1)), ever: map[id.ID]grid.Place{}}
			w.begin(d.loaded.Round)
			body(t, w)
		})
	}
}

// stateIn is how a target stands in a round; listed tells whether it is there.
func (w *walk) stateIn(r *modelRound, object id.ID) (listed bool, s round.State) {
	w.t.Helper()
	lines, _, err := w.a.Rounds.Outstanding(w.ctx(), w.c, r.ID, round.ListQuery{All: true, Objects: []id.ID{object}})
	w.must(err)
	if len(lines) == 0 {
		return false, 0
	}
	return true, lines[0].State
}

// TestWhoComesBackIsAsked: somebody who was closed as moved away and is recorded
// again, by hand or because the roster that closed the record is taken back, is
// asked in the rounds that are open by then.
func TestWhoComesBackIsAsked(t *testing.T) {
	bothEngines(t, func(t *testing.T, w *walk) {
		w.must(w.importRoster())
		w.look()
		var p ledger.Person
		for _, v := range w.now.persons {
			if v.ID > p.ID { // the newest is the roster's
				p = v
			}
		}
		open := func() *modelRound {
			w.look()
			w.must(w.openOver(round.Persons, w.root))
			return w.rounds[len(w.rounds)-1]
		}
		depart := func() { w.must(w.a.Ledger.DepartPerson(w.ctx(), w.c, p.ID, 0, "moved_away")) }
		others := "楼号,单元,房号,姓名,与户主关系\n1号楼,9单元,909室,新来的,户主\n2号楼,9单元,909室,又来的,户主\n"
		imports := func() {
			o := importer.ReconcileOptions{Rules: &importer.Rules{OnlyHere: importer.Depart}}
			imp := must(w.a.Imports.Stage(w.ctx(), w.c, w.target(), []importer.File{{Name: "r.csv", R: strings.NewReader(others), Size: int64(len(others))}}))
			must(w.a.Imports.Reconcile(w.ctx(), w.c, imp.ID, o))
			must(w.a.Imports.Apply(w.ctx(), w.c, imp.ID))
			w.applied = append(w.applied, imp.ID)
		}
		for name, way := range map[string]struct{ away, back func() }{
			"by hand":   {depart, func() { w.must(w.a.Ledger.ReturnPerson(w.ctx(), w.c, p.ID, 0)) }},
			"by roster": {imports, func() { w.must(w.a.Imports.Undo(w.ctx(), w.c, w.applied[len(w.applied)-1])) }},
		} {
			before := open()
			way.away()
			if listed, s := w.stateIn(before, p.ID); !listed || s != round.Exempt {
				t.Errorf("%s: gone, but on the list %t, %s", name, listed, s)
			}
			between := open()
			if listed, _ := w.stateIn(between, p.ID); listed {
				t.Errorf("%s: who is gone is on a new list", name)
			}
			way.back()
			for when, r := range map[string]*modelRound{"open before": before, "opened meanwhile": between} {
				if listed, s := w.stateIn(r, p.ID); !listed || s != round.Outstanding {
					t.Errorf("%s, the round %s: on the list %t, %s", name, when, listed, s)
				}
			}
		}
		problems := must(round.Check(w.ctx(), w.a.DB)).Problems
		if len(problems) > 0 {
			t.Errorf("coverage: %+v", problems)
		}
	})
}

// TestVacantHomeNamedAgainIsAsked: a household known to be empty that a roster
// names again is on the list of an open round at once, and off it again when
// the import is taken back.
func TestVacantHomeNamedAgainIsAsked(t *testing.T) {
	bothEngines(t, testVacantNamedAgain)
}

func testVacantNamedAgain(t *testing.T, w *walk) {
	w.must(w.importRoster())
	w.look()
	var home ledger.Household
	for _, h := range w.now.households {
		if h.ID > home.ID { // the newest is the roster's
			home = h
		}
	}
	w.must(w.a.Ledger.DepartHousehold(w.ctx(), w.c, home.ID, home.Version, ledger.DepartReasons()[0]))
	vacant := must(w.a.Ledger.AddHousehold(w.ctx(), w.c, ledger.HouseholdInput{DoorID: home.DoorID, Kind: "vacant"}, nil))
	w.look()
	w.must(w.openOver(round.Households, w.root))
	r := w.rounds[len(w.rounds)-1]
	state := func() (bool, round.State) { return w.stateIn(r, vacant) }
	if listed, _ := state(); listed {
		t.Fatal("a household known to be empty is on the list")
	}
	w.must(w.importRoster())
	if listed, s := state(); !listed || s != round.Outstanding {
		t.Fatalf("named again: on the list %t, %s", listed, s)
	}
	w.must(w.a.Imports.Undo(w.ctx(), w.c, w.applied[len(w.applied)-1]))
	if _, s := state(); s != round.Exempt {
		t.Fatalf("the import was taken back: %s", s)
	}
}

// TestWhoMovedAwayIsNotAskedAtTheOldDoor: a correction at the old door of a
// household that lives elsewhere by now opens its target again; it is closed as
// departed with the next news.
func TestWhoMovedAwayIsNotAskedAtTheOldDoor(t *testing.T) {
	bothEngines(t, func(t *testing.T, w *walk) {
		w.look()
		h := w.now.households[0]
		old := w.now.at[h.ID]
		other := grid.Place{}
		for _, d := range w.now.doors {
			if d.AreaID != old.AreaID {
				other = d
			}
		}
		if other.ID == id.Zero {
			t.Fatal("the drill has one community")
		}
		w.must(w.openOver(round.Households, must(w.a.Grid.Place(w.ctx(), w.c, old.AreaID))))
		r := w.rounds[len(w.rounds)-1]
		mark := func(result string, correct bool) {
			_, err := w.a.Rounds.Mark(w.ctx(), w.c, round.MarkInput{RoundID: r.ID, ObjectID: h.ID, Result: result, Correct: correct})
			w.must(err)
		}
		mark("living_elsewhere", false)
		w.must(w.a.Ledger.MoveHousehold(w.ctx(), w.c, h.ID, h.Version, other.ID))
		mark("absent", true)
		if _, s := w.stateIn(r, h.ID); s != round.Attempted {
			t.Fatalf("after the correction: %s", s)
		}
		_, departed, err := w.a.Rounds.Reconcile(w.ctx(), w.c, r.ID)
		w.must(err)
		if _, s := w.stateIn(r, h.ID); s != round.Exempt || departed != 1 {
			t.Errorf("the household that moved away: %s, %d departed", s, departed)
		}
		w.verify("after the move")
	})
}

// TestAMergeTakenBackAsksNobodyAgain: who was marked as living elsewhere, was
// merged into another record and taken out of it again, is what the mark said.
func TestAMergeTakenBackAsksNobodyAgain(t *testing.T) {
	bothEngines(t, func(t *testing.T, w *walk) {
		w.look()
		keep, drop := w.now.persons[0], w.now.persons[1]
		w.must(w.openOver(round.Persons, w.root))
		r := w.rounds[len(w.rounds)-1]
		_, err := w.a.Rounds.Mark(w.ctx(), w.c, round.MarkInput{RoundID: r.ID, ObjectID: drop.ID, Result: "living_elsewhere"})
		w.must(err)
		m := must(w.a.Ledger.MergePersons(w.ctx(), w.c, ledger.Merge{Keep: keep.ID, Drop: drop.ID}))
		w.must(w.a.Ledger.UndoMerge(w.ctx(), w.c, keep.ID, m))
		if _, s := w.stateIn(r, drop.ID); s != round.Exempt {
			t.Errorf("after the merge was taken back: %s", s)
		}
	})
}
