package round

import (
	"testing"
	"time"

	"wangge/internal/grid"
	"wangge/internal/platform/audit"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/db"
	"wangge/internal/platform/db/dbtest"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/platform/jobs"
)

// repeating opens a round that comes every morning at 8 for twelve hours; the
// clock stands at 10 of the first day.
func (w *world) repeating(p Recurrence) Round {
	w.t.Helper()
	w.clk.Set(time.Date(2022, 3, 1, 10, 0, 0, 0, clock.CST))
	w.emergency()
	return w.started(p)
}

func (w *world) started(p Recurrence) Round {
	w.t.Helper()
	r, err := w.s.DraftRound(w.ctx, sys, DraftInput{AreaID: w.place[commA], Name: "daily", TargetKind: Doors, FormID: w.form().ID,
		DueMs: clock.Ms(w.clk.Now().Add(10 * time.Hour)), Recurrence: p})
	w.ok(err)
	_, err = w.s.Submit(w.ctx, sys, r.ID)
	w.ok(err)
	w.ok(w.s.ApproveNow(w.ctx, sys, r.ID))
	return w.round(r)
}

func (w *world) round(r Round) Round {
	w.t.Helper()
	r, err := w.s.Round(w.ctx, sys, r.ID)
	w.ok(err)
	return r
}

// runner is the installation's queue, as one replica runs it.
func (w *world) runner(s *Service) *jobs.Runner {
	r := jobs.NewRunner(w.d, s.Log)
	s.Handle(r)
	return r
}

var daily = Recurrence{Every: 1, At: "08:00", Hours: 12}

func TestRoundComesEveryDay(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, 2, 1, 5)
		r := w.repeating(daily)
		run := w.runner(w.s)
		w.mark(r, w.doors[0], "normal")
		w.clk.Set(time.Date(2022, 3, 2, 7, 59, 0, 0, clock.CST))
		if n, err := run.Drain(w.ctx); err != nil || n != 0 {
			t.Fatalf("opened too early: %d %v", n, err)
		}
		w.clk.Set(time.Date(2022, 3, 2, 8, 0, 1, 0, clock.CST))
		_, err := run.Drain(w.ctx)
		w.ok(err)
		w.check()
		second := w.round(r)
		if second.N != 2 || second.OccurrenceID == r.OccurrenceID || second.State != Open {
			t.Fatalf("second occurrence: %+v", second)
		}
		if f := w.total(second); f.Total != 10 || f.Outstanding != 10 {
			t.Fatalf("second list: %+v", f)
		}
		w.mark(second, w.doors[0], "normal")
		w.mark(second, w.doors[1], "normal")
		list, err := w.s.Occurrences(w.ctx, sys, r.ID)
		w.ok(err)
		if len(list) != 2 || list[0].State != Ended || list[0].Done != 1 || list[0].Outstanding != 9 || list[1].State != Open || list[1].Done != 2 || list[1].Late() {
			t.Fatalf("occurrences: %+v", list)
		}
		// The first day's list can still be read, by name.
		lines, _, err := w.s.Outstanding(w.ctx, sys, r.ID, ListQuery{Ref: NodeRef{N: 1}})
		w.ok(err)
		if len(lines) != 9 {
			t.Fatalf("%d lines of the first day", len(lines))
		}
		w.check()
	})
}

// A phone that was without network brings marks for the list of the day they
// were made on.
func TestMarksBelongToTheirDay(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, 1, 1, 5)
		r := w.repeating(daily)
		made := clock.Ms(w.clk.Now().Add(time.Hour))
		w.clk.Set(time.Date(2022, 3, 2, 9, 0, 0, 0, clock.CST))
		w.ok(w.s.Turn(w.ctx, district, r.ID))
		m, err := w.s.Mark(w.ctx, sys, MarkInput{RoundID: r.ID, ObjectID: w.doors[2], Result: "normal", ClaimedMs: made})
		w.ok(err)
		if !m.Late {
			t.Fatalf("a mark of yesterday: %+v", m)
		}
		if f := w.total(r); f.Done != 0 {
			t.Fatalf("it counts today: %+v", f)
		}
		list, err := w.s.Occurrences(w.ctx, sys, r.ID)
		w.ok(err)
		if list[0].Done != 0 || !list[1].Late() {
			t.Fatalf("occurrences: %+v", list)
		}
		w.check()
	})
}

