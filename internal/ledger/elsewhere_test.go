package ledger_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"wangge/internal/grid"
	"wangge/internal/ledger"
	"wangge/internal/platform/db"
	"wangge/internal/platform/db/dbtest"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
)

const otherPath = "230103001009"

// neighbour adds a second community with two doors and returns it and them.
func (w *world) neighbour() (area id.ID, doors []id.ID) {
	w.t.Helper()
	area = id.New()
	building := id.New()
	doors = []id.ID{id.New(), id.New()}
	rows := [][]any{
		{district, int64(area), 0, int64(area), "community", "和平社区", "230103001009", 9, otherPath, 1},
		{district, int64(building), int64(area), int64(area), "building", "8", "", 1, otherPath + "001", 1},
	}
	for i, d := range doors {
		rows = append(rows, []any{district, int64(d), int64(building), int64(area), "door", []string{"801", "802"}[i], "", i + 1, otherPath + "00100" + []string{"1", "2"}[i], 1})
	}
	w.write(func(tx *db.Tx) error {
		return tx.BulkInsert(ctx, "place", []string{"district", "id", "parent_id", "area_id", "kind", "name", "code", "ordinal", "path", "from_ms"}, rows)
	})
	return area, doors
}

// heads counts who lives somewhere, by heads and by records.
func (w *world) heads() [2]int {
	return [2]int{w.count("SELECT COALESCE(SUM(living_count), 0) FROM household WHERE until_ms = 0"),
		w.count("SELECT COUNT(*) FROM person WHERE until_ms = 0 AND lives_here = 1")}
}

func TestElsewhereCountsOnceAtEveryMoment(t *testing.T) {
	both(t, 5, func(t *testing.T, w *world) {
		area, doors := w.neighbour()
		from, to := caller(grid.RoleCommunity, communityPath), caller(grid.RoleCommunity, otherPath)
		p := person("王建国", "13812345678")
		p.IDNo, p.Note = "230103199003076616", "有狗"
		h := w.home(0, ledger.HouseholdInput{}, p, person("李秀英", ""))
		pid := h.Persons[0].ID
		_, err := w.s.Person(ctx, to, pid)
		wantKind(t, err, errs.NotFound)
		_, err = w.s.ProposeElsewhere(ctx, to, ledger.ElsewhereInput{PersonID: pid, ToArea: area})
		wantKind(t, err, errs.NotFound)
		_, err = w.s.ProposeElsewhere(ctx, from, ledger.ElsewhereInput{PersonID: pid})
		wantKind(t, err, errs.Invalid)
		item := must2[id.ID](t)(w.s.ProposeElsewhere(ctx, from, ledger.ElsewhereInput{PersonID: pid, ToArea: area, Address: "8-801"}))
		_, err = w.s.ProposeElsewhere(ctx, from, ledger.ElsewhereInput{PersonID: pid, ToArea: area})
		wantKind(t, err, errs.Conflict)
		if w.heads() != [2]int{2, 2} {
			t.Errorf("while it waits: %v", w.heads())
		}
		for _, c := range []grid.Caller{from, to} { // one item for both
			v := must2[ledger.ElsewhereItem](t)(w.s.Elsewhere(ctx, c, item))
			if v.Name != "王*" || v.Address != "8-801" || v.State != ledger.ElsewhereProposed || v.Note != "" || v.Agreed {
				t.Errorf("the item: %+v", v)
			}
			if list := must2[[]ledger.ElsewhereView](t)(w.s.Elsewheres(ctx, c, ledger.ElsewhereFilter{})); len(list) != 1 {
				t.Errorf("listed: %v", list)
			}
		}
		_, err = w.s.Elsewhere(ctx, caller(grid.RoleCommunity, "230103001008"), item)
		wantKind(t, err, errs.NotFound)
		_, err = w.s.AcceptElsewhere(ctx, from, item, ledger.ElsewhereAcceptance{DoorID: doors[0]})
		wantKind(t, err, errs.Denied)
		_, err = w.s.AcceptElsewhere(ctx, to, item, ledger.ElsewhereAcceptance{})
		wantKind(t, err, errs.Invalid)
		_, err = w.s.AcceptElsewhere(ctx, to, item, ledger.ElsewhereAcceptance{DoorID: w.doors[1]})
		wantKind(t, err, errs.NotFound)
		fresh := must2[id.ID](t)(w.s.AcceptElsewhere(ctx, to, item, ledger.ElsewhereAcceptance{DoorID: doors[0]}))
		if w.heads() != [2]int{2, 2} {
			t.Errorf("after acceptance: %v", w.heads())
		}
		c := to
		c.Purpose = "verify_record"
		v := must2[ledger.PersonView](t)(w.s.Person(ctx, c, fresh))
		if v.Name != "王建国" || v.IDNo != p.IDNo || v.Note != "" || v.Registered || !v.LivesHere || v.DoorID != doors[0] {
			t.Errorf("what crossed: %+v", v)
		}
		if v = w.full(pid); v.LivesHere || !v.Registered || v.LiveAddress != "和平社区" {
			t.Errorf("what stays: %+v", v)
		}
		_, err = w.s.AcceptElsewhere(ctx, to, item, ledger.ElsewhereAcceptance{DoorID: doors[1]})
		wantKind(t, err, errs.Conflict)
		f := must2[*ledger.File](t)(w.s.File(ctx, to, fresh))
		if len(f.Elsewhere) != 1 || f.Elsewhere[0].From != "测试社区" {
			t.Errorf("the new file: %+v", f.Elsewhere)
		}
		if f = must2[*ledger.File](t)(w.s.File(ctx, caller(grid.RoleGridWorker, communityPath), pid)); len(f.Elsewhere) != 1 {
			t.Error("a grid worker at the door does not see where the person went")
		}
	})
}

