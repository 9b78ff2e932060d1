package round

import (
	"testing"
	"time"

	"wangge/internal/grid"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/db"
	"wangge/internal/platform/db/dbtest"
	"wangge/internal/platform/id"
)

func TestWorkOfADay(t *testing.T) {
	for name, c := range map[string]struct {
		list []load
		want int // minutes
	}{
		"nothing":                 {nil, 0},
		"a hundred doors":         {[]load{{Doors, 0, 100, 1}}, 300},
		"spread over three days":  {[]load{{Doors, 0, 100, 3}}, 100},
		"questions take time":     {[]load{{Doors, 5, 100, 1}}, 500},
		"one knock for two":       {[]load{{Doors, 5, 100, 1}, {Doors, 5, 40, 1}}, 580},
		"households, same doors":  {[]load{{Doors, 0, 100, 1}, {Households, 0, 100, 1}}, 350},
		"bins are another matter": {[]load{{Doors, 0, 100, 1}, {Points, 0, 10, 1}}, 340},
	} {
		if got := workOf(c.list); got != c.want {
			t.Errorf("%s: %d minutes, want %d", name, got, c.want)
		}
	}
	if handsFor(0) != 0 || handsFor(1) != 1 || handsFor(480) != 2 || handsFor(481) != 3 {
		t.Error("hands for minutes")
	}
	now := clock.Ms(time.Date(2022, 3, 1, 22, 0, 0, 0, clock.CST))
	for due, want := range map[int64]int{now - dayMs: 1, now: 1, now + hourMs: 1, now + 3*hourMs: 2, now + 2*dayMs: 3} {
		if got := daysUntil(now, due); got != want {
			t.Errorf("due in %d h: %d days, want %d", (due-now)/hourMs, got, want)
		}
	}
}

func TestTooFewHandsGoesUp(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, 4, 2, 20)
		w.clk.Set(time.Date(2022, 3, 1, 9, 0, 0, 0, clock.CST))
		w.emergency()
		leader := func(path string, until int64) {
			post := int64(id.New())
			w.write(func(tx *db.Tx) error {
				if err := tx.BulkInsert(w.ctx, "post", []string{"district", "id", "role", "object_kind", "object_id", "from_ms"},
					[][]any{{district, post, string(grid.RoleBuildingLeader), "place", int64(w.place[path]), int64(1)}}); err != nil {
					return err
				}
				return tx.BulkInsert(w.ctx, "holder", []string{"district", "id", "post_id", "account_id", "from_ms", "until_ms"},
					[][]any{{district, int64(id.New()), post, int64(id.New()), int64(1), until}})
			})
		}
		for range 9 {
			leader(commB+"001001", 0)
		}
		leader(commA+"001001", 0)
		leader(commA+"001002", clock.Ms(w.clk.Now())-1) // no longer
		r := w.opened(Doors, countyPath, Filter{}, w.form().ID)
		if r.DueMs-w.s.now() != 2*dayMs {
			t.Fatal("the round is due in two days")
		}
		plans, err := w.s.Plans(w.ctx, sys, []string{commA, commB, streetPath})
		w.ok(err)
		// 160 doors over three days at 3 + 3 × 0.4 minutes: 224 minutes, one hand each.
		if plans[0].Need != 1 || plans[0].Have != 1 || plans[0].Short != 0 || plans[0].Left != 160 {
			t.Errorf("community A: %+v", plans[0])
		}
		w.clk.Set(time.Date(2022, 3, 3, 8, 0, 0, 0, clock.CST)) // the last day: three hands
		plans, err = w.s.Plans(w.ctx, sys, []string{commA, commB, streetPath})
		w.ok(err)
		if plans[0].Need != 3 || plans[0].Short != 2 || plans[1].Short != 0 || plans[1].Have != 9 {
			t.Errorf("communities: %+v", plans)
		}
		if up := plans[2]; up.Need != 6 || up.Have != 10 || up.Short != 2 {
			t.Errorf("the street sees %+v: spare hands of one community hide what the other lacks", up)
		}
		for range 3 {
			w.mark(r, w.doors[0], "absent")
		}
		at, err := w.s.PlanAt(w.ctx, w.caller(grid.RoleCommunity, commA), commA)
		w.ok(err)
		if at.Evening != 1 {
			t.Errorf("this evening: %+v", at)
		}
	})
}

// The roster of the hour says who is on duty where there is one; who has none is
// counted while in post, and who holds two posts once.
func TestHandsByTheRosterOfTheHour(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, 4, 2, 20)
		w.clk.Set(time.Date(2022, 3, 1, 9, 0, 0, 0, clock.CST)) // a Tuesday
		w.emergency()
		w.opened(Doors, countyPath, Filter{}, w.form().ID)
		day, night := id.New(), id.New()
		post := func(path string, accounts ...id.ID) int64 {
			v := int64(id.New())
			w.write(func(tx *db.Tx) error {
				if err := tx.BulkInsert(w.ctx, "post", []string{"district", "id", "role", "object_kind", "object_id", "from_ms"},
					[][]any{{district, v, string(grid.RoleBuildingLeader), "place", int64(w.place[path]), int64(1)}}); err != nil {
					return err
				}
				for _, a := range accounts {
					if err := tx.BulkInsert(w.ctx, "holder", []string{"district", "id", "post_id", "account_id", "from_ms"}, [][]any{{district, int64(id.New()), v, int64(a), int64(1)}}); err != nil {
						return err
					}
				}
				return nil
			})
			return v
		}
		shift := func(post int64, account id.ID, weekday, from, to int) {
			w.write(func(tx *db.Tx) error {
				return tx.BulkInsert(w.ctx, "shift", []string{"district", "id", "post_id", "account_id", "weekday", "day", "start_min", "end_min", "from_ms", "until_ms"},
					[][]any{{district, int64(id.New()), post, int64(account), weekday, -1, from, to, int64(1), int64(0)}})
			})
		}
		two := post(commA+"001001", day, night)
		shift(two, day, 1, 8*60, 20*60)
		shift(two, night, 1, 20*60, 32*60) // to eight the next morning
		post(commA+"001002", id.New())     // without a roster
		post(commB+"001001", id.New())
		want := func(when string, path string, have, off int, roster bool) {
			t.Helper()
			w.s.posted.at = nil // who is in post is kept for half a minute
			plans, err := w.s.Plans(w.ctx, sys, []string{path})
			w.ok(err)
			if p := plans[0]; p.Have != have || p.Off != off || p.Roster != roster {
				t.Errorf("%s, %s: %d on duty, %d off, roster %t; want %d, %d, %t", when, path, p.Have, p.Off, p.Roster, have, off, roster)
			}
		}
		want("in the morning", commA, 2, 1, true)
		want("in the morning", commB, 1, 0, false)
		want("in the morning", streetPath, 3, 1, true)
		w.clk.Set(time.Date(2022, 3, 2, 2, 0, 0, 0, clock.CST))
		want("at two at night", commA, 2, 1, true)
		w.clk.Set(time.Date(2022, 3, 2, 9, 0, 0, 0, clock.CST))
		want("on Wednesday nobody is rostered", commA, 1, 2, true)
		post(commA+"001003", day) // the day's worker holds another post, without a roster
		want("two posts", commA, 2, 1, true)
	})
}
