package app

import (
	"math/rand/v2"
	"testing"

	"wangge/internal/grid"
	"wangge/internal/ledger"
	"wangge/internal/platform/id"
	"wangge/internal/round"
)

// What random walks found, told once more by hand.

// TestVacantHomeNamedAgainIsAsked: a household known to be empty that a roster
// names again is on the list of an open round at once, and off it again when
// the import is taken back.
func TestVacantHomeNamedAgainIsAsked(t *testing.T) {
	d := newDrill(t, Options{}, "mohe", 120)
	w := &walk{t: t, a: d.app, c: grid.System(d.app.District, "walk"), r: rand.New(rand.NewPCG(3, 1)), ever: map[id.ID]grid.Place{}}
	w.begin(d.loaded.Round)
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
	state := func() (found bool, s round.State) {
		lines, _, err := w.a.Rounds.Outstanding(w.ctx(), w.c, r.ID, round.ListQuery{All: true, Objects: []id.ID{vacant}})
		w.must(err)
		if len(lines) == 0 {
			return false, 0
		}
		return true, lines[0].State
	}
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
