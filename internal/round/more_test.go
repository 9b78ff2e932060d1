package round

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"wangge/internal/grid"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/db"
	"wangge/internal/platform/db/dbtest"
	"wangge/internal/platform/id"
)

func TestFreshAnswersAndEmptyFlatsCarryOver(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, 1, 1, 6)
		w.emergency()
		form := w.form()
		first := w.opened(Doors, commA, Filter{}, form.ID)
		w.mark(first, w.doors[0], "normal")
		w.mark(first, w.doors[1], "normal")
		w.mark(first, w.doors[2], "verified_empty")
		w.clk.Advance(2 * 24 * time.Hour)
		second := w.draft(Doors, commA, Filter{}, form.ID)
		cost, err := w.s.CostOf(w.ctx, sys, second.ID)
		w.ok(err)
		// Head count is fresh for 14 days, returns for 3, symptoms for 1.
		if cost.Targets != 6 || cost.Empty != 1 || len(cost.Fresh) != 2 || cost.Fresh[0].Targets != 2 {
			t.Fatalf("cost %+v", cost)
		}
		_, err = w.s.Submit(w.ctx, sys, second.ID)
		w.ok(err)
		w.ok(w.s.ApproveNow(w.ctx, sys, second.ID))
		if f := w.total(second); f.Exempt != 1 || f.Outstanding != 5 {
			t.Fatalf("a verified flat is asked again: %+v", f)
		}
		fresh, err := w.s.Fresh(w.ctx, sys, second.ID, w.doors[:3])
		w.ok(err)
		if len(fresh[w.doors[0]]) != 2 || fresh[w.doors[0]][0].Value != "3" || len(fresh[w.doors[2]]) != 0 {
			t.Fatalf("fresh %+v", fresh)
		}
		w.clk.Advance(12*24*time.Hour - time.Hour) // an hour short of the fortnight of verified_empty
		if f := w.total(w.opened(Doors, commA, Filter{}, form.ID)); f.Exempt != 1 {
			t.Fatalf("a verification ended early: %+v", f)
		}
		w.clk.Advance(2 * time.Hour)
		if f := w.total(w.opened(Doors, commA, Filter{}, form.ID)); f.Exempt != 0 {
			t.Fatalf("an old verification still counts: %+v", f)
		}
		w.check()
	})
}

// A door that is no home stays so for ninety days, and is asked again as soon as
// somebody says otherwise.
func TestNotAHomeCarriesOver(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, 1, 1, 6)
		w.emergency()
		form := w.form()
		first := w.opened(Doors, commA, Filter{}, form.ID)
		w.mark(first, w.doors[0], "not_a_home")
		w.mark(first, w.doors[1], "not_a_home")
		w.mark(first, w.doors[2], "verified_empty")
		exempt := func(after time.Duration) map[id.ID]string {
			t.Helper()
			w.clk.Advance(after)
			r := w.opened(Doors, commA, Filter{}, form.ID)
			list, _, err := w.s.Outstanding(w.ctx, sys, r.ID, ListQuery{States: []State{Exempt}})
			w.ok(err)
			out := map[id.ID]string{}
			for _, l := range list {
				if out[l.ObjectID] = l.Reason; l.ValidUntilMs <= w.s.now() {
					t.Errorf("carried beyond its days: %+v", l)
				}
			}
			return out
		}
		if got := exempt(10 * 24 * time.Hour); len(got) != 3 || got[w.doors[0]] != "not_a_home" || got[w.doors[2]] != "verified_empty" {
			t.Errorf("ten days on: %v", got)
		}
		if got := exempt(60 * 24 * time.Hour); len(got) != 2 || got[w.doors[1]] != "not_a_home" {
			t.Errorf("seventy days on: %v", got)
		}
		home := w.opened(Doors, commA, Filter{}, form.ID)
		w.mark(home, w.doors[1], "normal") // somebody lives there now
		draft := w.draft(Doors, commA, Filter{}, form.ID)
		cost, err := w.s.CostOf(w.ctx, sys, draft.ID)
		w.ok(err)
		if got := exempt(time.Hour); cost.Empty != 1 || len(got) != 1 || got[w.doors[0]] != "not_a_home" {
			t.Errorf("said otherwise: %v, the draft says %d", got, cost.Empty)
		}
		if got := exempt(20 * 24 * time.Hour); len(got) != 0 {
			t.Errorf("ninety days on: %v", got)
		}
		w.check()
	})
}

