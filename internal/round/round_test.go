package round

import (
	"testing"
	"time"

	"wangge/internal/grid"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/db"
	"wangge/internal/platform/db/dbtest"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
)

func TestRoundFromDraftToClose(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, 2, 2, 5)
		w.emergency()
		form := w.form()
		r := w.opened(Doors, commA, Filter{}, form.ID)
		if f := w.total(r); f.Total != 20 || f.Outstanding != 20 {
			t.Fatalf("opened with %+v", f)
		}
		w.check()
		w.mark(r, w.doors[0], "normal")
		for range 2 {
			w.mark(r, w.doors[1], "absent")
		}
		if m := w.mark(r, w.doors[1], "absent"); !m.Evening || m.Attempts != 3 || m.State != Attempted {
			t.Fatalf("third attempt: %+v", m)
		}
		w.mark(r, w.doors[2], "verified_empty")
		f := w.total(r)
		if f.Done != 1 || f.Exempt != 1 || f.Attempted != 1 || f.Outstanding != 18 {
			t.Fatalf("figures %+v", f)
		}
		counts, err := w.s.AnswerCounts(w.ctx, sys, r.ID, NodeRef{})
		w.ok(err)
		if len(counts) != 4 {
			t.Fatalf("answers %+v", counts)
		}
		// Correcting a done door to attempted takes its answers out of the counts.
		_, err = w.s.Mark(w.ctx, sys, MarkInput{RoundID: r.ID, ObjectID: w.doors[0], Result: "absent", Correct: true})
		w.ok(err)
		counts, err = w.s.AnswerCounts(w.ctx, sys, r.ID, NodeRef{})
		w.ok(err)
		for _, c := range counts {
			if c.N != 0 {
				t.Fatalf("answers stay: %+v", counts)
			}
		}
		w.check()
		if err := w.s.Close(w.ctx, sys, CloseInput{RoundID: r.ID}); !errs.Is(err, errs.Conflict) || errs.As(err).Args[0] != 19 {
			t.Fatalf("closing with outstanding doors: %v", err)
		}
		w.check()
		lines, _, err := w.s.Outstanding(w.ctx, sys, r.ID, ListQuery{})
		w.ok(err)
		reasons := map[id.ID]string{}
		for _, l := range lines {
			reasons[l.ObjectID] = "unreachable"
		}
		w.ok(w.s.Close(w.ctx, sys, CloseInput{RoundID: r.ID, Reasons: reasons}))
		w.check()
		late, err := w.s.Mark(w.ctx, sys, MarkInput{RoundID: r.ID, ObjectID: w.doors[5], Result: "normal"})
		w.ok(err)
		if !late.Late || w.total(r).Done != 0 {
			t.Fatalf("late mark: %+v, %+v", late, w.total(r))
		}
		w.check()
	})
}

