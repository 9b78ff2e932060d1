package incoming

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"wangge/internal/grid"
	"wangge/internal/platform/audit"
	"wangge/internal/platform/db"
	"wangge/internal/platform/db/dbtest"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/i18n"
	"wangge/internal/platform/id"
	"wangge/internal/platform/jobs"
	"wangge/internal/round"
	"wangge/internal/task"
)

// runner hands out what waits in the outbox.
func (w *world) runner() *jobs.Runner {
	r := jobs.NewRunner(w.s.DB, w.s.Log)
	w.s.Handle(r)
	return r
}

// Every sheet that leaves an exercise says so, above and below, and is read
// again as it was.
func TestSheetsOfADrillSaySo(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		clerk, _ := w.caller(grid.RoleCommunity, w.Hua.ID)
		drill := dbtest.Must(w.s.Rounds.OpenEmergency(ctx, w.C, round.NewEmergency{Name: "区级", Basis: "预案", Purpose: "核查", Recipients: "区指挥部", RetentionDays: 30, Drill: true}))(t)
		rep := dbtest.Must(w.s.Import(ctx, clerk, Input{Area: w.Hua.ID, EmergencyID: drill.ID, Files: csvFile("A,,,,,甲,,13900000011,,", "B,,,,,,,,,")}))(t)
		v := w.people(clerk, rep.ListID)["甲"]
		dbtest.OK(t, w.s.Record(ctx, clerk, v.ID, Outcome{Result: "other_city", Answer: Answer{To: "沈阳市"}}))
		made := dbtest.Must(w.s.MakeSheet(ctx, clerk, false))(t).File
		dbtest.OK(t, w.s.Close(ctx, clerk, rep.ListID, "演练结束"))
		for name, data := range map[string][]byte{"handed on": made, "refused": dbtest.Must(w.s.Refused(ctx, clerk, rep.ListID))(t), "going back": dbtest.Must(w.s.Back(ctx, clerk, rep.ListID))(t)} {
			lines := cellsOf(t, data)
			if mark := drillMark("zh", true); lines[0][0] != mark || lines[len(lines)-1][0] != mark {
				t.Errorf("%s: %q", name, lines)
			}
			if name == "refused" {
				continue
			}
			heads, rows, err := read(ctx, []File{{Name: "t.xlsx", R: bytes.NewReader(data), Size: int64(len(data))}})
			dbtest.OK(t, err)
			taken := 0
			for _, row := range rows {
				if r := readRow(&heads[0], row, true); r.refused == "" {
					taken++
				}
			}
			if taken != 1 {
				t.Errorf("%s: %d people read again of %d rows", name, taken, len(rows))
			}
		}
	})
}

// A transfer sheet is a list that another district brings in as it is, in either
// language.
func TestTransferSheetIsAList(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		clerk, _ := w.caller(grid.RoleCommunity, w.Hua.ID)
		rep := w.bring(clerk, w.Hua.ID, "A,G1同乘,同乘,加急,核实行程,甲,230103199003076616,13900000011,某处,G1", "B,,,,,乙,,13900000012,,")
		people := w.people(clerk, rep.ListID)
		dbtest.OK(t, w.s.Record(ctx, clerk, people["甲"].ID, Outcome{Result: "other_city", Answer: Answer{To: "沈阳市", Address: "沈阳市和平区某路1号", Note: "昨天走的"}}))
		for _, lang := range []string{"zh", "en"} {
			clerk.Lang = lang
			data := dbtest.Must(w.s.MakeSheet(ctx, clerk, lang == "en"))(t).File
			heads, rows, err := read(ctx, []File{{Name: "t.xlsx", R: bytes.NewReader(data), Size: int64(len(data))}})
			dbtest.OK(t, err)
			if len(rows) != 1 {
				t.Fatalf("%d rows", len(rows))
			}
			r := readRow(&heads[0], rows[0], true)
			b := r.body
			if r.refused != "" || r.urgency != people["甲"].urgency || r.class != "transport" || b.Name != "甲" || b.IDNo != "230103199003076616" || len(b.Phones) != 1 || b.Phones[0] != "13900000011" ||
				b.Address != "沈阳市和平区某路1号" || b.Transport != "G1" || !strings.Contains(b.Note, "昨天走的") || !strings.Contains(b.Note, resultText(lang, "other_city")) || len(b.Doubts) > 0 {
				t.Errorf("%s: %+v", lang, r)
			}
		}
		if l := w.lead(clerk, people["甲"].ID); l.Events[0].Kind != "sheet" {
			t.Errorf("the history does not say so: %+v", l.Events)
		}
		dbtest.OK(t, w.s.Recall(ctx, clerk, people["甲"].ID, 0))
		if got := cellsOf(t, dbtest.Must(w.s.MakeSheet(ctx, clerk, true))(t).File); len(got) != 1 {
			t.Errorf("taken back and still on the sheet: %q", got)
		}
		if l := w.lead(clerk, people["甲"].ID); l.State != Open || l.Result != "" {
			t.Errorf("%+v", l.Lead)
		}
	})
}