func TestOpeningIsResumed(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, 2, 2, 10)
		w.emergency()
		r := w.draft(Doors, streetPath, Filter{}, w.form().ID)
		_, err := w.s.Submit(w.ctx, sys, r.ID)
		w.ok(err)
		w.ok(w.s.approve(w.ctx, sys, r.ID))
		r, err = w.s.Round(w.ctx, sys, r.ID)
		w.ok(err)
		sel, err := w.s.resolve(w.ctx, d.Read(), r)
		w.ok(err)
		list, err := sel.page(w.ctx, d.Read(), "", id.Zero, 33)
		w.ok(err)
		w.ok(w.s.openChunk(w.ctx, r, list, nil)) // and here the process was killed
		if _, err := w.s.Mark(w.ctx, sys, MarkInput{RoundID: r.ID, ObjectID: w.doors[0], Result: "normal"}); err == nil {
			t.Fatal("a door of a round that is not open yet was marked")
		}
		w.ok(w.s.ResumeOpenings(w.ctx, district))
		if f := w.total(r); f.Total != 80 {
			t.Fatalf("resumed with %+v", f)
		}
		lines, _, err := w.s.Outstanding(w.ctx, sys, r.ID, ListQuery{Limit: 1000})
		w.ok(err)
		for i, l := range lines {
			if l.LineNo != i%20+1 {
				t.Fatalf("line %d of the walk has number %d", i, l.LineNo)
			}
		}
		w.check()
	})
}

func TestNamedDoorsAndReconcile(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, 1, 1, 6)
		w.emergency()
		r := w.opened(Doors, commA, Filter{}, w.form().ID)
		post := id.New()
		w.write(func(tx *db.Tx) error {
			return tx.BulkInsert(w.ctx, "post_door", []string{"district", "post_id", "door_id"}, [][]any{{district, int64(post), int64(w.doors[1])}, {district, int64(post), int64(w.doors[2])}})
		})
		rep := grid.Caller{District: district, AccountID: 9, Grants: []grid.Grant{{PostID: post, Role: grid.RoleRepresentative, ObjectKind: grid.ObjectDoors, ObjectID: post}}}
		f, err := w.s.Total(w.ctx, rep, r.ID)
		w.ok(err)
		today, err := w.s.Today(w.ctx, rep)
		w.ok(err)
		if f.Total != 2 || len(today.Buildings) != 1 || today.Buildings[0].Outstanding != 2 {
			t.Fatalf("a representative sees %+v %+v", f, today)
		}
		if _, err := w.s.Mark(w.ctx, rep, MarkInput{RoundID: r.ID, ObjectID: w.doors[0], Result: "normal"}); err == nil {
			t.Fatal("a door that is not named was marked")
		}
		_, err = w.s.Mark(w.ctx, rep, MarkInput{RoundID: r.ID, ObjectID: w.doors[1], Result: "normal"})
		w.ok(err)
		w.mark(r, w.doors[0], "normal")
		counts, err := w.s.AnswerCounts(w.ctx, rep, r.ID, NodeRef{})
		w.ok(err)
		if !slices.Contains(counts, ChoiceCount{"symptom", "no", 1}) {
			t.Fatalf("of the doors a representative is named for, one answered: %+v", counts)
		}
		rep.Grants = append(rep.Grants, w.caller(grid.RoleRepresentative, commA+"001").Grants...)
		counts, err = w.s.AnswerCounts(w.ctx, rep, r.ID, NodeRef{})
		w.ok(err)
		if !slices.Contains(counts, ChoiceCount{"symptom", "no", 2}) {
			t.Fatalf("a door is counted twice or not at all: %+v", counts)
		}
		w.write(func(tx *db.Tx) error {
			if _, err := tx.ExecContext(w.ctx, "UPDATE place SET until_ms = 5 WHERE district = $1 AND id = $2", district, w.doors[5]); err != nil {
				return err
			}
			_, err := tx.ExecContext(w.ctx, "INSERT INTO place (district, id, parent_id, area_id, kind, name, ordinal, path, grid_id, from_ms) VALUES ($1,$2,$3,0,'door','701',7,$4,$5,1)",
				district, id.New(), w.unit[w.doors[0]], commA+"00100100100g", w.grids[0])
			return err
		})
		joined, departed, err := w.s.Reconcile(w.ctx, sys, r.ID)
		w.ok(err)
		if f := w.total(r); joined != 1 || departed != 1 || f.Total != 7 || f.Exempt != 1 {
			t.Fatalf("joined %d, departed %d, %+v", joined, departed, f)
		}
		w.check()
	})
}

