package incoming

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"wangge/internal/grid"
	"wangge/internal/ledger"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/db"
	"wangge/internal/platform/db/dbtest"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/i18n"
	"wangge/internal/platform/id"
	"wangge/internal/platform/web"
)

// The story: a list comes in, every person is called once, and it goes back with
// the results behind its own columns.
func TestListThereAndBack(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		clerk, _ := w.caller(grid.RoleCommunity, w.Hua.ID)
		other, _ := w.caller(grid.RoleCommunity, w.Hua.ID)
		rep := w.bring(clerk, w.Hua.ID,
			"X1,G1同乘,同乘,加急,核实,王建国,230103199003076616,13900000001,,G1",
			"X2,G1同乘,同乘,普通,核实,李红,,13900000002,,G1",
			"X3,场所,场所,普通,核实,李红,,+86 139-0000-0002,,", // the same person again
			"X4,场所,场所,普通,核实,赵强,,1.39E+10,,",          // damaged
			"X5,场所,场所,普通,核实,钱多,,13900000005,,")
		if rep.Rows != 5 || rep.Refused != 1 || rep.Joined != 1 || rep.New != 3 || rep.Known != 1 || rep.Door != 1 {
			t.Fatalf("%+v", rep)
		}
		refused := cellsOf(t, dbtest.Must(w.s.Refused(ctx, clerk, rep.ListID))(t))
		if len(refused) != 2 || refused[1][0] != "X4" || refused[1][7] != "1.39E+10" || refused[1][10] == "" {
			t.Errorf("refused %q", refused)
		}
		dbtest.OK(t, w.s.Sit(ctx, clerk))
		people := w.people(clerk, rep.ListID)
		if l := people["王建国"]; l.PersonID != w.known || l.DoorID != w.doors[0].ID || l.AccountID != clerk.AccountID {
			t.Errorf("%+v", l)
		}
		desk := dbtest.Must(w.s.Desk(ctx, clerk))(t)
		if desk.Now == nil || desk.Now.Name != "王建国" || desk.Seat.Load != 3 || desk.Now.Code == "" || strings.Contains(desk.Now.IDNo, "1990") {
			t.Fatalf("the most urgent comes first, its number masked: %+v", desk.Now)
		}
		if c := desk.Now; !strings.Contains(c.Script.Opening, c.Code) || !strings.Contains(strings.Join(c.Script.Ask, ""), "G1") {
			t.Errorf("script %+v", c.Script)
		}
		record := func(name, result string, a Answer) {
			t.Helper()
			dbtest.OK(t, w.s.Record(ctx, clerk, people[name].ID, Outcome{Result: result, Answer: a}))
		}
		record("王建国", "found_normal", Answer{DoorID: w.doors[0].ID, Stops: []Stop{{"2022-11-20", "会展中心"}}})
		record("李红", "found_normal", Answer{DoorID: w.doors[1].ID, Ledger: true, Companions: []Companion{{"孙二", "13900000009"}, {"李红", "13900000002"}}})
		record("钱多", "other_city", Answer{To: "沈阳市"})
		behind := dbtest.Must(w.led.Behind(ctx, clerk, w.doors[1].ID))(t)
		if len(behind) != 1 || len(behind[0].Persons) != 1 {
			t.Errorf("who lives behind the confirmed door: %+v", behind)
		}
		if open := dbtest.Must(w.s.InState(ctx, clerk, Open))(t); len(open) != 1 || open[0].Name != "孙*" || open[0].Full || open[0].Phones[0] != "139****0009" || open[0].Code != "" || open[0].AccountID != clerk.AccountID {
			t.Errorf("the companion is called: %+v", open)
		}
		if err := w.s.Close(ctx, clerk, rep.ListID, ""); !errs.Is(err, errs.Invalid) {
			t.Errorf("closed with somebody handed on: %v", err)
		}
		dbtest.OK(t, w.s.Receipt(ctx, clerk, people["钱多"].ID, 0, "沈阳市疾控 张某 11-22"))
		dbtest.OK(t, w.s.Close(ctx, clerk, rep.ListID, ""))
		back := cellsOf(t, dbtest.Must(w.s.Back(ctx, other, rep.ListID))(t))
		if len(back) != 6 || strings.Join(back[0][:10], ",")+"\n" != header {
			t.Fatalf("%q", back)
		}
		if got := strings.Join(back[3][:10], ","); got != "X3,场所,场所,普通,核实,李红,,+86 139-0000-0002,," {
			t.Errorf("a row came back changed: %q", got)
		}
		if r := back[1][10:]; r[0] != resultText("zh", "found_normal") || !strings.Contains(r[2], "501") || !strings.Contains(r[3], "会展中心") {
			t.Errorf("results %q", r)
		}
		if !strings.Contains(strings.Join(back[5], " "), "沈阳市疾控") {
			t.Errorf("the receipt is not there: %q", back[5])
		}
	})
}

func TestOnePersonIsCalledOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		clerk, _ := w.caller(grid.RoleCommunity, w.Hua.ID)
		lines := []string{"A,,,,,甲,,13900000011,,", "B,,,,,,,13900000012,,"}
		first := w.bring(clerk, w.Hua.ID, lines...)
		second := w.bring(clerk, w.Hua.ID, lines...)
		if first.New != 2 || second.New != 0 || second.Joined != 2 {
			t.Fatalf("%+v %+v", first, second)
		}
		third := w.bring(clerk, w.Hua.ID, "C,,,,,甲,230103199003076616,13900000013,,", "D,,,,,,,13900000013,,", "E,,,,,乙,,13900000012,,")
		if third.New != 1 || third.Joined != 2 {
			t.Errorf("%+v", third)
		}
		v := w.people(clerk, first.ListID)["甲"]
		dbtest.OK(t, w.s.Record(ctx, clerk, v.ID, Outcome{Result: "not_found", Answer: Answer{Note: "去过两次"}}))
		w.Clock.Advance(24 * time.Hour)
		again := w.bring(clerk, w.Hua.ID, lines[0])
		if again.New != 1 || again.Earlier != 1 {
			t.Fatalf("%+v", again)
		}
		card := w.lead(clerk, w.people(clerk, again.ListID)["甲"].ID)
		if card.Earlier == nil || card.Earlier.Result != "not_found" || card.Earlier.Answer.Note != "去过两次" {
			t.Errorf("the earlier result is not shown: %+v", card.Earlier)
		}
		w.Clock.Advance(190 * 24 * time.Hour)
		if late := w.bring(clerk, w.Hua.ID, lines[0]); late.Earlier != 0 && late.New != 0 {
			t.Errorf("after half a year: %+v", late)
		}
	})
}

// Nobody who is off shift keeps a lead, whatever the way the shift ended.
func TestNothingIsLeftBehind(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		one, _ := w.caller(grid.RoleCommunity, w.Hua.ID)
		two, post := w.caller(grid.RoleCommunity, w.Hua.ID)
		var lines []string
		for i := range 11 {
			lines = append(lines, fmt.Sprintf("N%d,,,,,人%d,,139000001%02d,,", i, i, i))
		}
		rep := w.bring(one, w.Hua.ID, lines...)
		loads := func() map[id.ID]int {
			out := map[id.ID]int{}
			for _, l := range w.people(one, rep.ListID) {
				out[l.AccountID]++
			}
			return out
		}
		want := func(when string, of map[id.ID]int) {
			t.Helper()
			if got := loads(); fmt.Sprint(got) != fmt.Sprint(of) {
				t.Errorf("%s: %v, want %v", when, got, of)
			}
		}
		inbox := func(c grid.Caller, want ...string) {
			t.Helper()
			var got []string
			for _, a := range dbtest.Must(w.s.Aside(ctx, c))(t) {
				got = append(got, a.Text)
			}
			if !slices.Equal(got, want) {
				t.Errorf("the inbox says %q, not %q", got, want)
			}
		}
		leader, _ := w.caller(grid.RoleBuildingLeader, w.doors[0].ParentID)
		inbox(leader)
		want("before anybody sits", map[id.ID]int{0: 11})
		inbox(two, "11 人等着打电话，还没人当班")
		dbtest.OK(t, w.s.Sit(ctx, one))
		dbtest.OK(t, w.s.Sit(ctx, one))
		want("one sits", map[id.ID]int{one.AccountID: 11})
		inbox(one, "您手上有 11 人要打电话")
		inbox(two)
		dbtest.OK(t, w.s.Sit(ctx, two))
		if got := loads(); got[one.AccountID]+got[two.AccountID] != 11 || got[one.AccountID]-got[two.AccountID] > 1 || got[two.AccountID]-got[one.AccountID] > 1 {
			t.Errorf("two sit: %v", got)
		}
		dbtest.OK(t, w.Grid.EndPost(ctx, w.C, post, 0))
		w.Clock.Advance(time.Second)
		dbtest.OK(t, w.s.Rebalance(ctx, w.C))
		want("the post of one ended", map[id.ID]int{one.AccountID: 11})
		dbtest.OK(t, w.s.Leave(ctx, one))
		want("nobody is left", map[id.ID]int{0: 11})
	})
}

