package incoming

import (
	"fmt"
	"sync"
	"testing"

	"wangge/internal/grid"
	"wangge/internal/platform/db"
	"wangge/internal/platform/db/dbtest"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
)

// atOnce runs n calls at the same time and returns what each gave.
func atOnce(n int, call func(i int) error) []error {
	out := make([]error, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { out[i] = call(i) })
	}
	wg.Wait()
	return out
}

// Callers who save at once hinder nobody: PostgreSQL repeats the transactions
// that lost the race, and a repeat counts nothing twice.
func TestSavedAtOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		clerk, _ := w.caller(grid.RoleCommunity, w.Hua.ID)
		var lines []string
		for i := range 6 {
			lines = append(lines, fmt.Sprintf("N%d,,,,,人%d,,139000001%02d,,", i, i, i))
		}
		rep := w.bring(clerk, w.Hua.ID, lines...)
		dbtest.OK(t, w.s.Sit(ctx, clerk))
		var cards []*Card
		for _, l := range w.people(clerk, rep.ListID) {
			cards = append(cards, w.lead(clerk, l.ID))
		}
		for i, err := range atOnce(len(cards), func(i int) error {
			return w.s.Record(ctx, clerk, cards[i].ID, Outcome{Result: "no_answer", Version: cards[i].Version})
		}) {
			if err != nil {
				t.Errorf("caller %d: %v", i, err)
			}
		}
		for _, c := range cards {
			if l := w.lead(clerk, c.ID); l.Tries != 1 || len(l.Events) != 2 {
				t.Errorf("%d tries, %d events", l.Tries, len(l.Events))
			}
		}
	})
}

// Of two who save one person, one is told; nothing of that one's remains.
func TestConflictLeavesNothing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		clerk, _ := w.caller(grid.RoleCommunity, w.Hua.ID)
		rep := w.bring(clerk, w.Hua.ID, "A,,,,,甲,,13900000011,,")
		l := w.lead(clerk, w.people(clerk, rep.ListID)["甲"].ID)
		won := 0
		for _, err := range atOnce(2, func(int) error {
			return w.s.Record(ctx, clerk, l.ID, Outcome{Result: "found_normal", Version: l.Version,
				Answer: Answer{DoorID: w.doors[1].ID, Ledger: true, Companions: []Companion{{"孙二", "13900000009"}}}})
		}) {
			if err == nil {
				won++
			} else if !errs.Is(err, errs.Conflict) {
				t.Error(err)
			}
		}
		behind := dbtest.Must(w.led.Behind(ctx, clerk, w.doors[1].ID))(t)
		if won != 1 || len(behind) != 1 || len(behind[0].Persons) != 1 {
			t.Errorf("%d saved; behind the door %+v", won, behind)
		}
		if open := dbtest.Must(w.s.InState(ctx, clerk, Open))(t); len(open) != 1 {
			t.Errorf("companions %+v", open)
		}
	})
}

// Whose lead is given to another while they record it are not refused.
func TestGivenWhileRecorded(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		clerk, _ := w.caller(grid.RoleCommunity, w.Hua.ID)
		rep := w.bring(clerk, w.Hua.ID, "A,,,,,甲,,13900000011,,")
		l := w.lead(clerk, w.people(clerk, rep.ListID)["甲"].ID)
		dbtest.OK(t, w.s.Sit(ctx, clerk))
		if l = w.lead(clerk, l.ID); l.AccountID == id.Zero {
			t.Fatal("nobody has it")
		}
		dbtest.OK(t, w.s.Leave(ctx, clerk))
		dbtest.OK(t, w.s.Record(ctx, clerk, l.ID, Outcome{Result: "no_answer", Version: l.Version}))
	})
}
