package incoming

import (
	"fmt"
	"sync"
	"testing"
	"time"

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

// Two lists with the same people, or two taps on a report, at once: one lead.
func TestCameInAtOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		clerk, _ := w.caller(grid.RoleCommunity, w.Hua.ID)
		reports := make([]*Report, 3)
		for _, err := range atOnce(3, func(i int) (err error) {
			reports[i], err = w.s.Import(ctx, clerk, Input{Area: w.Hua.ID, Files: csvFile("A,,,,,甲,,13900000011,,", "B,,,,,乙,,13900000012,,")})
			return err
		}) {
			dbtest.OK(t, err)
		}
		fresh, joined := 0, 0
		for _, r := range reports {
			fresh, joined = fresh+r.New, joined+r.Joined
			if n := len(w.people(clerk, r.ListID)); n != 2 {
				t.Errorf("a list of %d people", n)
			}
		}
		if fresh != 2 || joined != 4 {
			t.Errorf("%d new, %d joined", fresh, joined)
		}
		self := SelfReport{Name: "周三", Phone: "13900000033", Address: "朋友家", Origin: "沈阳市", ArriveDay: w.Clock.Now().Format(time.DateOnly), People: 1}
		numbers := make([]string, 3)
		for _, err := range atOnce(3, func(i int) (err error) {
			numbers[i], err = w.s.Arrive(ctx, w.C, w.Hua.Code, "10.0.0.1", self)
			return err
		}) {
			dbtest.OK(t, err)
		}
		if numbers[0] != numbers[1] || numbers[1] != numbers[2] {
			t.Errorf("%q", numbers)
		}
		if open := dbtest.Must(w.s.InState(ctx, clerk, Open))(t); len(open) != 3 {
			t.Errorf("%d to be called", len(open))
		}
	})
}

// What a later list or report says of somebody is kept, and hinders no call.
func TestWhatJoinsIsKept(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		clerk, _ := w.caller(grid.RoleCommunity, w.Hua.ID)
		rep := w.bring(clerk, w.Hua.ID, "A,,,普通,,甲,230103199003076616,13900000011,,")
		before := w.lead(clerk, w.people(clerk, rep.ListID)["甲"].ID)
		w.Clock.Advance(time.Hour)
		w.bring(clerk, w.Hua.ID, "B,,,加急,,甲,230103199003076616,13900000012,幸福小区3-2-502,")
		l := w.lead(clerk, before.ID)
		if len(l.Phones) != 2 || l.Address == "" || l.DueMs >= before.DueMs || l.Events[0].Kind != "joined" || l.Events[0].Text == "" {
			t.Errorf("%+v %+v", l.Lead, l.Events)
		}
		dbtest.OK(t, w.s.Record(ctx, clerk, l.ID, Outcome{Result: "no_answer", Version: before.Version}))
		if again := w.bring(clerk, w.Hua.ID, "C,,,,,,,13900000012,,"); again.New != 0 || again.Joined != 1 {
			t.Errorf("by the phone learned: %+v", again)
		}
	})
}

// The card that a desk shows stays there when another caller sits down, for a
// quarter of an hour.
func TestShownCardStays(t *testing.T) {
	d := dbtest.One(t)
	w := newWorld(t, d)
	one, _ := w.caller(grid.RoleCommunity, w.Hua.ID)
	two, _ := w.caller(grid.RoleCommunity, w.Hua.ID)
	w.bring(one, w.Hua.ID, "A,,,,,甲,,13900000011,,", "B,,,,,乙,,13900000012,,", "C,,,,,丙,,13900000013,,")
	dbtest.OK(t, w.s.Sit(ctx, one))
	last := dbtest.Must(w.s.InState(ctx, one, Open))(t)[2] // the one that would move first
	w.s.shown.mark(last.ID, w.s.nowMs())
	dbtest.OK(t, w.s.Sit(ctx, two))
	if l := w.lead(one, last.ID); l.AccountID != one.AccountID {
		t.Error("the card shown went to another")
	}
	now := dbtest.Must(w.s.Desk(ctx, two))(t).Now
	if now == nil || !w.s.shown.lately(now.ID, w.s.nowMs()) {
		t.Error("the desk's card is not known as shown")
	}
	w.Clock.Advance(15 * time.Minute)
	if w.s.shown.lately(last.ID, w.s.nowMs()) {
		t.Error("it stays for ever")
	}
}