func TestCallsComeUpAgain(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		clerk, _ := w.caller(grid.RoleCommunity, w.Hua.ID)
		rep := w.bring(clerk, w.Hua.ID, "A,,,加急,,甲,,13900000011,,") // at night too
		dbtest.OK(t, w.s.Sit(ctx, clerk))
		v := w.people(clerk, rep.ListID)["甲"].ID
		for i := range 4 {
			desk := dbtest.Must(w.s.Desk(ctx, clerk))(t)
			if desk.Now == nil || desk.Now.ID != v {
				t.Fatalf("call %d: not on the desk", i)
			}
			version := desk.Now.Version
			dbtest.OK(t, w.s.Record(ctx, clerk, v, Outcome{Result: "no_answer", Version: version}))
			if err := w.s.Record(ctx, clerk, v, Outcome{Result: "no_answer", Version: version}); !errs.Is(err, errs.Conflict) {
				t.Errorf("the same page sent twice: %v", err)
			}
			if desk = dbtest.Must(w.s.Desk(ctx, clerk))(t); desk.Now != nil {
				t.Errorf("call %d comes up at once", i)
			}
			w.Clock.Advance(7 * time.Hour)
		}
		if l := w.lead(clerk, v); l.State != Unclear || l.Tries != 4 {
			t.Errorf("after four calls: %s, %d tries", l.State, l.Tries)
		}
		dbtest.OK(t, w.s.Decide(ctx, clerk, v, Decision{AreaID: w.Hua.ID, Phone: "13900000077"}))
		if l := w.lead(clerk, v); l.State != Open || l.Phones[0] != "13900000077" || l.AccountID != clerk.AccountID || l.Tries != 0 {
			t.Errorf("another number: %+v", l)
		}
	})
}

// At night the desk says until when residents rest, but not of the most urgent.
func TestResidentsRestAtNight(t *testing.T) {
	d := dbtest.One(t)
	w := newWorld(t, d)
	w.Clock.Set(clock.DayStart(w.Clock.Now()).Add(21*time.Hour + 29*time.Minute))
	clerk, _ := w.caller(grid.RoleCommunity, w.Hua.ID)
	rep := w.bring(clerk, w.Hua.ID, "A,,,紧急,,甲,,13900000011,,", "B,,,加急,,乙,,13900000012,,")
	people := w.people(clerk, rep.ListID)
	quiet := func(name string, want time.Duration) {
		t.Helper()
		until := int64(0)
		if want > 0 {
			until = clock.Ms(w.Clock.Now().Add(want))
		}
		if l := w.lead(clerk, people[name].ID); l.Quiet != until {
			t.Errorf("%s rests until %d, want %d", name, l.Quiet, until)
		}
	}
	quiet("甲", 0)
	w.Clock.Advance(time.Minute)
	quiet("甲", 9*time.Hour+30*time.Minute)
	quiet("乙", 0)
	site := newSite(t, w)
	site.who = clerk
	notice := i18n.T("zh", "incoming.quiet", "07:00")
	if page := site.ask("/leads/"+people["甲"].ID.String(), nil, http.StatusOK); !strings.Contains(page, notice) {
		t.Error("the page of somebody who rests does not say so")
	}
	dbtest.OK(t, w.s.Record(ctx, clerk, people["甲"].ID, Outcome{Result: "no_answer"}))
	dbtest.OK(t, w.s.Record(ctx, clerk, people["乙"].ID, Outcome{Result: "no_answer"}))
	for name, want := range map[string]time.Duration{"甲": 9*time.Hour + 30*time.Minute, "乙": 30 * time.Minute} {
		if l := w.lead(clerk, people[name].ID); l.RetryMs != clock.Ms(w.Clock.Now().Add(want)) {
			t.Errorf("%s comes up again at %s", name, clock.FromMs(l.RetryMs).In(clock.CST))
		}
	}
	dbtest.OK(t, w.s.Record(ctx, clerk, people["甲"].ID, Outcome{Result: "abroad"}))
	quiet("甲", 0)
}