func TestMarkIdempotencyAndOrder(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, 1, 1, 6)
		w.emergency()
		r := w.opened(Doors, commA, Filter{}, w.form().ID)
		in := MarkInput{RoundID: r.ID, ObjectID: w.doors[0], Result: "normal", ClientKey: "k1"}
		first, err := w.s.Mark(w.ctx, sys, in)
		w.ok(err)
		again, err := w.s.Mark(w.ctx, sys, in)
		w.ok(err)
		if !again.Replayed || again.MarkID != first.MarkID {
			t.Fatalf("replay %+v of %+v", again, first)
		}
		in.Result = "absent"
		if _, err := w.s.Mark(w.ctx, sys, in); !errs.Is(err, errs.Conflict) {
			t.Fatalf("same key, other content: %v", err)
		}
		// The same key twice in one call: one is made, the other replayed.
		twice := MarkInput{RoundID: r.ID, ObjectID: w.doors[1], Result: "normal", ClientKey: "k2"}
		out := w.s.MarkMany(w.ctx, sys, []MarkInput{twice, twice, {RoundID: r.ID, ObjectID: w.doors[2], Result: "normal"}})
		replayed := 0
		for _, o := range out {
			w.ok(o.Err)
			if o.Replayed {
				replayed++
			}
		}
		if replayed != 1 || w.total(r).Done != 3 {
			t.Fatalf("replayed %d, %+v", replayed, w.total(r))
		}
		// A mark made earlier that arrives later goes to the history.
		now := clock.Ms(w.clk.Now())
		old, err := w.s.Mark(w.ctx, sys, MarkInput{RoundID: r.ID, ObjectID: w.doors[0], Result: "verified_empty", ClaimedMs: now - 60_000})
		w.ok(err)
		if !old.Older || old.State != Done {
			t.Fatalf("earlier mark: %+v", old)
		}
		hist, err := w.s.History(w.ctx, sys, r.ID, w.doors[0])
		w.ok(err)
		if len(hist) != 2 || !hist[0].Current || hist[1].Result != "verified_empty" {
			t.Fatalf("history %+v", hist)
		}
		// A phone whose clock is a day ahead.
		off, err := w.s.Mark(w.ctx, sys, MarkInput{RoundID: r.ID, ObjectID: w.doors[3], Result: "normal", ClaimedMs: now + 86_400_000 - 5000, SentMs: now + 86_400_000})
		w.ok(err)
		hist, err = w.s.History(w.ctx, sys, r.ID, w.doors[3])
		w.ok(err)
		if !off.ClockOff || hist[0].CorrectedMs != now-5000 || hist[0].ClaimedMs != now+86_400_000-5000 {
			t.Fatalf("clock: %+v %+v", off, hist[0])
		}
		w.check()
	})
}

func TestScopeOfMarksAndFigures(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, 2, 1, 4)
		w.emergency()
		r := w.opened(Doors, streetPath, Filter{}, w.form().ID)
		leader := w.caller(grid.RoleBuildingLeader, commA+"001001")
		_, err := w.s.Mark(w.ctx, leader, MarkInput{RoundID: r.ID, ObjectID: w.doors[0], Result: "normal"})
		w.ok(err)
		if _, err := w.s.Mark(w.ctx, leader, MarkInput{RoundID: r.ID, ObjectID: w.doors[4], Result: "normal"}); !errs.Is(err, errs.Denied) {
			t.Fatalf("mark in another building: %v", err)
		}
		if _, err := w.s.Mark(w.ctx, leader, MarkInput{RoundID: r.ID, ObjectID: 12345, Result: "normal"}); !errs.Is(err, errs.NotFound) {
			t.Fatalf("mark of nothing: %v", err)
		}
		f, err := w.s.Total(w.ctx, leader, r.ID)
		w.ok(err)
		if f.Total != 4 || f.Done != 1 {
			t.Fatalf("leader sees %+v", f)
		}
		cov, err := w.s.Coverage(w.ctx, sys, r.ID, NodeRef{})
		w.ok(err)
		if len(cov.Children) != 2 || cov.Node.Total != 16 || cov.Own.Total != 0 || cov.Children[0].Total != 8 {
			t.Fatalf("street %+v", cov)
		}
		cov, err = w.s.Coverage(w.ctx, sys, r.ID, NodeRef{Place: w.place[commA], ByGrid: true})
		w.ok(err)
		if len(cov.Children) != 2 || cov.Node.Total != 8 || cov.Children[0].Total != 4 || cov.Own.Total != 0 {
			t.Fatalf("community by grid %+v", cov)
		}
		cov, err = w.s.Coverage(w.ctx, sys, r.ID, NodeRef{Grid: w.grids[0]})
		w.ok(err)
		if cov.Node.Total != 4 || cov.Own.Total != 4 || cov.Node.Done != 1 {
			t.Fatalf("grid %+v", cov)
		}
	})
}

func TestApprovalAndEmptyRounds(t *testing.T) { dbtest.Each(t, approvalAndEmptyRounds) }