func TestMembersAnswerOneByOne(t *testing.T) { dbtest.Each(t, membersAnswerOneByOne) }

func membersAnswerOneByOne(t *testing.T, d *db.DB) {
	w := newWorld(t, d, 1, 1, 2)
	w.emergency()
	f, err := w.s.SaveForm(w.ctx, sys, Form{Name: "t", Fields: []Field{{Key: "c", Label: Text{ZH: "体温"}, Type: Temperature, Basis: "statutory", Required: true, Member: true}}})
	w.ok(err)
	r, err := w.s.DraftRound(w.ctx, sys, DraftInput{AreaID: w.place[commA], Name: "t", TargetKind: Households, FormID: f.ID, PerMember: true, DueMs: w.s.now() + dayMs})
	w.ok(err)
	_, err = w.s.Submit(w.ctx, sys, r.ID)
	w.ok(err)
	w.ok(w.s.ApproveNow(w.ctx, sys, r.ID))
	h := w.homes[w.doors[0]]
	p1, p2 := id.New(), id.New()
	w.write(func(tx *db.Tx) error {
		rows := [][]any{}
		for _, p := range []id.ID{p1, p2} {
			rows = append(rows, []any{district, int64(p), int64(h), int64(w.doors[0]), "standing", 1, 1, []byte{}, int64(1)})
		}
		return tx.BulkInsert(w.ctx, "person", []string{"district", "id", "household_id", "door_id", "register", "registered", "lives_here", "sealed", "from_ms"}, rows)
	})
	in := MarkInput{RoundID: r.ID, ObjectID: h, Result: "answered", Members: []MemberAnswer{{PersonID: p1, Answers: map[string]string{"c": "36.6"}}}}
	if _, err := w.s.Mark(w.ctx, sys, in); err == nil {
		t.Fatal("a member was forgotten and the household is done")
	}
	in.Members = append(in.Members, MemberAnswer{PersonID: p2, Exempt: "away"})
	out, err := w.s.Mark(w.ctx, sys, in)
	w.ok(err)
	if out.State != Done {
		t.Fatalf("%+v", out)
	}
	w.check()
}