func TestMeasureIsConfirmedByAnother(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		street := dbtest.Must(w.Grid.Place(ctx, w.C, w.Hua.ParentID))(t)
		one, _ := w.caller(grid.RoleStreet, street.ID)
		two, _ := w.caller(grid.RoleStreet, street.ID)
		clerk, _ := w.caller(grid.RoleCommunity, w.Hua.ID)
		rep := w.bring(one, w.Hua.ID, "A,,密接,加急,,甲,,13900000011,,")
		v := w.people(one, rep.ListID)["甲"].ID
		yesterday := w.Clock.Now().AddDate(0, 0, -1).Format(time.DateOnly)
		dbtest.OK(t, w.s.Record(ctx, one, v, Outcome{Result: "home_isolation", Answer: Answer{DoorID: w.doors[0].ID, Exposure: "close_contact", ExposedDay: yesterday}}))
		l := w.lead(one, v)
		if l.MeasureIs != Proposed || l.Measure == nil || l.Measure.Code != "central_isolation" {
			t.Fatalf("%+v %+v", l.MeasureIs, l.Measure)
		}
		yes := Verdict{Confirm: true, Authority: "区指挥部", Document: "2022-11-22 第3号"}
		if err := w.s.Confirm(ctx, one, v, yes); !errs.Is(err, errs.Denied) {
			t.Errorf("who proposed it decided: %v", err)
		}
		if err := w.s.Confirm(ctx, clerk, v, yes); !errs.Is(err, errs.Denied) {
			t.Errorf("a community decided: %v", err)
		}
		if err := w.s.Confirm(ctx, two, v, Verdict{Confirm: true}); !errs.Is(err, errs.Invalid) {
			t.Errorf("without authority: %v", err)
		}
		dbtest.OK(t, w.s.Confirm(ctx, two, v, yes))
		if l = w.lead(one, v); l.MeasureIs != Confirmed || l.Measure.Document == "" {
			t.Errorf("%+v", l)
		}
		if err := w.s.Confirm(ctx, two, v, yes); !errs.Is(err, errs.Conflict) {
			t.Errorf("decided twice: %v", err)
		}
	})
}

func TestHandedToAnotherStreet(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		clerk, _ := w.caller(grid.RoleCommunity, w.Hua.ID)
		there := dbtest.Must(w.Grid.Area(ctx, w.C, "230103002001"))(t)
		other, _ := w.caller(grid.RoleCommunity, there.ID)
		rep := w.bring(clerk, w.Hua.ID, "A,,,,,甲,,13900000011,,")
		v := w.people(clerk, rep.ListID)["甲"].ID
		dbtest.OK(t, w.s.Sit(ctx, other))
		s := newSite(t, w)
		s.who = clerk
		if _, at := s.send("/leads/"+v.String(), url.Values{"result": {"other_street"}, "to_area": {there.ID.String()}}, http.StatusSeeOther); at != "/incoming/open" {
			t.Errorf("the sender is led to %s, which is not theirs to see any more", at)
		}
		if _, err := w.s.Card(ctx, clerk, v); !errs.Is(err, errs.NotFound) {
			t.Errorf("the sender still reads it: %v", err)
		}
		if l := w.people(clerk, rep.ListID); len(l) != 1 {
			t.Error("it left the sender's list")
		}
		dbtest.OK(t, w.s.Accept(ctx, other, v, 0))
		if l := w.lead(other, v); l.State != Open || l.AccountID != other.AccountID {
			t.Errorf("%+v", l)
		}
	})
}

// A list of which half the rows are damaged: the good half goes in, the other
// comes back with reasons and the same columns.
func TestHalfDamaged(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		clerk, _ := w.caller(grid.RoleCommunity, w.Hua.ID)
		bad := []string{"1.39E+10", "138****5678", "电话不详", "", "12"}
		var lines []string
		for i := range 200 {
			phone := fmt.Sprintf("139000%05d", i)
			if i%2 == 1 {
				phone = bad[i/2%len(bad)]
			}
			lines = append(lines, fmt.Sprintf("S%d,,,,,人%d,,%s,,", i, i, phone))
		}
		lines = append(lines, "L,,,,,长,,13900099999,"+strings.Repeat("很长的地址", 2000)+",")
		rep := w.bring(clerk, w.Hua.ID, lines...)
		if rep.New != 100 || rep.Refused != 101 {
			t.Fatalf("new %d refused %d", rep.New, rep.Refused)
		}
		rows := cellsOf(t, dbtest.Must(w.s.Refused(ctx, clerk, rep.ListID))(t))
		if len(rows) != 102 || slices.ContainsFunc(rows[1:], func(r []string) bool { return len(r) != 11 || r[10] == "" }) {
			t.Errorf("%d rows came back", len(rows))
		}
	})
}