// A sheet takes those that are on none yet; it is on record for each, recorded or
// not, who handed them over; handed on once more, one is on no sheet again.
func TestEachIsOnOneSheet(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		clerk, _ := w.caller(grid.RoleCommunity, w.Hua.ID)
		rep := w.bring(clerk, w.Hua.ID, "A,,,加急,,王建国,230103199003076616,13900000001,,", "B,,,,,乙,,13900000012,,")
		people := w.people(clerk, rep.ListID)
		away := Outcome{Result: "other_city", Answer: Answer{To: "沈阳市"}}
		names := func(again bool) string {
			t.Helper()
			var out []string
			for _, line := range cellsOf(t, dbtest.Must(w.s.MakeSheet(ctx, clerk, again))(t).File)[1:] {
				out = append(out, line[5])
			}
			return strings.Join(out, " ")
		}
		dbtest.OK(t, w.s.Record(ctx, clerk, people["王建国"].ID, away))
		if got := names(false); got != "王建国" {
			t.Errorf("first: %s", got)
		}
		dbtest.OK(t, w.s.Record(ctx, clerk, people["乙"].ID, away))
		left, on, err := w.s.ForSheet(ctx, clerk)
		if got := names(false); got != "乙" || left != 1 || on != 1 || err != nil {
			t.Errorf("second: %s, before it %d left, %d on one, %v", got, left, on, err)
		}
		if none, again := names(false), names(true); none != "" || again != "乙 王建国" {
			t.Errorf("then: %q, again: %q", none, again)
		}
		for _, of := range []id.ID{w.known, people["乙"].ID} {
			seen := dbtest.Must(w.s.Audit.LooksAt(ctx, d.Read(), 10, of))(t)
			if !slices.ContainsFunc(seen, func(s audit.Seen) bool { return s.Purpose == "handed_over" && s.Account == clerk.AccountID }) {
				t.Errorf("no look at %s: %+v", of, seen)
			}
		}
		dbtest.OK(t, w.s.Recall(ctx, clerk, people["王建国"].ID, 0))
		dbtest.OK(t, w.s.Record(ctx, clerk, people["王建国"].ID, away))
		if got := names(false); got != "王建国" {
			t.Errorf("handed on again: %s", got)
		}
		at := newSite(t, w)
		at.who = clerk
		if page := at.ask("/incoming/sent", nil, http.StatusOK); !strings.Contains(page, `action="/incoming/sheet"`) || !strings.Contains(page, `name="again"`) || strings.Contains(page, i18n.T("zh", "incoming.sheet.take")) {
			t.Error("all are on a sheet, and the page offers another thing than that one again")
		}
		if book := at.ask("/incoming/sheet", url.Values{"again": {"1"}}, http.StatusOK); !strings.HasPrefix(book, "PK") {
			t.Errorf("no workbook: %.40q", book)
		}
		grids, _ := w.caller(grid.RoleBuildingLeader, w.doors[0].ParentID)
		if _, err := w.s.MakeSheet(ctx, grids, false); !errs.Is(err, errs.Denied) {
			t.Errorf("who brings in no lists: %v", err)
		}
	})
}

