package round

import (
	"encoding/json"
	"testing"
	"time"

	"wangge/internal/grid"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/db"
	"wangge/internal/platform/db/dbtest"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
)

// The day holds each door once, with the rounds that ask there, and grows to
// what a person's posts allow only.
func TestTheDayOfAPhone(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, 2, 1, 3)
		w.emergency()
		form := w.form()
		doors := w.opened(Doors, commA, Filter{}, form.ID)
		homes := w.opened(Households, commA, Filter{}, form.ID)
		w.mark(doors, w.doors[0], "absent")
		day, err := w.s.Day(w.ctx, sys)
		w.ok(err)
		if len(day.Rounds) != 2 || len(day.Places) != 2 || len(day.Cards) != 6 || day.More || day.AtMs != clock.Ms(w.clk.Now()) {
			t.Fatalf("%d rounds, %d places, %d cards", len(day.Rounds), len(day.Places), len(day.Cards))
		}
		card := day.Cards[0]
		if card.Key != w.doors[0] || card.PlaceID != w.place[commA+"001001"] || len(card.Items) != 2 {
			t.Fatalf("card %+v", card)
		}
		for _, it := range card.Items {
			want, object := Attempted, w.doors[0]
			if it.RoundID == homes.ID {
				want, object = Outstanding, w.homes[w.doors[0]]
			}
			if it.State != want || it.ObjectID != object {
				t.Errorf("item %+v", it)
			}
		}
		if _, err := w.s.Day(w.ctx, grid.Caller{District: district}); !errs.Is(err, errs.Denied) {
			t.Errorf("nobody's day: %v", err)
		}
		b, err := json.Marshal(day)
		w.ok(err)
		if len(b) > 12000 {
			t.Errorf("six doors weigh %d bytes", len(b))
		}
	})
}

// What two authors answered differently stays flagged until somebody decides
// who knew of both; a later arrival of an earlier answer flags it again.
func TestAContradictionIsSettled(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, 1, 1, 2)
		w.emergency()
		r := w.opened(Doors, commA, Filter{}, w.form().ID)
		other := sys
		other.AccountID = 99
		give := func(c grid.Caller, heads, key string, at int64) MarkOutcome {
			in := MarkInput{RoundID: r.ID, ObjectID: w.doors[0], Result: "answered", ClientKey: key, ClaimedMs: at,
				Answers: map[string]string{"head_count": heads, "away_return": "no", "symptom": "no"}}
			list := w.s.MarkMany(w.ctx, c, []MarkInput{in})
			w.ok(list[0].Err)
			w.ok(w.s.tellContradictions(w.ctx, c, []MarkInput{in}, list))
			return list[0]
		}
		differ := func(want int) (current Mark, flagged []id.ID) {
			t.Helper()
			hist, err := w.s.History(w.ctx, sys, r.ID, w.doors[0])
			w.ok(err)
			for _, m := range hist {
				if m.Differs {
					flagged = append(flagged, m.ID)
				}
			}
			if len(flagged) != want {
				t.Fatalf("%d marks contradict each other, want %d", len(flagged), want)
			}
			return hist[0], flagged
		}
		now := clock.Ms(w.clk.Now())
		mine := give(sys, "3", "a", 0)
		if mine.Differs {
			t.Error("the only answer contradicts itself")
		}
		w.clk.Advance(time.Minute)
		if theirs := give(other, "4", "b", 0); !theirs.Differs {
			t.Error("the second author is not told")
		}
		differ(2)
		w.clk.Advance(time.Minute)
		w.ok(w.s.Settle(w.ctx, sys, r.ID, w.doors[0], mine.MarkID, "settle"))
		if cur, _ := differ(0); cur.Answers["head_count"] != "3" || !cur.Correct {
			t.Fatalf("current %+v", cur)
		}
		if err := w.s.Settle(w.ctx, sys, r.ID, w.doors[0], id.ID(7), "x"); !errs.Is(err, errs.NotFound) {
			t.Errorf("a mark that is not there: %v", err)
		}
		w.clk.Advance(time.Minute)
		third := other
		third.AccountID = 100
		if late := give(third, "9", "c", now); !late.Differs || !late.Older {
			t.Errorf("an earlier answer that arrived later: %+v", late)
		}
		differ(4) // it stands against each of the others
		w.check()
	})
}