func TestCheckFindsWhatIsWrong(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		for _, damage := range []string{
			"UPDATE counter SET done = done + 1",
			"UPDATE target SET state = 3 WHERE state = 2",
			"UPDATE target SET mark_id = 5 WHERE state = 2",
			"DELETE FROM mark",
			"UPDATE counter SET grid_id = 77",
			"UPDATE counter SET leaf_id = 77",
			"UPDATE occurrence SET state = 'closed'",
		} {
			w := newWorld(t, d, 1, 1, 3)
			w.emergency()
			path := commA
			r, err := w.s.DraftRound(w.ctx, sys, DraftInput{EmergencyID: mustOpen(w), AreaID: w.place[path], Name: "x", TargetKind: Doors, FormID: w.form().ID, DueMs: w.s.now() + dayMs})
			w.ok(err)
			_, err = w.s.Submit(w.ctx, sys, r.ID)
			w.ok(err)
			w.ok(w.s.ApproveNow(w.ctx, sys, r.ID))
			w.mark(r, w.doors[0], "normal")
			w.check()
			if err := d.Write(w.ctx, "damage", func(tx *db.Tx) error {
				_, err := tx.ExecContext(w.ctx, damage)
				return err
			}); err != nil {
				t.Fatal(err)
			}
			c, err := Check(w.ctx, d)
			w.ok(err)
			if len(c.Problems) == 0 {
				t.Errorf("not found: %s", damage)
			}
			w.write(func(tx *db.Tx) error {
				for _, table := range []string{"target", "counter", "mark", "occurrence", "round", "answer_count", "place", "grid", "household", "emergency"} {
					if _, err := tx.ExecContext(w.ctx, "DELETE FROM "+table); err != nil {
						return err
					}
				}
				return nil
			})
		}
	})
}

func mustOpen(w *world) id.ID {
	list, err := w.s.Emergencies(w.ctx, sys)
	w.ok(err)
	return list[0].ID
}

// BenchmarkCoverage measures a county's figures at 16,000 leaves after each change.
func BenchmarkCoverage(b *testing.B) {
	w := newWorld(b, dbtest.One(b), 40, 4, 2)
	w.emergency()
	r := w.opened(Doors, streetPath, Filter{}, w.form().ID)
	var places, counters [][]any
	for i := range 16000 {
		v := id.New()
		places = append(places, []any{district, int64(v), int64(w.place[commB+"001"]), int64(0), "building", fmt.Sprint(i), i, fmt.Sprintf("%s001z%05d", commB, i), int64(0), int64(1)})
		counters = append(counters, []any{district, int64(r.OccurrenceID), int64(v), int64(w.grids[0]), 40})
	}
	w.write(func(tx *db.Tx) error {
		w.ok(tx.BulkInsert(w.ctx, "place", []string{"district", "id", "parent_id", "area_id", "kind", "name", "ordinal", "path", "grid_id", "from_ms"}, places))
		return tx.BulkInsert(w.ctx, "counter", []string{"district", "occurrence_id", "leaf_id", "grid_id", "total"}, counters)
	})
	for _, name := range []string{"elsewhere", "marked", "cached"} {
		b.Run(name, func(b *testing.B) {
			start := clock.Start()
			for i := range b.N {
				switch name {
				case "elsewhere": // another process changed the figures: all counters are read again
					w.write(func(tx *db.Tx) error { return touchVersion(w.ctx, tx, district, r.OccurrenceID) })
				case "marked":
					w.mark(r, w.doors[i%len(w.doors)], "normal")
				}
				if _, err := w.s.Coverage(w.ctx, sys, r.ID, NodeRef{}); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(start.Elapsed().Microseconds())/float64(b.N)/1000, "ms/coverage")
		})
	}
}

func TestListsPageThroughWithoutGapOrRepeat(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, 2, 2, 5)
		w.emergency()
		for _, kind := range []TargetKind{Doors, Points} {
			r := w.opened(kind, streetPath, Filter{}, w.form().ID)
			want := w.total(r).Total
			seen := map[id.ID]bool{}
			after := ""
			for range 20 {
				lines, next, err := w.s.Outstanding(w.ctx, sys, r.ID, ListQuery{After: after, Limit: 7})
				w.ok(err)
				for _, l := range lines {
					if seen[l.ObjectID] {
						t.Fatalf("%s: listed twice", kind)
					}
					seen[l.ObjectID] = true
				}
				if after = next; next == "" {
					break
				}
			}
			if len(seen) != want {
				t.Fatalf("%s: %d of %d listed", kind, len(seen), want)
			}
		}
		if _, _, err := w.s.Outstanding(w.ctx, sys, w.opened(Doors, commA, Filter{}, w.form().ID).ID, ListQuery{After: "x"}); err == nil {
			t.Fatal("a broken cursor is taken")
		}
	})
}