func TestOpeningsMissedWhileNothingRan(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, 1, 1, 3)
		r := w.repeating(daily)
		w.clk.Set(time.Date(2022, 3, 4, 11, 0, 0, 0, clock.CST)) // two days were missed, the third is late
		// Two replicas find the message; a third calls without one.
		other := New(Deps{DB: d, Clock: w.clk, Keys: w.s.Keys, Audit: audit.New(district, w.clk)})
		done := make(chan error, 2)
		for _, run := range []*jobs.Runner{w.runner(w.s), w.runner(other)} {
			go func() { _, err := run.Drain(w.ctx); done <- err }()
		}
		w.ok(<-done)
		w.ok(<-done)
		w.ok(other.Turn(w.ctx, district, r.ID))
		list, err := w.s.Occurrences(w.ctx, sys, r.ID)
		w.ok(err)
		var states []RoundState
		for _, o := range list {
			states = append(states, o.State)
		}
		if len(list) != 4 || states[0] != Ended || states[1] != Missed || states[2] != Missed || states[3] != Open || !list[3].Late() || list[3].N != 4 {
			t.Fatalf("occurrences: %+v", list)
		}
		if w.round(r).NextMs != clock.Ms(time.Date(2022, 3, 5, 8, 0, 0, 0, clock.CST)) {
			t.Fatalf("next: %s", when(w.round(r).NextMs))
		}
		w.check()
	})
}

func TestRepetitionEnds(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, 1, 1, 3)
		last := daily
		last.Until = "2022-03-02"
		r := w.repeating(last)
		w.clk.Set(time.Date(2022, 3, 2, 8, 0, 0, 0, clock.CST))
		w.ok(w.s.Turn(w.ctx, district, r.ID))
		if now := w.round(r); now.N != 2 || now.NextMs != 0 {
			t.Fatalf("after the last day: %+v", now)
		}
		byHand := w.started(daily)
		w.ok(w.s.StopRepeating(w.ctx, w.caller(grid.RoleCommand, countyPath), byHand.ID))
		if err := w.s.StopRepeating(w.ctx, sys, byHand.ID); !errs.Is(err, errs.Conflict) {
			t.Fatalf("stopped twice: %v", err)
		}
		w.clk.Set(time.Date(2022, 3, 9, 8, 0, 0, 0, clock.CST))
		_, err := w.runner(w.s).Drain(w.ctx)
		w.ok(err)
		if w.round(byHand).N != 1 {
			t.Fatal("it goes on after it was ended")
		}
		for _, x := range []Round{r, byHand} {
			reasons := map[id.ID]string{}
			for _, door := range w.doors[:3] {
				reasons[door] = "unreachable"
			}
			w.ok(w.s.Close(w.ctx, sys, CloseInput{RoundID: x.ID, Reasons: reasons}))
		}
		w.check()
	})
}

// A list that was cut short while it was being written is gone on with.
func TestTurnResumes(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, 1, 1, 3)
		r := w.repeating(daily)
		w.clk.Set(time.Date(2022, 3, 2, 8, 0, 0, 0, clock.CST))
		w.ok(w.s.beginTurn(w.ctx, district, r.ID))
		if w.round(r).N != 1 {
			t.Fatal("the next occurrence counts before its list is complete")
		}
		w.mark(r, w.doors[0], "normal")
		w.ok(w.s.ResumeOpenings(w.ctx, district))
		if now := w.round(r); now.N != 2 || w.total(now).Total != 3 {
			t.Fatalf("resumed: %+v", now)
		}
		w.check()
	})
}

