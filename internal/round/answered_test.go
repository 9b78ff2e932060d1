package round

import (
	"maps"
	"testing"
	"time"

	"wangge/internal/platform/db"
	"wangge/internal/platform/db/dbtest"
	"wangge/internal/platform/id"
)

// What rounds were told behind the doors: the later word counts, while it is
// valid; doors that were not asked are not told of.
func TestAnsweredBelow(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, 1, 1, 5)
		form, err := w.s.SaveForm(w.ctx, sys, Form{Name: "groups", Fields: ReadyFields()})
		w.ok(err)
		say := func(r Round, object id.ID, group, tested string) {
			t.Helper()
			_, err := w.s.Mark(w.ctx, sys, MarkInput{RoundID: r.ID, ObjectID: object, Result: "answered", Answers: map[string]string{"in_group": group, "tested": tested}})
			w.ok(err)
		}
		want := func(path, question string, doors map[int]bool) {
			t.Helper()
			got, err := w.s.AnsweredBelow(w.ctx, sys, path, question, "yes")
			w.ok(err)
			by := map[id.ID]bool{}
			for n, yes := range doors {
				by[w.doors[n]] = yes
			}
			if !maps.Equal(got, by) {
				t.Errorf("%s below %s: %v, want %v", question, path, got, by)
			}
		}
		w.emergency()
		none := map[int]bool{}
		want(commA, "in_group", none)
		w.opened(Doors, commB, Filter{}, w.form().ID) // does not ask
		want(commB, "in_group", none)
		r := w.opened(Doors, commA, Filter{}, form.ID)
		say(r, w.doors[0], "yes", "yes")
		say(r, w.doors[1], "no", "yes")
		w.mark(r, w.doors[2], "verified_empty")
		w.mark(r, w.doors[3], "absent")
		groups := map[int]bool{0: true, 1: false, 3: false, 4: false}
		want(commA, "in_group", groups)
		want(commA+"001001001", "in_group", groups)
		want(streetPath, "in_group", groups)
		want(commB, "in_group", none)
		want(commA, "tested", map[int]bool{0: true, 1: true, 3: false, 4: false})

		// A later round over households: its words replace, its silence does not.
		w.clk.Advance(time.Hour)
		homes := w.opened(Households, commA, Filter{}, form.ID)
		say(homes, w.homes[w.doors[1]], "yes", "no")
		groups[1], groups[2] = true, false
		want(commA, "in_group", groups)
		want(commA, "tested", map[int]bool{0: true, 1: false, 2: false, 3: false, 4: false})

		// Three days on nobody is tested; the group is still known.
		w.clk.Advance(73 * time.Hour)
		want(commA, "in_group", groups)
		want(commA, "tested", map[int]bool{0: false, 1: false, 2: false, 3: false, 4: false})
		// Closed longer ago than an answer lasts: nobody is asked any more.
		for _, x := range []Round{r, homes} {
			in := CloseInput{RoundID: x.ID, Reasons: map[id.ID]string{}}
			left, _, err := w.s.Outstanding(w.ctx, sys, x.ID, ListQuery{})
			w.ok(err)
			for _, l := range left {
				in.Reasons[l.ObjectID] = "unreachable"
			}
			w.ok(w.s.Close(w.ctx, sys, in))
		}
		w.clk.Advance(73 * time.Hour)
		want(commA, "tested", none)
	})
}