// Taking somebody back and handing them on again gives no time anew; another area
// that takes them over has its own.
func TestHandedOnAgainKeepsItsDeadline(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		k := newWalk(t, d)
		clerk := k.callerOf(k.Hua.Path)
		rep := k.bring(clerk, k.Hua.ID, "A,,,加急,,甲,,13900000011,,")
		v := k.people(clerk, rep.ListID)["甲"].ID
		away := Outcome{Result: "other_city", Answer: Answer{To: "沈阳市"}}
		dbtest.OK(t, k.s.Record(ctx, clerk, v, away))
		due := k.lead(clerk, v).DueMs
		for range 2 {
			k.Clock.Advance(20 * time.Hour)
			dbtest.OK(t, k.s.Recall(ctx, clerk, v, 0))
			dbtest.OK(t, k.s.Record(ctx, clerk, v, away))
			if l := k.lead(clerk, v); l.DueMs != due || !l.Overdue {
				t.Errorf("due %d minutes later", (l.DueMs-due)/60_000)
			}
		}
		dbtest.OK(t, k.s.Recall(ctx, clerk, v, 0))
		dbtest.OK(t, k.s.Record(ctx, clerk, v, Outcome{Result: "other_street", Answer: Answer{ToArea: k.areas["comm2"].ID}}))
		there := k.callerOf(k.areas["comm2"].Path)
		dbtest.OK(t, k.s.Accept(ctx, there, v, 0))
		dbtest.OK(t, k.s.Record(ctx, there, v, away))
		if l := k.lead(there, v); l.DueMs <= due || l.Overdue {
			t.Errorf("an area that took over has no time of its own: %+v", l.Lead)
		}
	})
}

// Two areas that hand somebody to and fro put nothing off: the first that takes
// over has its own time, after that the clock runs on, outside and back too.
func TestHandedToAndFroKeepsItsDeadline(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		k := newWalk(t, d)
		clerk, there := k.callerOf(k.Hua.Path), k.callerOf(k.areas["comm2"].Path)
		rep := k.bring(clerk, k.Hua.ID, "A,,,加急,,甲,,13900000011,,")
		v := k.people(clerk, rep.ListID)["甲"].ID
		to := func(area id.ID) Outcome { return Outcome{Result: "other_street", Answer: Answer{ToArea: area}} }
		dbtest.OK(t, k.s.Record(ctx, clerk, v, to(k.areas["comm2"].ID)))
		k.Clock.Advance(time.Hour)
		dbtest.OK(t, k.s.Accept(ctx, there, v, 0))
		due := k.lead(there, v).DueMs
		if due != dueMs(k.s.nowMs(), k.lead(there, v).urgency) {
			t.Error("who took over first has no time of its own")
		}
		for range 2 {
			k.Clock.Advance(time.Hour)
			dbtest.OK(t, k.s.Record(ctx, there, v, to(k.Hua.ID)))
			dbtest.OK(t, k.s.Accept(ctx, clerk, v, 0))
			dbtest.OK(t, k.s.Record(ctx, clerk, v, to(k.areas["comm2"].ID)))
			dbtest.OK(t, k.s.Accept(ctx, there, v, 0))
		}
		if l := k.lead(there, v); l.DueMs != due || k.lead(there, v).Tries != 0 {
			t.Errorf("due %d minutes later", (l.DueMs-due)/60_000)
		}
	})
}