func TestElsewhereJoinsTwoRecords(t *testing.T) {
	both(t, 5, func(t *testing.T, w *world) {
		area, doors := w.neighbour()
		from, to := caller(grid.RoleCommunity, communityPath), caller(grid.RoleCommunity, otherPath)
		p := person("王建国", "13812345678")
		p.IDNo = "230103199003076616"
		mine := w.home(0, ledger.HouseholdInput{}, p).Persons[0].ID
		there := ledger.Person{Name: "王建国", IDNo: p.IDNo, LivesHere: true, Registered: true}
		hid := must2[id.ID](t)(w.s.AddHousehold(ctx, w.sys, ledger.HouseholdInput{DoorID: doors[0], Kind: ledger.Family}, []ledger.Person{there}))
		theirs := w.see(hid).Persons[0].ID
		item := must2[id.ID](t)(w.s.ProposeElsewhere(ctx, from, ledger.ElsewhereInput{PersonID: mine, ToArea: area}))
		if w.heads() != [2]int{1, 1} {
			t.Errorf("two records of one number count %v", w.heads())
		}
		v := must2[ledger.ElsewhereItem](t)(w.s.Elsewhere(ctx, to, item))
		if !v.Agreed || len(v.Alike) != 1 || v.Alike[0].ID != theirs || !v.MayReceive || v.MayWithdraw {
			t.Errorf("the receiver sees %+v", v)
		}
		if v = must2[ledger.ElsewhereItem](t)(w.s.Elsewhere(ctx, from, item)); len(v.Alike) != 0 || v.MayReceive || !v.MayWithdraw {
			t.Errorf("the sender sees %+v", v)
		}
		must(t, w.s.RefuseElsewhere(ctx, to, item, 0, "someone_else", "同名"))
		if w.heads() != [2]int{2, 2} || !w.full(mine).LivesHere {
			t.Errorf("after refusing: %v", w.heads())
		}
		item = must2[id.ID](t)(w.s.ProposeElsewhere(ctx, from, ledger.ElsewhereInput{PersonID: mine, ToArea: area}))
		must(t, w.s.WithdrawElsewhere(ctx, from, item, 0))
		item = must2[id.ID](t)(w.s.ProposeElsewhere(ctx, from, ledger.ElsewhereInput{PersonID: mine, ToArea: area}))
		got := must2[id.ID](t)(w.s.AcceptElsewhere(ctx, to, item, ledger.ElsewhereAcceptance{PersonID: theirs}))
		if got != theirs || w.heads() != [2]int{1, 1} {
			t.Errorf("joined as %v, %v", got, w.heads())
		}
		if v := w.full(theirs); v.Registered || len(v.Phones) != 1 {
			t.Errorf("the record that counts: %+v", v)
		}
		if n := w.count("SELECT COALESCE(SUM(registered_count), 0) FROM household WHERE until_ms = 0"); n != 1 {
			t.Errorf("registered %d times", n)
		}
		if list := must2[[]ledger.ElsewhereView](t)(w.s.Elsewheres(ctx, to, ledger.ElsewhereFilter{Closed: true})); len(list) != 3 {
			t.Errorf("decided: %d", len(list))
		}
	})
}

