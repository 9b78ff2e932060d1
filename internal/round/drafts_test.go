package round

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"wangge/internal/grid"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/db"
	"wangge/internal/platform/db/dbtest"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
)

// clerkPost makes a community's post and returns its caller.
func (w *world) clerkPost(path, title string) grid.Caller {
	w.t.Helper()
	c := w.caller(grid.RoleCommunity, path)
	w.write(func(tx *db.Tx) error {
		return tx.BulkInsert(w.ctx, "post", []string{"district", "id", "role", "title", "object_kind", "object_id", "from_ms"},
			[][]any{{district, int64(c.Grants[0].PostID), "community", title, "place", int64(w.place[path]), int64(1)}})
	})
	return c
}

// reportsDaily opens a daily nil return of the communities' posts about a round.
func (w *world) reportsDaily(about id.ID) Round {
	w.t.Helper()
	f, err := w.s.SaveForm(w.ctx, sys, Form{Name: "daily report", Fields: []Field{
		{Key: "living", Label: Text{ZH: "现住人数"}, Type: Number, Required: true, Basis: "statutory", Normal: NormalLiving},
		{Key: "left", Label: Text{ZH: "未完成"}, Type: Number, Required: true, Basis: "statutory", Normal: NormalOutstanding},
		{Key: "event", Label: Text{ZH: "有突发情况"}, Type: YesNo, Required: true, Basis: "statutory", Normal: "no"},
	}})
	w.ok(err)
	p := daily
	p.Cutoffs = nil
	r, err := w.s.DraftRound(w.ctx, sys, DraftInput{AreaID: w.place[streetPath], Name: "nil return", TargetKind: Posts, FormID: f.ID, AboutID: about, Recurrence: p,
		Filter: Filter{Roles: []string{"community"}}, DueMs: clock.Ms(w.clk.Now().Add(8 * time.Hour))})
	w.ok(err)
	_, err = w.s.Submit(w.ctx, sys, r.ID)
	w.ok(err)
	w.ok(w.s.ApproveNow(w.ctx, sys, r.ID))
	return w.round(r)
}

func TestNilReturnsAreDraftedAndConfirmed(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, 1, 1, 4)
		w.clk.Set(time.Date(2022, 3, 1, 10, 0, 0, 0, clock.CST))
		w.emergency()
		a, b := w.clerkPost(commA, "甲社区值班"), w.clerkPost(commB, "乙社区值班")
		screening := w.opened(Doors, countyPath, Filter{}, w.form().ID)
		w.mark(screening, w.doors[0], "normal")
		r := w.reportsDaily(screening.ID)
		owed, err := w.s.Reports(w.ctx, a)
		w.ok(err)
		if len(owed) != 1 || !owed[0].Complete() || owed[0].Line.Label != "甲社区值班" || owed[0].Says[0].Value != "12" || owed[0].Says[1].Value != "3" || owed[0].Says[2].Value != "no" {
			t.Fatalf("owed: %+v", owed)
		}
		in := ReportInput{RoundID: r.ID, ObjectID: owed[0].Line.ObjectID}
		if _, err := w.s.ConfirmReport(w.ctx, b, in); !errs.Is(err, errs.Denied) {
			t.Fatalf("another's report: %v", err)
		}
		_, err = w.s.ConfirmReport(w.ctx, a, in)
		w.ok(err)
		if n, err := w.s.ReportsOwed(w.ctx, a); err != nil || n != 0 {
			t.Fatalf("still owed: %d %v", n, err)
		}
		h, err := w.s.History(w.ctx, a, r.ID, in.ObjectID)
		w.ok(err)
		if h[0].Answers["left"] != "3" || h[0].Result != "nil_return" {
			t.Fatalf("reported: %+v", h[0])
		}
		// Silence is outstanding, by the name of the post.
		lines, _, err := w.s.Outstanding(w.ctx, w.caller(grid.RoleStreet, streetPath), r.ID, ListQuery{})
		w.ok(err)
		if len(lines) != 1 || lines[0].Label != "乙社区值班" || !strings.Contains(lines[0].Building, "community 2") {
			t.Fatalf("silent: %+v", lines)
		}
		// The next day they are owed anew.
		w.clk.Set(time.Date(2022, 3, 2, 8, 1, 0, 0, clock.CST))
		_, err = w.runner(w.s).Drain(w.ctx)
		w.ok(err)
		if n, err := w.s.ReportsOwed(w.ctx, a); err != nil || n != 1 {
			t.Fatalf("the next day: %d %v", n, err)
		}
		w.check()
	})
}

func TestReportsPage(t *testing.T) {
	w := newWorld(t, dbtest.One(t), 1, 1, 4)
	s := newSite(t, w)
	w.emergency()
	clerk := w.clerkPost(commA, "duty")
	s.who = clerk
	s.get("/reports")
	r := w.reportsDaily(w.opened(Doors, countyPath, Filter{}, w.form().ID).ID)
	if body := s.get("/reports"); !strings.Contains(body, "btn-tall") {
		t.Error("no button to confirm with")
	}
	page := "/rounds/" + r.ID.String() + "/report"
	object := url.Values{"object": {clerk.Grants[0].PostID.String()}, "a.living": {"many"}, "a.left": {"0"}, "a.event": {"no"}}
	if status, body, _ := s.post(page, object); status != 422 || !strings.Contains(body, `value="many"`) || !strings.Contains(body, "fld-err") {
		t.Errorf("a wrong figure: %d", status)
	}
	object.Set("a.living", "11")
	s.sent(page, object)
	if body := s.get("/reports"); !strings.Contains(body, "✓") {
		t.Error("it is not shown as given")
	}
	if status, _, _ := s.post(page, url.Values{"object": {"5"}}); status != 403 {
		t.Errorf("another's report: %d", status)
	}
}
