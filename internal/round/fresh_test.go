package round

import (
	"testing"
	"time"

	"wangge/internal/platform/clock"
	"wangge/internal/platform/db"
	"wangge/internal/platform/db/dbtest"
	"wangge/internal/platform/id"
)

// What was answered within its validity is shown for confirmation: in the next
// occurrence of the same round, and in a round over the household that lives
// behind the door alone.
func TestFreshAcrossRounds(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, 1, 1, 4)
		r := w.repeating(daily)
		_, err := w.s.Mark(w.ctx, sys, MarkInput{RoundID: r.ID, ObjectID: w.doors[0], Result: "answered", Answers: map[string]string{"head_count": "5", "away_return": "no", "symptom": "no"}})
		w.ok(err)
		homes := w.opened(Households, commA, Filter{}, w.form().ID)
		value := func(r Round, object id.ID, key string) string {
			t.Helper()
			fresh, err := w.s.Fresh(w.ctx, sys, r.ID, []id.ID{object})
			w.ok(err)
			return freshValue(fresh[object], key)
		}
		if got := value(homes, w.homes[w.doors[0]], "head_count"); got != "5" {
			t.Errorf("of the household behind the door: %q", got)
		}
		w.clk.Set(time.Date(2022, 3, 2, 8, 0, 0, 0, clock.CST))
		w.ok(w.s.Turn(w.ctx, district, r.ID))
		if got := value(r, w.doors[0], "head_count"); got != "5" {
			t.Errorf("the next morning: %q", got)
		}
		_, err = w.s.Mark(w.ctx, sys, MarkInput{RoundID: homes.ID, ObjectID: w.homes[w.doors[1]], Result: "answered", Answers: map[string]string{"head_count": "7", "away_return": "no", "symptom": "yes"}})
		w.ok(err)
		if got := value(r, w.doors[1], "symptom"); got != "yes" {
			t.Errorf("of the door of the household: %q", got)
		}
		w.clk.Advance(25 * time.Hour)
		if got := value(r, w.doors[1], "symptom"); got != "" {
			t.Errorf("a day-old symptom is fresh: %q", got)
		}
		// A second household moves in: the door's answers are no longer one home's.
		w.write(func(tx *db.Tx) error {
			return tx.BulkInsert(w.ctx, "household", []string{"district", "id", "door_id", "kind", "registered_count", "living_count", "register", "sealed", "from_ms"},
				[][]any{{district, int64(id.New()), int64(w.doors[0]), "shared", 1, 1, "standing", []byte{}, int64(1)}})
		})
		if got := value(homes, w.homes[w.doors[0]], "head_count"); got != "" {
			t.Errorf("of a door with two households: %q", got)
		}
	})
}