func TestElsewhereWithoutRegistrationMovesOn(t *testing.T) {
	both(t, 5, func(t *testing.T, w *world) {
		area, doors := w.neighbour()
		p := person("赵四", "13812345678")
		p.Registered = false
		h := w.home(0, ledger.HouseholdInput{}, p)
		item := must2[id.ID](t)(w.s.ProposeElsewhere(ctx, w.sys, ledger.ElsewhereInput{PersonID: h.Persons[0].ID, ToArea: area}))
		must2[id.ID](t)(w.s.AcceptElsewhere(ctx, w.sys, item, ledger.ElsewhereAcceptance{DoorID: doors[1]}))
		if v := w.full(h.Persons[0].ID); v.UntilReason != "living_elsewhere" || w.heads() != [2]int{1, 1} || w.see(h.ID).UntilMs == 0 {
			t.Errorf("a tenant who moved on: %+v, %v", v, w.heads())
		}
	})
}

func TestElsewhereHasAnOwnerAndADeadline(t *testing.T) {
	both(t, 5, func(t *testing.T, w *world) {
		area, doors := w.neighbour()
		street, post := id.New(), id.New()
		w.write(func(tx *db.Tx) error {
			if err := tx.BulkInsert(ctx, "place", []string{"district", "id", "parent_id", "area_id", "kind", "name", "code", "ordinal", "path", "from_ms"},
				[][]any{{district, int64(street), 0, int64(street), "street", "某街道", "230103001", 1, "230103001", 1}}); err != nil {
				return err
			}
			if err := tx.BulkInsert(ctx, "post", []string{"district", "id", "role", "object_kind", "object_id", "from_ms"}, [][]any{
				{district, int64(post), "community", "place", int64(area), 1}, {district, int64(post) + 1, "street", "place", int64(street), 1}}); err != nil {
				return err
			}
			return tx.BulkInsert(ctx, "holder", []string{"district", "id", "post_id", "account_id", "from_ms", "until_ms"}, [][]any{
				{district, int64(id.New()), int64(post), 7, 1, w.clk.Now().Add(48 * time.Hour).UnixMilli()}, {district, int64(id.New()), int64(post) + 1, 8, 1, 0}})
		})
		pid := w.home(0, ledger.HouseholdInput{}, person("王建国", "")).Persons[0].ID
		item := must2[id.ID](t)(w.s.ProposeElsewhere(ctx, w.sys, ledger.ElsewhereInput{PersonID: pid, ToArea: area}))
		above := caller(grid.RoleStreet, "230103001")
		see := func() ledger.ElsewhereItem {
			return must2[ledger.ElsewhereItem](t)(w.s.Elsewhere(ctx, above, item))
		}
		if v := see(); v.OwnerRole != "community" || v.Climbed || v.Overdue || v.MayReceive {
			t.Errorf("at first: %+v", v)
		}
		w.clk.Advance(72 * time.Hour)
		if v := see(); v.OwnerRole != "street" || !v.Climbed || v.Overdue {
			t.Errorf("after the clerk left: %+v", v)
		}
		w.clk.Advance(48 * time.Hour)
		counts := must2[[]ledger.ElsewhereCount](t)(w.s.ElsewhereCounts(ctx, above, id.Zero))
		if v := see(); !v.Overdue || len(counts) != 1 || counts[0].Open != 1 || counts[0].Overdue != 1 {
			t.Errorf("after the deadline: %+v %+v", v, counts)
		}
		// Who is named can act: the street in the community's place, for this community only.
		if v := see(); !v.MayReceive || !v.StandsIn {
			t.Errorf("the street is named and cannot act: %+v", v)
		}
		wantKind(t, w.s.RefuseElsewhere(ctx, caller(grid.RoleStreet, "230103002"), item, 0, "not_found", ""), errs.Denied)
		wantKind(t, w.s.RefuseElsewhere(ctx, caller(grid.RoleCommand, "230103"), item, 0, "not_found", ""), errs.Denied)
		_, err := w.s.AcceptElsewhere(ctx, above, item, ledger.ElsewhereAcceptance{DoorID: w.doors[1]})
		wantKind(t, err, errs.NotFound) // not of the receiving community
		must2[id.ID](t)(w.s.AcceptElsewhere(ctx, above, item, ledger.ElsewhereAcceptance{DoorID: doors[0]}))
		if v := see(); v.State != ledger.ElsewhereAccepted || v.MayReceive || v.StandsIn {
			t.Errorf("accepted by the street: %+v", v)
		}
		_, err = w.s.AddHousehold(ctx, above, ledger.HouseholdInput{DoorID: doors[1], Kind: ledger.Vacant}, nil)
		wantKind(t, err, errs.Denied)
	})
}