// What a receiver answers: without a receipt the lead stays open, says why and
// climbs; the receipt settles it; a drill sends nothing.
func TestSentUntilTheReceipt(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		k := newWalk(t, d)
		w := k.world
		clerk := k.callerOf(w.Hua.Path)
		status, said, asked := http.StatusInternalServerError, "", ""
		srv := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			asked = r.Header.Get("Authorization")
			rw.WriteHeader(status)
			_, _ = rw.Write([]byte(said))
		}))
		t.Cleanup(srv.Close)
		to := dbtest.Must(w.s.AddReceiver(ctx, w.C, NewReceiver{Name: "沈阳市", URL: srv.URL + "/", Token: "wgt_secret"}))(t)
		if at := plainIn(t, d, "wgt_secret"); at != "" {
			t.Errorf("the token stands in clear in %s", at)
		}
		if _, err := w.s.AddReceiver(ctx, w.C, NewReceiver{Name: "x", URL: "http://example.com", Token: "x"}); !errs.Is(err, errs.Invalid) {
			t.Errorf("a token in clear over the network: %v", err)
		}
		rep := w.bring(clerk, w.Hua.ID, "A,,,加急,,甲,,13900000011,,")
		v := w.people(clerk, rep.ListID)["甲"].ID
		dbtest.OK(t, w.s.Record(ctx, clerk, v, Outcome{Result: "other_city", Answer: Answer{ReceiverID: to}}))
		run := w.runner()
		for code, want := range map[int]string{500: "incoming.send.bad", 401: "incoming.send.token", 403: "incoming.send.post", 409: "incoming.send.closed", 422: "incoming.send.refused", 201: "incoming.send.bad"} {
			status = code
			w.Clock.Advance(11 * time.Minute)
			_, _ = run.Drain(ctx)
			if n, ok, err := sendingOf(ctx, d.Read(), w.C.District, v); err != nil || !ok || n.failed != want {
				t.Errorf("%d: %+v %v", code, n, err)
			}
		}
		w.Clock.Advance(3 * time.Hour)
		dbtest.Must(w.tasks.Sweep(ctx, w.C))(t)
		if l := w.lead(clerk, v); l.State != Sent || l.Sending == nil || l.Sending.Tries < 5 || l.Sending.Failed == "" || l.Custody == nil || l.Custody.Above == "" {
			t.Errorf("%+v %+v %+v", l.Lead, l.Sending, l.Custody)
		}
		// given a new token, the same receiver goes on at once with what waits for its next try
		_, _ = run.Drain(ctx)
		if n, err := run.Drain(ctx); n != 0 || err != nil {
			t.Errorf("what was put off is tried at once: %d %v", n, err)
		}
		w.s.mute.add(to, w.s.nowMs()+mutedFor)
		if again := dbtest.Must(w.s.AddReceiver(ctx, w.C, NewReceiver{Name: "沈阳市", URL: srv.URL, Token: "wgt_new"}))(t); again != to || len(dbtest.Must(w.s.Receivers(ctx, w.C, grid.EmergencyWrite))(t)) != 1 {
			t.Error("the new token made another receiver")
		}
		status, said = http.StatusCreated, `{"receipt":"210102-7"}`
		dbtest.Must(run.Drain(ctx))(t)
		l := w.lead(clerk, v)
		if l.State != Done || l.Answer.Receipt != "210102-7" || l.Sending != nil || asked != "Bearer wgt_new" {
			t.Errorf("%+v %+v", l.Lead, l.Answer)
		}
		if got := dbtest.Must(w.tasks.Task(ctx, w.C, v))(t); got.State != task.Closed {
			t.Errorf("%+v", got.Task)
		}
		dbtest.OK(t, w.s.EndReceiver(ctx, w.C, to))
		if got := dbtest.Must(Check(ctx, d))(t); len(got.Problems) > 0 {
			t.Error(got.Problems)
		}
	})
}