func TestDeadlineIsNotShortened(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, 1, 1, 3)
		w.emergency()
		form := w.form()
		above := w.opened(Doors, countyPath, Filter{}, form.ID)
		clerk := w.caller(grid.RoleCommunity, commA)
		in := DraftInput{AreaID: w.place[commA], Name: "handed on", TargetKind: Doors, FormID: form.ID, DueMs: above.DueMs - hourMs}
		_, err := w.s.DraftRound(w.ctx, clerk, in)
		if e := errs.As(err); !errs.Is(err, errs.Denied) || e.Key != "round.due_earlier" || e.Field != "due_ms" || e.Args[0] != above.Name {
			t.Fatalf("an earlier deadline: %v", err)
		}
		in.DueMs = above.DueMs
		_, err = w.s.DraftRound(w.ctx, clerk, in)
		w.ok(err)
		// Another question is the community's own affair.
		own, err := w.s.SaveForm(w.ctx, sys, Form{Name: "own", Fields: []Field{{Key: "pets", Label: Text{ZH: "养宠物"}, Type: YesNo, Basis: "statutory"}}})
		w.ok(err)
		in.FormID, in.DueMs = own.ID, above.DueMs-hourMs
		_, err = w.s.DraftRound(w.ctx, clerk, in)
		w.ok(err)
	})
}

// A sheet of yesterday's occurrence is entered late: on yesterday's list, as
// late, changing no figure; the history reaches it.
func TestPaperOfAnEarlierOccurrence(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, 1, 1, 4)
		r := w.repeating(daily)
		w.mark(r, w.doors[0], "normal")
		w.clk.Set(time.Date(2022, 3, 2, 8, 0, 0, 0, clock.CST))
		w.ok(w.s.Turn(w.ctx, district, r.ID))
		figures := func(n int) Figures {
			t.Helper()
			v, err := w.s.Coverage(w.ctx, sys, r.ID, NodeRef{N: n})
			w.ok(err)
			return v.Node.Figures
		}
		first, second := figures(1), figures(2)
		sheets, err := w.s.Sheets(w.ctx, sys, r.ID, ListQuery{Ref: NodeRef{N: 1}, All: true})
		w.ok(err)
		in := PaperInput{RoundID: r.ID, SheetID: sheets[0].ID, N: 1, Lines: map[string]string{"normal": itoa(sheets[0].Lines[1].LineNo), "absent": itoa(sheets[0].Lines[2].LineNo)}}
		list, err := w.s.Paper(w.ctx, sys, in)
		w.ok(err)
		for _, o := range list {
			if w.ok(o.Err); !o.Late {
				t.Errorf("not kept as late: %+v", o)
			}
		}
		if figures(1) != first || figures(2) != second {
			t.Errorf("figures changed: %+v %+v", figures(1), figures(2))
		}
		door := sheets[0].Lines[1].ObjectID
		hist, err := w.s.HistoryAt(w.ctx, sys, r.ID, door, 1)
		w.ok(err)
		if len(hist) != 1 || !hist[0].Late || hist[0].How != OnPaper || hist[0].CorrectedMs >= clock.Ms(w.clk.Now()) {
			t.Errorf("the history of that day: %+v", hist)
		}
		if hist, err = w.s.History(w.ctx, sys, r.ID, door); err != nil || len(hist) != 0 {
			t.Errorf("today's history: %+v %v", hist, err)
		}
		times, err := w.s.TargetTimes(w.ctx, w.caller(grid.RoleStreet, streetPath), r.ID, w.doors[0])
		w.ok(err)
		if len(times) != 2 || times[0].N != 2 || times[1].State != Done || times[0].State != Outstanding {
			t.Errorf("through the occurrences: %+v", times)
		}
		if _, err := w.s.TargetTimes(w.ctx, w.caller(grid.RoleCommunity, commB), r.ID, w.doors[0]); !errs.Is(err, errs.NotFound) {
			t.Errorf("the sister community: %v", err)
		}
		if _, err := w.s.Paper(w.ctx, sys, PaperInput{RoundID: r.ID, SheetID: sheets[0].ID, N: 7, Lines: in.Lines}); !errs.Is(err, errs.NotFound) {
			t.Errorf("an occurrence that is not there: %v", err)
		}
		w.check()
	})
}