// The sender is told when an accepted person leaves the receiver, by whichever
// way; it is taken back when the person returns.
func TestSenderIsToldOfLeaving(t *testing.T) {
	both(t, 6, func(t *testing.T, w *world) {
		area, doors := w.neighbour()
		from, to := caller(grid.RoleCommunity, communityPath), caller(grid.RoleCommunity, otherPath)
		pid := w.home(0, ledger.HouseholdInput{}, person("王建国", "13812345678"), person("李秀英", "")).Persons[0].ID
		item := must2[id.ID](t)(w.s.ProposeElsewhere(ctx, from, ledger.ElsewhereInput{PersonID: pid, ToArea: area}))
		fresh := must2[id.ID](t)(w.s.AcceptElsewhere(ctx, to, item, ledger.ElsewhereAcceptance{DoorID: doors[0]}))
		want := func(when string, state ledger.ElsewhereState, reason string, open int) {
			t.Helper()
			v := must2[ledger.ElsewhereItem](t)(w.s.Elsewhere(ctx, from, item))
			waits := must2[[]ledger.ElsewhereView](t)(w.s.Elsewheres(ctx, from, ledger.ElsewhereFilter{}))
			if v.State != state || v.Reason != reason || len(waits) != open || v.MayNote != (state == ledger.ElsewhereLeft) {
				t.Errorf("%s: %s %q, %d wait, may note %t", when, v.State, v.Reason, len(waits), v.MayNote)
			}
			if there := must2[[]ledger.ElsewhereView](t)(w.s.Elsewheres(ctx, to, ledger.ElsewhereFilter{})); len(there) != 0 {
				t.Errorf("%s: it waits at the receiver: %+v", when, there)
			}
		}
		want("accepted", ledger.ElsewhereAccepted, "", 0)
		must(t, w.s.MovePerson(ctx, to, ledger.Move{PersonID: fresh, DoorID: doors[1]}))
		want("moved within the community", ledger.ElsewhereAccepted, "", 0)
		must(t, w.s.DepartPerson(ctx, to, fresh, 0, "moved_away"))
		want("departed", ledger.ElsewhereLeft, "moved_away", 1)
		if f := must2[*ledger.File](t)(w.s.File(ctx, from, pid)); f.Events[0].Kind != ledger.EventElsewhereLeft || f.Events[0].Text != "和平社区" {
			t.Errorf("the sender's file: %+v", f.Events[0])
		}
		must(t, w.s.ReturnPerson(ctx, to, fresh, 0))
		want("came back", ledger.ElsewhereAccepted, "", 0)
		must(t, w.s.MovePerson(ctx, w.sys, ledger.Move{PersonID: fresh, DoorID: w.doors[3]}))
		want("moved to another community", ledger.ElsewhereLeft, "moved_away", 1)
		must(t, w.s.MovePerson(ctx, w.sys, ledger.Move{PersonID: fresh, DoorID: doors[0]}))
		want("and back", ledger.ElsewhereAccepted, "", 0)
		v := must2[ledger.PersonView](t)(w.s.Person(ctx, w.sys, fresh))
		h := w.see(v.HouseholdID)
		must(t, w.s.DepartHousehold(ctx, to, h.ID, h.Version, "died"))
		want("with the household", ledger.ElsewhereLeft, "died", 1)
		wantKind(t, w.s.NoteElsewhereLeft(ctx, to, item, 0), errs.Denied)
		must(t, w.s.NoteElsewhereLeft(ctx, from, item, 0))
		want("noted", ledger.ElsewhereEnded, "died", 0)
		wantKind(t, w.s.NoteElsewhereLeft(ctx, from, item, 0), errs.Conflict)
		next := must2[id.ID](t)(w.s.ProposeElsewhere(ctx, from, ledger.ElsewhereInput{PersonID: pid, ToArea: area}))
		must(t, w.s.WithdrawElsewhere(ctx, from, next, 0))
	})
}

