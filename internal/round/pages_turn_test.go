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
	"wangge/internal/platform/i18n"
	"wangge/internal/platform/id"
)

func TestPagesOfARoundThatRepeats(t *testing.T) {
	w := newWorld(t, dbtest.One(t), 2, 1, 4)
	s := newSite(t, w)
	w.clk.Set(time.Date(2022, 3, 1, 7, 0, 0, 0, clock.CST))
	w.emergency()
	v := url.Values{"name": {"daily"}, "area": {w.place[commA].String()}, "target_kind": {"doors"}, "due": {"2022-03-01T20:00"}, "do": {"save"},
		"repeat": {"daily"}, "at": {"08:00"}, "hours": {"12"}, "until": {"2022-03-05"}, "cutoffs": {"10:00，16：00"}}
	putFields("zh", v, Screening())
	for field, bad := range map[string]url.Values{
		"at":       {"at": {"morning"}},
		"hours":    {"hours": {"0"}},
		"until":    {"until": {"soon"}},
		"cutoffs":  {"cutoffs": {"25:00"}},
		"every":    {"repeat": {"every"}, "every": {"x"}},
		"weekdays": {"repeat": {"weekdays"}},
		"dates":    {"repeat": {"dates"}, "dates": {"1.3."}},
	} {
		with := url.Values{}
		for k, x := range v {
			with[k] = x
		}
		for k, x := range bad {
			with[k] = x
		}
		status, body, _ := s.post("/rounds/new", with)
		at := strings.Index(body, `name="`+field+`"`)
		if status != 422 || at < 0 || !strings.Contains(body[at:min(len(body), at+900)], "fld-err") {
			t.Errorf("%s: %d, and no word at the field", field, status)
		}
	}
	page := s.sent("/rounds/new", v)
	s.get(page)
	if body := s.get(page + "/edit"); !strings.Contains(body, `value="10:00 16:00"`) {
		t.Error("the editor forgot the cut-offs")
	}
	s.sent(page+"/submit", nil)
	rid, err := id.Parse(strings.TrimPrefix(page, "/rounds/"))
	w.ok(err)
	w.ok(w.s.ApproveNow(w.ctx, sys, rid))
	w.mark(Round{ID: rid}, w.doors[0], "normal")
	w.clk.Set(time.Date(2022, 3, 3, 8, 30, 0, 0, clock.CST))
	_, err = w.runner(w.s).Drain(w.ctx)
	w.ok(err)
	body := s.get(page)
	for _, want := range []string{"2022-03-02", "?n=1", "2022-03-04 08:00"} {
		if !strings.Contains(body, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	s.get(page + "?n=1")
	if body := s.get(page + "/outstanding?n=1"); strings.Count(body, "<tr>") != 8 { // the head and seven of eight doors
		t.Errorf("%d rows of the first day", strings.Count(body, "<tr>"))
	}
	if status, _, _ := s.do("GET", page+"?n=9", "", nil); status != 404 {
		t.Errorf("an occurrence that is not: %d", status)
	}
	sheet := "place=" + w.place[commA+"001001"].String()
	if body := s.get(page + "/paper?" + sheet + "&n=1"); !strings.Contains(body, `name="n" value="1"`) {
		t.Error("the sheet of the first day is not that of the first day")
	}
	s.get(page + "/paper?n=1")
	if to := s.sent(page+"/paper", url.Values{"place": {w.place[commA+"001001"].String()}, "n": {"1"}, "lines.normal": {"2"}}); !strings.HasSuffix(to, "&n=1") {
		t.Errorf("after a late sheet: %s", to)
	}
	if status, _, _ := s.post(page+"/paper", url.Values{"place": {w.place[commA+"001001"].String()}, "n": {"1"}, "lines.normal": {"99"}}); status != 422 {
		t.Errorf("a line that is not there: %d", status)
	}
	target := page + "/targets/" + w.doors[1].String()
	s.get(target)
	if body := s.get(target + "?n=1"); !strings.Contains(body, i18n.T("zh", "round.late")) {
		t.Error("the history of the first day does not tell the late sheet")
	}
	if status, _, _ := s.do("GET", target+"?n=7", "", nil); status != 404 {
		t.Errorf("an occurrence that is not there: %d", status)
	}
	if body := s.get(page + "/outstanding?n=1"); !strings.Contains(body, "/targets/") {
		t.Error("the list of the first day does not lead to its history")
	}
	s.get(page + "/text")
	cut := s.sent(page+"/cutoffs", nil)
	s.get(cut)
	if status, body, _ := s.do("GET", cut+"/csv", "", nil); status != 200 || strings.Count(body, "\n") != 3 {
		t.Errorf("csv: %d\n%s", status, body)
	}
	s.sent(page+"/stop", nil)
	if status, _, _ := s.post(page+"/stop", nil); status != 409 {
		t.Errorf("stopped twice: %d", status)
	}
}

func TestAPIOfARoundThatRepeats(t *testing.T) {
	w := newWorld(t, dbtest.One(t), 1, 1, 2)
	s := newSite(t, w)
	w.emergency()
	draft := func(recurrence string) (int, string) {
		t.Helper()
		status, body, _ := s.do("POST", "/api/v1/rounds", "application/json", strings.NewReader(`{"area_id":"`+w.place[commA].String()+`","name":"daily","target_kind":"doors","form_id":"`+
			w.form().ID.String()+`","due_ms":9999999999999,"recurrence":`+recurrence+`}`))
		return status, body
	}
	if status, body := draft(`{"cutoffs":["10:00"]}`); status != 201 {
		t.Errorf("cut-offs of a round that runs once: %d %s", status, body)
	}
	if status, body := draft(`{"every":1,"at":"noon","hours":3}`); status != 422 || !strings.Contains(body, "recurrence.at") {
		t.Errorf("a wrong time: %d %s", status, body)
	}
	r := w.opened(Doors, commA, Filter{}, w.form().ID)
	for path, want := range map[string]string{"/occurrences": `"n":1`, "/cutoffs": `"items":[]`, "/text": `"text":"`} {
		if status, body, _ := s.do("GET", "/api/v1/rounds/"+r.ID.String()+path, "", nil); status != 200 || !strings.Contains(body, want) {
			t.Errorf("%s: %d %s", path, status, body)
		}
	}
	if status, body, _ := s.do("POST", "/api/v1/rounds/"+r.ID.String()+"/cutoffs", "application/json", strings.NewReader("{}")); status != 201 || !strings.Contains(body, `"definitions"`) {
		t.Errorf("a cut-off: %d %s", status, body)
	}
	if status, body, _ := s.do("GET", "/api/v1/plan?place="+w.place[commA].String(), "", nil); status != 200 || !strings.Contains(body, `"need":1`) {
		t.Errorf("the plan: %d %s", status, body)
	}
	if status, body, _ := s.do("GET", "/api/v1/reports", "", nil); status != 200 || !strings.Contains(body, `"items":[]`) {
		t.Errorf("reports: %d %s", status, body)
	}
}

// What goes into a chat group holds counts; rooms only after a confirmation by
// who may close, on record, and never where they tell more than an address.
func TestTextForAGroup(t *testing.T) {
	w := newWorld(t, dbtest.One(t), 2, 1, 4)
	s := newSite(t, w)
	w.emergency()
	form := w.form()
	r := w.opened(Doors, commA, Filter{}, form.ID)
	for _, d := range w.doors[:4] {
		w.mark(r, d, "normal")
	}
	w.mark(r, w.doors[4], "verified_empty")
	clerk := w.caller(grid.RoleCommunity, commA)
	text, err := w.s.GroupText(w.ctx, clerk, GroupTextInput{RoundID: r.ID, PlaceID: w.place[commA+"001"]})
	w.ok(err)
	lines := strings.Split(text, "\n")
	if len(lines) != 3 || strings.Contains(text, "201") || !strings.HasSuffix(lines[1], "4，已全部完成") || !strings.HasSuffix(lines[2], "应4已1未3") {
		t.Errorf("text:\n%s", text)
	}
	if _, err := w.s.GroupText(w.ctx, w.caller(grid.RoleBuildingLeader, commA), GroupTextInput{RoundID: r.ID, Rooms: true}); err == nil {
		t.Error("a building leader tells rooms")
	}
	text, err = w.s.GroupText(w.ctx, clerk, GroupTextInput{RoundID: r.ID, PlaceID: w.place[commA+"001"], Rooms: true})
	w.ok(err)
	if !strings.Contains(text, "201") || !strings.Contains(text, "401") || strings.Contains(text, "101") {
		t.Errorf("text with rooms (101 is verified empty):\n%s", text)
	}
	w.write(func(tx *db.Tx) error {
		_, err := tx.ExecContext(w.ctx, "UPDATE household SET until_ms = 2 WHERE district = $1 AND door_id = $2", district, w.doors[7])
		return err
	})
	care := w.opened(Doors, commA, Filter{Household: no}, form.ID)
	if _, err := w.s.GroupText(w.ctx, clerk, GroupTextInput{RoundID: care.ID, Rooms: true}); err == nil {
		t.Error("rooms of empty flats are told")
	}
	page := "/rounds/" + r.ID.String()
	if body := s.get(page + "/text"); !strings.Contains(body, "data-copy") || strings.Contains(body, "201") {
		t.Error("the page names rooms or cannot be copied from")
	}
	if status, body, _ := s.post(page+"/text", url.Values{"rooms": {"1"}}); status != 200 || !strings.Contains(body, "201") {
		t.Errorf("confirmed: %d", status)
	}
}