func TestAnybodyReports(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		clerk, _ := w.caller(grid.RoleCommunity, w.Hua.ID)
		dbtest.OK(t, w.s.Sit(ctx, clerk))
		r := SelfReport{Name: "周三", Phone: "13900000033", Address: "朋友家", Origin: "沈阳市", ArriveDay: w.Clock.Now().AddDate(0, 0, 2).Format(time.DateOnly), People: 2}
		number := dbtest.Must(w.s.Arrive(ctx, w.C, w.Hua.Code, "10.0.0.1", r))(t)
		if again := dbtest.Must(w.s.Arrive(ctx, w.C, w.Hua.Code, "10.0.0.1", r))(t); again != number || len(number) != 6 {
			t.Errorf("%q %q", number, again)
		}
		dbtest.OK(t, w.s.Rebalance(ctx, w.C))
		open := dbtest.Must(w.s.InState(ctx, clerk, Open))(t)
		if len(open) != 1 || open[0].Source != FromSelf || open[0].AccountID != clerk.AccountID {
			t.Fatalf("%+v", open)
		}
		bad := r
		bad.Phone = "12"
		_, err := w.s.Arrive(ctx, w.C, w.Hua.Code, "10.0.0.1", SelfReport{ArriveDay: "x"})
		if got := web.FormErrors(ctx, err); len(got) != 6 {
			t.Errorf("of an empty form only this is told: %v", got)
		}
		if _, err := w.s.Arrive(ctx, w.C, w.Hua.Code, "10.0.0.1", bad); !errs.Is(err, errs.Invalid) {
			t.Errorf("a phone of two digits: %v", err)
		}
		card := w.lead(clerk, open[0].ID)
		if card.OriginCode != "2101" || card.OriginPlace != "辽宁省沈阳市" || open[0].OriginCode != "" {
			t.Errorf("comes from %q %q; in a list %q", card.OriginCode, card.OriginPlace, open[0].OriginCode)
		}
		if looks := dbtest.Must(w.Log.LooksAt(ctx, d.Read(), 9, card.ID))(t); len(looks) != 1 || looks[0].Account != clerk.AccountID {
			t.Errorf("seen in full without a trace: %+v", looks)
		}
		if name, err := w.s.CheckCode(ctx, w.C, w.Hua.Code, "10.0.0.2", card.Code, "0033"); err != nil || name == "" {
			t.Errorf("%q %v", name, err)
		}
		if _, err := w.s.CheckCode(ctx, w.C, w.Hua.Code, "10.0.0.2", card.Code, "0034"); !errs.Is(err, errs.NotFound) {
			t.Errorf("another phone: %v", err)
		}
		dbtest.OK(t, w.s.Leave(ctx, clerk))
		if _, err := w.s.CheckCode(ctx, w.C, w.Hua.Code, "10.0.0.2", card.Code, "0033"); !errs.Is(err, errs.NotFound) {
			t.Errorf("nobody has it and nobody called: %v", err)
		}
		dbtest.OK(t, w.s.Record(ctx, clerk, card.ID, Outcome{Result: "no_answer"}))
		if _, err := w.s.CheckCode(ctx, w.C, w.Hua.Code, "10.0.0.2", card.Code, "0033"); err != nil {
			t.Errorf("just called: %v", err)
		}
		w.Clock.Advance(25 * time.Hour)
		if _, err := w.s.CheckCode(ctx, w.C, w.Hua.Code, "10.0.0.2", card.Code, "0033"); !errs.Is(err, errs.NotFound) {
			t.Errorf("a day later: %v", err)
		}
		for i := range 30 {
			_, err := w.s.CheckCode(ctx, w.C, w.Hua.Code, "10.0.0.3", "000000", "0033")
			if want := map[bool]errs.Kind{false: errs.NotFound, true: errs.TooMany}[i >= 20]; !errs.Is(err, want) {
				t.Fatalf("guess %d: %v", i, err)
			}
		}
	})
}