func TestElsewherePages(t *testing.T) {
	d := dbtest.Open(t, db.FileURL(t.TempDir()+"/p.db"))
	must(t, d.Migrate(ctx))
	w := newWorld(t, d, 5)
	area, _ := w.neighbour()
	p := person("王建国", "13812345678")
	p.IDNo = "230103199003076616"
	h := w.home(0, ledger.HouseholdInput{}, p)
	file := "/persons/" + h.Persons[0].ID.String()
	for _, lang := range []string{"zh", "en"} {
		from, to := caller(grid.RoleCommunity, communityPath), caller(grid.RoleCommunity, otherPath)
		from.Lang, to.Lang = lang, lang
		send, recv := site(t, w, from), site(t, w, to)
		check(t, send("GET", "/elsewhere", nil), 200, "nothing yet")
		check(t, send("GET", file+"/elsewhere", nil), 200, "the form")
		rec := send("POST", file+"/elsewhere", url.Values{"address": {"八号楼"}})
		if check(t, rec, 422, "no community"); !strings.Contains(rec.Body.String(), "八号楼") {
			t.Error("what was typed is gone")
		}
		check(t, send("POST", file+"/elsewhere", url.Values{"to": {area.String()}, "address": {"八号楼"}}), 303, "propose")
		check(t, send("GET", file, nil), 200, "the file")
		list := must2[[]ledger.ElsewhereView](t)(w.s.Elsewheres(ctx, to, ledger.ElsewhereFilter{}))
		item := "/elsewhere/" + list[0].ID.String()
		for _, get := range []string{"/elsewhere", "/elsewhere?state=closed", item} {
			check(t, send("GET", get, nil), 200, get)
			check(t, recv("GET", get, nil), 200, get)
		}
		check(t, recv("POST", item+"/accept", url.Values{"to": {"9-9-999"}}), 422, "a door that is not there")
		check(t, recv("POST", item+"/refuse", nil), 422, "refused without a reason")
		if lang == "zh" {
			check(t, recv("POST", item+"/refuse", url.Values{"reason": {"not_found"}, "answer": {"敲门无人认识"}}), 303, "refuse")
		} else {
			check(t, recv("POST", item+"/accept", url.Values{"to": {"8-801"}}), 303, "accept")
			check(t, recv("POST", item+"/accept", url.Values{"to": {"8-801"}}), 409, "accept twice")
		}
		check(t, recv("GET", item, nil), 200, "decided")
		if lang == "en" {
			v := must2[ledger.ElsewhereItem](t)(w.s.Elsewhere(ctx, to, list[0].ID))
			must(t, w.s.DepartPerson(ctx, to, v.ResultID, 0, "died"))
			rec := send("GET", item, nil)
			if check(t, rec, 200, "left"); !strings.Contains(rec.Body.String(), item+"/noted") {
				t.Error("the sender cannot say that it knows")
			}
			check(t, send("GET", file, nil), 200, "the file tells it")
			check(t, send("GET", "/elsewhere", nil), 200, "it waits")
			check(t, send("POST", item+"/noted", nil), 303, "noted")
		}
		check(t, send("GET", "/elsewhere?state=closed", nil), 200, "decided ones")
	}
}