// A receiver that cannot be reached is tried once a minute, not once for each lead.
func TestUnreachableIsNotWaitedForByEach(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		k := newWalk(t, d)
		w := k.world
		clerk := k.callerOf(w.Hua.Path)
		tried, dead := 0, true
		srv := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
			if tried++; dead {
				panic(http.ErrAbortHandler)
			}
			rw.WriteHeader(http.StatusCreated)
			_, _ = rw.Write([]byte(`{"receipt":"7"}`))
		}))
		t.Cleanup(srv.Close)
		to := dbtest.Must(w.s.AddReceiver(ctx, w.C, NewReceiver{Name: "沈阳市", URL: srv.URL, Token: "x"}))(t)
		rep := w.bring(clerk, w.Hua.ID, "A,,,加急,,甲,,13900000011,,", "B,,,加急,,乙,,13900000012,,", "C,,,加急,,丙,,13900000013,,")
		for _, l := range w.people(clerk, rep.ListID) {
			dbtest.OK(t, w.s.Record(ctx, clerk, l.ID, Outcome{Result: "other_city", Answer: Answer{ReceiverID: to}}))
		}
		run := w.runner()
		if n, err := run.Drain(ctx); n != 0 || !errs.Is(err, errs.Unavailable) || tried != 1 {
			t.Errorf("%d sent, %d tries: %v", n, tried, err)
		}
		dead = false
		w.Clock.Advance(11 * time.Minute)
		if n, err := run.Drain(ctx); n != 3 || err != nil || tried != 4 {
			t.Errorf("%d sent, %d tries: %v", n, tried, err)
		}
	})
}

// A lead that comes from another district gets a receipt, the same one when it is
// sent again; who is here already is called once.
func TestTakenOverFromAnotherDistrict(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		k := newWalk(t, d)
		street := k.again(k.terms["street1"].account)
		r := Referral{From: "230104", Reference: "77", Reason: "移交他区", Urgency: "urgent", Name: "甲", Phones: []string{"13900000011"}, Address: "幸福小区3-2-502"}
		for _, origin := range []string{"", "230102"} { // a program of its own, a token given to another
			street.Origin = origin
			if _, err := k.s.Receive(ctx, street, r); !errs.Is(err, errs.Denied) {
				t.Errorf("%q speaks for 230104: %v", origin, err)
			}
		}
		street.Origin = "230104"
		receipts := make([]string, 3)
		for _, err := range atOnce(3, func(i int) (err error) {
			receipts[i], err = k.s.Receive(ctx, street, r)
			return err
		}) {
			dbtest.OK(t, err)
		}
		if receipts[0] == "" || receipts[0] != receipts[1] || receipts[1] != receipts[2] {
			t.Errorf("%q", receipts)
		}
		list := k.leads("l.id > 0")
		if len(list) != 1 || list[0].Source != FromDistrict || list[0].Urgency != 1 || list[0].DoorID != k.doors[1].ID {
			t.Fatalf("%+v", list)
		}
		again := r
		again.Reference = "78"
		dbtest.Must(k.s.Receive(ctx, street, again))(t)
		if list = k.leads("l.id > 0"); len(list) != 1 {
			t.Errorf("%d leads of one person", len(list))
		}
		for field, bad := range map[string]Referral{"reference": {From: "230104", Reference: "a b", Urgency: "normal"},
			"urgency": {From: "230104", Reference: "1"}, "phones": {From: "230104", Reference: "1", Urgency: "normal"}} {
			if _, err := k.s.Receive(ctx, street, bad); !errs.Is(err, errs.Invalid) || errs.As(err).Field != field {
				t.Errorf("%s: %v", field, err)
			}
		}
		if got := dbtest.Must(Check(ctx, d))(t); len(got.Problems) > 0 {
			t.Error(got.Problems)
		}
		if at := plainIn(t, d, "13900000011"); at != "" {
			t.Errorf("the phone stands in clear in %s", at)
		}
	})
}

// The address of a receiver is a server's, and encrypted.
func TestAddressOfAReceiver(t *testing.T) {
	for text, want := range map[string]string{"https://a.example/": "https://a.example", " https://a.example:8443": "https://a.example:8443", "http://127.0.0.1:80": "http://127.0.0.1:80",
		"http://a.example": "", "https://a.example/x": "", "https://u:p@a.example": "", "ftp://a.example": "", "": "", "a.example": ""} {
		got, ok := serverOf(text)
		if ok != (want != "") || ok && got != want {
			t.Errorf("%q: %q %v", text, got, ok)
		}
	}
}