func approvalAndEmptyRounds(t *testing.T, d *db.DB) {
	w := newWorld(t, d, 1, 1, 3)
	w.emergency()
	form := w.form()
	clerk := w.caller(grid.RoleCommunity, commA)
	street := w.caller(grid.RoleStreet, streetPath)
	in := DraftInput{AreaID: w.place[commA], Name: "x", TargetKind: Doors, FormID: form.ID, DueMs: clock.Ms(w.clk.Now().Add(time.Hour))}
	r, err := w.s.DraftRound(w.ctx, clerk, in)
	w.ok(err)
	if _, err := w.s.DraftRound(w.ctx, clerk, DraftInput{AreaID: w.place[commB], Name: "x", TargetKind: Doors, FormID: form.ID, DueMs: in.DueMs}); !errs.Is(err, errs.Denied) {
		t.Fatalf("draft for another community: %v", err)
	}
	r, err = w.s.Submit(w.ctx, clerk, r.ID)
	w.ok(err)
	if r.Cost.Targets != 3 || r.Cost.Minutes == 0 {
		t.Fatalf("cost %+v", r.Cost)
	}
	if err := w.s.ApproveNow(w.ctx, clerk, r.ID); !errs.Is(err, errs.Denied) {
		t.Fatalf("a clerk approves: %v", err)
	}
	if err := w.s.ApproveNow(w.ctx, w.caller(grid.RoleStreet, commB), r.ID); !errs.Is(err, errs.Denied) {
		t.Fatalf("another area's approver: %v", err)
	}
	w.ok(w.s.ApproveNow(w.ctx, street, r.ID))
	none := w.draft(Points, commA+"001001", Filter{}, form.ID)
	if _, err := w.s.Submit(w.ctx, sys, none.ID); !errs.Is(err, errs.Invalid) || errs.As(err).Key != "round.no_targets" {
		t.Fatalf("a round without targets: %v", err)
	}
}

func TestTargetKinds(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, 2, 2, 2)
		w.emergency()
		form := w.form()
		w.write(func(tx *db.Tx) error {
			_, err := tx.ExecContext(w.ctx, "INSERT INTO post (district, id, role, object_kind, object_id, from_ms) VALUES ($1,$2,'grid_worker','grid',$3,1)", district, id.New(), w.grids[0])
			return err
		})
		for _, c := range []struct {
			kind TargetKind
			f    Filter
			want int
		}{
			{Doors, Filter{}, 16}, {Doors, Filter{Household: "no"}, 0}, {Doors, Filter{GridIDs: []id.ID{w.grids[0]}}, 4},
			{Doors, Filter{PlaceIDs: []id.ID{w.place[commA+"001001001"]}}, 2}, {Households, Filter{}, 16}, {Points, Filter{}, 2},
			{Areas, Filter{Kinds: []string{"community"}}, 2}, {Places, Filter{Kinds: []string{"unit"}}, 8}, {Places, Filter{Kinds: []string{"unit", "building"}}, 12},
			{Posts, Filter{}, 1}, {Persons, Filter{}, 0},
		} {
			r := w.draft(c.kind, streetPath, c.f, form.ID)
			cost, err := w.s.CostOf(w.ctx, sys, r.ID)
			w.ok(err)
			if cost.Targets != c.want {
				t.Errorf("%s %+v: %d targets, want %d", c.kind, c.f, cost.Targets, c.want)
			}
			if c.want == 0 {
				continue
			}
			_, err = w.s.Submit(w.ctx, sys, r.ID)
			w.ok(err)
			w.ok(w.s.ApproveNow(w.ctx, sys, r.ID))
			if f := w.total(r); f.Total != c.want {
				t.Errorf("%s %+v: opened %+v", c.kind, c.f, f)
			}
			lines, _, err := w.s.Outstanding(w.ctx, sys, r.ID, ListQuery{})
			w.ok(err)
			for _, l := range lines {
				if l.Label == "" || l.LineNo == 0 {
					t.Errorf("%s: line without a name: %+v", c.kind, l)
				}
			}
		}
		w.check()
	})
}