// What a list says lies sealed: nothing of it stands in a table in clear.
func TestSealed(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		clerk, _ := w.caller(grid.RoleCommunity, w.Hua.ID)
		rep := w.bring(clerk, w.Hua.ID, "X1,,,,,甲乙丙,230103199003076616,13900000011,某处,")
		dbtest.OK(t, w.s.Record(ctx, clerk, w.people(clerk, rep.ListID)["甲乙丙"].ID, Outcome{Result: "abroad", Answer: Answer{Note: "甲乙丙走了"}}))
		for _, secret := range []string{"甲乙丙", "13900000011", "230103199003076616", "某处", "推送"} {
			if at := plainIn(t, d, secret); at != "" {
				t.Errorf("%s stands in clear in %s", secret, at)
			}
		}
		command, _ := w.caller(grid.RoleCommand, dbtest.Must(w.Grid.Root(ctx, w.C))(t).ID)
		if l := w.lead(command, w.people(command, rep.ListID)["甲乙丙"].ID); l.Full || l.Name != ledgerMask("甲乙丙") || len(l.Phones) > 0 || l.Answer != nil {
			t.Errorf("who does not call sees %+v", l.Lead)
		}
	})
}

func ledgerMask(name string) string { return ledger.Masks(&ledger.Person{Name: name})["name"] }

// Addresses find their doors; what somebody chose is remembered.
func TestAddressesFindTheirDoors(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		root := dbtest.Must(w.Grid.Root(ctx, w.C))(t)
		command, _ := w.caller(grid.RoleCommand, root.ID)
		clerk, _ := w.caller(grid.RoleCommunity, w.Hua.ID)
		rep := w.bring(command, root.ID,
			"A,,,,,甲,,13900000011,幸福小区3栋2单元502室,",
			"B,,,,,乙,,13900000012,不知道在哪,",
			"C,,,,,丙,,13900000013,幸福小区3号楼,",
			"D,,,,,王建国,,13800000000,幸福小区3-2-501,")
		if rep.New != 4 || rep.Door != 2 || rep.Known != 1 || rep.Unclear != 1 {
			t.Fatalf("%+v", rep)
		}
		open := dbtest.Must(w.s.InState(ctx, clerk, Open))(t)
		doors := map[string]id.ID{}
		for _, l := range open {
			doors[w.lead(clerk, l.ID).Name] = l.DoorID
		}
		if len(open) != 3 || doors["甲"] != w.doors[1].ID || doors["王建国"] != w.doors[0].ID || doors["丙"] != id.Zero {
			t.Errorf("%v", doors)
		}
		for _, l := range open {
			if l.Name == "丙*" {
				if err := w.s.Record(ctx, clerk, l.ID, Outcome{Result: "found_normal", Answer: Answer{Address: "3号楼"}}); !errs.Is(err, errs.Invalid) {
					t.Errorf("a building is no door: %v", err)
				}
				dbtest.OK(t, w.s.Record(ctx, clerk, l.ID, Outcome{Result: "found_normal", Answer: Answer{Address: "幸福小区3栋2单元503", Ledger: true}}))
				if got := w.lead(clerk, l.ID); got.DoorID != w.doors[2].ID {
					t.Errorf("the address said on the phone: %+v", got)
				}
			}
		}
	})
}

// A list that joins a person of another area learns the result and the area.
func TestAnotherAreasLeadTellsItsResultOnly(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		there := dbtest.Must(w.Grid.Area(ctx, w.C, "230103002001"))(t)
		here, _ := w.caller(grid.RoleCommunity, w.Hua.ID)
		other, _ := w.caller(grid.RoleCommunity, there.ID)
		first := w.bring(other, there.ID, "A,,,,,甲,,13900000011,某处,")
		v := w.people(other, first.ListID)["甲"].ID
		second := w.bring(here, w.Hua.ID, "B,,,,,甲,,13900000011,,")
		dbtest.OK(t, w.s.Record(ctx, other, v, Outcome{Result: "other_city", Answer: Answer{To: "沈阳市", Note: "秘密"}}))
		if l := w.people(here, second.ListID)["甲"]; !l.Away || l.Area == "" || l.Result != "other_city" || l.Name != "" || l.Measure != nil || l.Phones != nil {
			t.Errorf("%+v", l)
		}
		dbtest.OK(t, w.s.Close(ctx, here, second.ListID, "在外区"))
		back := strings.Join(cellsOf(t, dbtest.Must(w.s.Back(ctx, here, second.ListID))(t))[1], " ")
		if strings.Contains(back, "秘密") || strings.Contains(back, "沈阳市") || !strings.Contains(back, resultText("zh", "other_city")) {
			t.Errorf("%q", back)
		}
	})
}

// When an emergency has ended and its key is destroyed, the pages still open.
func TestAfterTheKeyIsGone(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		clerk, _ := w.caller(grid.RoleCommunity, w.Hua.ID)
		dbtest.OK(t, w.s.Sit(ctx, clerk))
		rep := w.bring(clerk, w.Hua.ID, "A,,,,,甲,,13900000011,,", "B,,,,,乙,,13900000012,,", "C,,,,,丙,,13900000013,,")
		people := w.people(clerk, rep.ListID)
		for _, name := range []string{"甲", "乙"} {
			dbtest.OK(t, w.s.Record(ctx, clerk, people[name].ID, Outcome{Result: "abroad", Answer: Answer{Note: "走了"}}))
			w.Clock.Advance(time.Second)
		}
		e := dbtest.Must(w.s.Rounds.OnlyEmergency(ctx, w.C))(t)
		dbtest.OK(t, d.Write(ctx, "test", func(tx *db.Tx) error {
			_, err := tx.ExecContext(ctx, "UPDATE emergency SET ended_ms = 1 WHERE district = $1", w.C.District)
			return err
		}))
		dbtest.OK(t, w.Keys.Destroy(e.Register))
		if desk := dbtest.Must(w.s.Desk(ctx, clerk))(t); desk.Now != nil || desk.Waiting != 0 {
			t.Errorf("an ended emergency is on the desk: %+v", desk)
		}
		if open := dbtest.Must(w.s.InState(ctx, clerk, Open))(t); len(open) != 0 {
			t.Errorf("%+v", open)
		}
		done := dbtest.Must(w.s.InState(ctx, clerk, Done))(t)
		if len(done) != 2 || done[0].ID != people["乙"].ID || done[0].Result != "abroad" {
			t.Fatalf("%+v", done)
		}
		if more := dbtest.Must(w.s.InStateAfter(ctx, clerk, Done, done[0].ID))(t); len(more) != 1 || more[0].ID != people["甲"].ID {
			t.Errorf("the next page: %+v", more)
		}
		if l := w.lead(clerk, done[0].ID); l.Name != "" || l.Result != "abroad" {
			t.Errorf("%+v", l)
		}
		if l, leads, err := w.s.Get(ctx, clerk, rep.ListID); err != nil || len(leads) != 3 || !l.Lost {
			t.Errorf("%d %v", len(leads), err)
		}
		s := newSite(t, w)
		s.who = clerk
		s.ask("/incoming/"+rep.ListID.String(), nil, http.StatusOK)
		s.ask("/incoming/"+rep.ListID.String()+"/close", url.Values{}, http.StatusSeeOther)
		if l, _, err := w.s.Get(ctx, clerk, rep.ListID); err != nil || l.State != "closed" {
			t.Errorf("%+v %v", l, err)
		}
		if _, err := w.s.Back(ctx, w.C, rep.ListID); !errs.Is(err, errs.Conflict) {
			t.Errorf("taken out although nothing can be read: %v", err)
		}
		dbtest.OK(t, w.s.Follow(ctx, w.C))
		if got := dbtest.Must(Check(ctx, d))(t); len(got.Problems) > 0 {
			t.Error(got.Problems)
		}
	})
}

// What is wrong with a row is told with the cell it stands in and what was read.
func TestABadCellIsNamed(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		clerk, _ := w.caller(grid.RoleCommunity, w.Hua.ID)
		rep := w.bring(clerk, w.Hua.ID, "A,,,,,甲,230103199003076610,13900000011,,", "B,,,,,,,1.39E+10,,", "C,,,,,,,,,", "D,,,不知道,外省来,丁,,13900000014,"+strings.Repeat("长", longest+1)+",")
		got := map[int]string{}
		for _, p := range rep.Problems {
			got[p.Row] += p.Severity + " " + p.Column + " " + p.Value + ";"
		}
		want := map[int]string{2: "doubt G 230103199003076610;", 3: "error H 1.39E+10;", 4: "error  ;", 5: "error I " + strings.Repeat("长", 20) + "…;"}
		if !maps.Equal(got, want) || rep.Refused != 3 {
			t.Errorf("%v, %d refused", got, rep.Refused)
		}
	})
}
