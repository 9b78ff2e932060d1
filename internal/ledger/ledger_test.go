package ledger_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
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

var ctx = context.Background()

// caller holds one post over a place.
func caller(role grid.Role, path string) grid.Caller {
	return grid.Caller{District: district, AccountID: 77, Lang: "zh", Grants: []grid.Grant{{PostID: 5, Role: role, ObjectKind: grid.ObjectPlace, Path: path}}}
}

func person(name, phone string) ledger.Person {
	p := ledger.Person{Name: name, LivesHere: true, Registered: true}
	if phone != "" {
		p.Phones = []string{phone}
	}
	return p
}

func (w *world) home(door int, in ledger.HouseholdInput, ps ...ledger.Person) ledger.HouseholdView {
	w.t.Helper()
	in.DoorID = w.doors[door]
	if in.Kind == "" {
		in.Kind = ledger.Family
	}
	h, err := w.s.AddHousehold(ctx, w.sys, in, ps)
	if err != nil {
		w.t.Fatal(err)
	}
	return w.see(h)
}

func (w *world) see(h id.ID) ledger.HouseholdView {
	w.t.Helper()
	v, err := w.s.Household(ctx, w.sys, h)
	if err != nil {
		w.t.Fatal(err)
	}
	return v
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantKind(t testing.TB, err error, k errs.Kind) {
	t.Helper()
	if !errs.Is(err, k) {
		t.Errorf("got %v, want an error of kind %s", err, k)
	}
}

func both(t *testing.T, n int, body func(t *testing.T, w *world)) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) { body(t, newWorld(t, d, n)) })
}

func TestNothingPersonalInTheFile(t *testing.T) {
	dir := t.TempDir()
	url := db.FileURL(filepath.Join(dir, "x.db"))
	d := dbtest.Open(t, url)
	must(t, d.Migrate(ctx))
	w := newWorld(t, d, 3)
	p := person("欧阳锋", "13912345678")
	p.IDNo, p.Note, p.RegAddress = "230103199003076616", "对青霉素过敏", "桃花岛二号院"
	h := w.home(0, ledger.HouseholdInput{Nickname: "老毒物家", Note: "门口有狗"}, p)
	v := h.Persons[0]
	if _, err := w.s.AddCare(ctx, w.sys, v.ID, "dialysis", "escort", "每周三次"); err != nil {
		t.Fatal(err)
	}
	must(t, w.s.AddNote(ctx, w.sys, v.ID, "夜里咳嗽"))
	must(t, w.s.EditPerson(ctx, w.sys, ledger.Person{ID: v.ID, Version: v.Version, Name: "欧阳克", Phones: []string{"13987654321"}, LivesHere: true}))
	secrets := []string{"欧阳锋", "欧阳克", "13912345678", "13987654321", "230103199003076616", "青霉素", "桃花岛", "老毒物", "门口有狗", "每周三次", "夜里咳嗽", "dialysis"}
	grep := func() {
		files, _ := filepath.Glob(filepath.Join(dir, "*"))
		for _, f := range files {
			b, err := os.ReadFile(f)
			must(t, err)
			for _, s := range secrets {
				if bytes.Contains(b, []byte(s)) {
					t.Errorf("%s holds %q in clear", filepath.Base(f), s)
				}
			}
		}
	}
	grep() // with the write-ahead log
	w.write(func(tx *db.Tx) error { return nil })
	must(t, d.Close())
	grep()
}

func TestMasks(t *testing.T) {
	both(t, 3, func(t *testing.T, w *world) {
		p := person("王建国", "13812345678")
		p.IDNo, p.Birth, p.RegAddress, p.Relation = "230103199003076616", "1990-03-07", "和平路1号", "户主"
		h := w.home(0, ledger.HouseholdInput{}, p)
		pid := h.Persons[0].ID
		for _, tc := range []struct {
			role                    grid.Role
			purpose                 string
			name, phone, idno, addr string
		}{
			{grid.RoleCommunity, "", "王*", "138****5678", "2301**********6616", "***"},
			{grid.RoleCommunity, "verify_record", "王建国", "13812345678", "230103199003076616", "和平路1号"},
			{grid.RoleGridWorker, "verify_record", "王建国", "13812345678", "2301**********6616", "和平路1号"},
			{grid.RoleBuildingLeader, "verify_record", "王*", "138****5678", "", ""},
			{grid.RoleCommand, "verify_record", "王*", "", "", ""},
		} {
			c := caller(tc.role, communityPath)
			c.Purpose = tc.purpose
			v, err := w.s.Person(ctx, c, pid)
			must(t, err)
			phone := strings.Join(v.Phones, " ")
			if v.Name != tc.name || phone != tc.phone || v.IDNo != tc.idno || v.RegAddress != tc.addr {
				t.Errorf("%s with purpose %q sees %q %q %q %q", tc.role, tc.purpose, v.Name, phone, v.IDNo, v.RegAddress)
			}
		}
		p.ID, p.IDNo = pid, ""
		must(t, w.s.EditPerson(ctx, w.sys, p))
		worker := caller(grid.RoleGridWorker, communityPath)
		worker.Purpose = "verify_record"
		wf, err := w.s.File(ctx, worker, pid)
		must(t, err)
		if old := wf.Events[0].Changes["idno"].Old; old != "***" {
			t.Errorf("the history shows a grid worker the number %q", old)
		}
		f, err := w.s.File(ctx, caller(grid.RoleCommunity, communityPath), pid)
		must(t, err)
		if len(f.Looks) != 1 && len(f.Looks) != 2 {
			t.Errorf("looks: %+v", f.Looks)
		}
		if f.Looks[0].Purpose != "verify_record" || f.Looks[0].Role == "" {
			t.Errorf("the look says %+v", f.Looks[0])
		}
	})
}

func TestNeighboursSeeWhoLivesThere(t *testing.T) {
	both(t, 3, func(t *testing.T, w *world) {
		owner := person("王建国", "13812345678")
		owner.LivesHere = false
		tenant := person("李秀英", "")
		tenant.Registered = false
		h := w.home(0, ledger.HouseholdInput{Kind: ledger.Shared}, owner, tenant)
		ownerID := h.Persons[0].ID
		for _, role := range []grid.Role{grid.RoleBuildingLeader, grid.RoleRepresentative, grid.RoleProperty, grid.RoleCommand} {
			c := caller(role, communityPath)
			v, err := w.s.Household(ctx, c, h.ID)
			must(t, err)
			if len(v.Persons) != 1 || v.Persons[0].Name != "李*" || v.Living != 1 || v.Registered != 0 || v.RegistrationShown || v.Persons[0].RegistrationShown {
				t.Errorf("%s sees %+v", role, v)
			}
			_, err = w.s.Person(ctx, c, ownerID)
			wantKind(t, err, errs.NotFound)
			found, err := w.s.Search(ctx, c, ledger.Search{Text: "王建国"})
			must(t, err)
			if len(found.Persons) != 0 {
				t.Errorf("%s finds who lives elsewhere", role)
			}
			for _, f := range []ledger.Filter{{Lives: "elsewhere"}, {Lives: "here"}, {Registered: "yes"}, {Registered: "no"}} {
				_, err = w.s.Persons(ctx, c, f)
				wantKind(t, err, errs.Denied)
			}
		}
		// A leader here who is a clerk elsewhere may pick, but finds nothing here.
		c := caller(grid.RoleBuildingLeader, communityPath)
		c.Grants = append(c.Grants, grid.Grant{PostID: 6, Role: grid.RoleCommunity, ObjectKind: grid.ObjectPlace, Path: "230103001009"})
		people, err := w.s.Persons(ctx, c, ledger.Filter{Lives: "here", Limit: 10})
		must(t, err)
		if len(people.Persons) != 0 {
			t.Errorf("picked %+v", people.Persons)
		}
		p := tenant
		p.ID, p.Registered = h.Persons[1].ID, true
		must(t, w.s.EditPerson(ctx, w.sys, p))
		f, err := w.s.File(ctx, caller(grid.RoleBuildingLeader, communityPath), p.ID)
		must(t, err)
		for _, e := range f.Events {
			if _, told := e.Changes["registered"]; told {
				t.Error("the file tells a neighbour of a registration")
			}
		}
	})
}

func TestSightIsOfThePostAtThePlace(t *testing.T) {
	both(t, 12, func(t *testing.T, w *world) {
		h := w.home(0, ledger.HouseholdInput{}, person("王建国", "13812345678"))
		// A clerk of another community who is a building leader here.
		c := caller(grid.RoleBuildingLeader, communityPath)
		c.Grants = append(c.Grants, grid.Grant{PostID: 6, Role: grid.RoleCommunity, ObjectKind: grid.ObjectPlace, Path: "230103001009"})
		c.Purpose = "verify_record"
		v, err := w.s.Person(ctx, c, h.Persons[0].ID)
		must(t, err)
		if v.Name != "王*" || v.Unmasked {
			t.Errorf("a post elsewhere shows %q here", v.Name)
		}
	})
}

func TestScope(t *testing.T) {
	both(t, 12, func(t *testing.T, w *world) {
		h := w.home(0, ledger.HouseholdInput{}, person("王建国", ""))
		pid := h.Persons[0].ID
		other := caller(grid.RoleCommunity, "230103001009")
		_, err := w.s.Person(ctx, other, pid)
		wantKind(t, err, errs.NotFound)
		_, err = w.s.Household(ctx, other, h.ID)
		wantKind(t, err, errs.NotFound)
		_, err = w.s.File(ctx, other, pid)
		wantKind(t, err, errs.NotFound)
		wantKind(t, w.s.EditPerson(ctx, other, ledger.Person{ID: pid, Name: "x"}), errs.NotFound)
		_, err = w.s.AddHousehold(ctx, other, ledger.HouseholdInput{DoorID: w.doors[1], Kind: ledger.Family}, nil)
		wantKind(t, err, errs.NotFound)
		wantKind(t, w.s.EditPerson(ctx, caller(grid.RoleBuildingLeader, communityPath), ledger.Person{ID: pid, Name: "x"}), errs.Denied)
		found, err := w.s.Search(ctx, other, ledger.Search{Text: "王建国"})
		must(t, err)
		if len(found.Persons) != 0 {
			t.Error("the search leaves the scope")
		}
		doors := grid.Caller{District: district, Grants: []grid.Grant{{PostID: 9, Role: grid.RoleGridWorker, ObjectKind: grid.ObjectDoors}}}
		w.write(func(tx *db.Tx) error {
			return tx.BulkInsert(ctx, "post_door", []string{"district", "post_id", "door_id"}, [][]any{{district, 9, int64(w.doors[0])}})
		})
		if _, err := w.s.Person(ctx, doors, pid); err != nil {
			t.Errorf("a post over this very door: %v", err)
		}
	})
}

func TestVersions(t *testing.T) {
	both(t, 2, func(t *testing.T, w *world) {
		h := w.home(0, ledger.HouseholdInput{}, person("王建国", "13812345678"))
		v := h.Persons[0]
		edit := ledger.Person{ID: v.ID, Version: v.Version, Name: "王建军", LivesHere: true, Registered: true}
		must(t, w.s.EditPerson(ctx, w.sys, edit))
		wantKind(t, w.s.EditPerson(ctx, w.sys, edit), errs.Conflict)
		wantKind(t, w.s.EditHousehold(ctx, w.sys, h.ID, ledger.HouseholdInput{Kind: ledger.Family, Version: h.Version + 7, Living: 1, Registered: 1}), errs.Conflict)
	})
}

func TestMaskedFormKeepsTheValue(t *testing.T) {
	both(t, 2, func(t *testing.T, w *world) {
		p := person("王建国", "13812345678")
		p.Note = "有狗"
		v := w.home(0, ledger.HouseholdInput{}, p).Persons[0]
		must(t, w.s.EditPerson(ctx, w.sys, ledger.Person{ID: v.ID, Version: 1, Name: "王*", Phones: []string{"138****5678"}, Note: "***", Work: "铁路", LivesHere: true, Registered: true}))
		c := caller(grid.RoleCommunity, communityPath)
		c.Purpose = "verify_record"
		f, err := w.s.File(ctx, c, v.ID)
		must(t, err)
		if f.Person.Name != "王建国" || f.Person.Phones[0] != "13812345678" || f.Person.Note != "有狗" || f.Person.Work != "铁路" {
			t.Errorf("after the edit: %+v", f.Person)
		}
		if len(f.Events) != 2 || len(f.Events[0].Changes) != 1 || f.Events[0].Changes["work"].New != "铁路" {
			t.Errorf("events: %+v", f.Events)
		}
		wantKind(t, w.s.EditPerson(ctx, w.sys, ledger.Person{ID: v.ID, Version: 2, Name: "李*"}), errs.Invalid)
	})
}

func TestMovesKeepHistory(t *testing.T) {
	both(t, 5, func(t *testing.T, w *world) {
		var heard []ledger.Change
		w.s.OnHousehold(func(_ context.Context, _ *db.Tx, cs []ledger.Change) error { heard = append(heard, cs...); return nil })
		a := w.home(0, ledger.HouseholdInput{Living: 6, Registered: 2}, person("王建国", ""), person("李秀英", ""))
		b := w.home(1, ledger.HouseholdInput{}, person("赵四", ""))
		heard = nil
		mover := a.Persons[0]
		w.clk.Advance(time.Hour)
		must(t, w.s.MovePerson(ctx, w.sys, ledger.Move{PersonID: mover.ID, Version: mover.Version, HouseholdID: b.ID}))
		a, b = w.see(a.ID), w.see(b.ID)
		if a.Living != 5 || a.Registered != 2 || a.Unnamed != 4 || b.Living != 2 || b.Registered != 1 {
			t.Errorf("after the move: from %d/%d (%d unnamed), to %d/%d", a.Living, a.Registered, a.Unnamed, b.Living, b.Registered)
		}
		if len(heard) != 1 || heard[0].Kind != ledger.Moved || heard[0].FromDoorID != w.doors[0] || heard[0].DoorID != w.doors[1] {
			t.Errorf("heard %+v", heard)
		}
		w.clk.Advance(time.Hour)
		must(t, w.s.MovePerson(ctx, w.sys, ledger.Move{PersonID: mover.ID, DoorID: w.doors[2], WithRegistration: true}))
		w.clk.Advance(time.Hour)
		must(t, w.s.DepartPerson(ctx, w.sys, mover.ID, 0, "moved_away"))
		f, err := w.s.File(ctx, w.sys, mover.ID)
		must(t, err)
		if len(f.Residences) != 3 || f.Residences[2].DoorID != w.doors[0] || f.Residences[1].DoorID != w.doors[1] || f.Residences[0].Reason != "moved_away" {
			t.Errorf("residences: %+v", f.Residences)
		}
		kinds := ""
		for _, e := range f.Events {
			kinds += e.Kind + " "
		}
		if kinds != "departed moved moved created " {
			t.Errorf("events: %s", kinds)
		}
		if n := w.count("SELECT COUNT(*) FROM household WHERE until_ms = 0"); n != 2 {
			t.Errorf("%d open households; the emptied one should be closed", n)
		}
		must(t, w.s.ReturnPerson(ctx, w.sys, mover.ID, 0))
		v, err := w.s.Person(ctx, w.sys, mover.ID)
		must(t, err)
		if h := w.see(v.HouseholdID); h.Living != 1 || h.DoorID != w.doors[2] {
			t.Errorf("after the return: %+v", h)
		}
	})
}

func TestSplitJoinMerge(t *testing.T) {
	both(t, 3, func(t *testing.T, w *world) {
		a := w.home(0, ledger.HouseholdInput{}, person("王建国", "13812345678"), person("李秀英", ""), person("王小明", ""))
		n, err := w.s.Split(ctx, w.sys, a.ID, []id.ID{a.Persons[2].ID}, ledger.Shared)
		must(t, err)
		a2, b := w.see(a.ID), w.see(n)
		if a2.Living != 2 || b.Living != 1 || b.Kind != ledger.Shared || b.DoorID != a.DoorID {
			t.Errorf("after the split: %d and %d", a2.Living, b.Living)
		}
		must(t, w.s.Join(ctx, w.sys, n, a.ID))
		if a2 = w.see(a.ID); a2.Living != 3 || len(a2.Persons) != 3 {
			t.Errorf("after joining: %d living, %d persons", a2.Living, len(a2.Persons))
		}
		dup := w.home(1, ledger.HouseholdInput{}, person("王建国", "13900001111"))
		if _, err := w.s.AddCare(ctx, w.sys, dup.Persons[0].ID, "living_alone", "", ""); err != nil {
			t.Fatal(err)
		}
		must(t, w.s.AddNote(ctx, w.sys, dup.Persons[0].ID, "old note"))
		keep := a.Persons[0].ID
		must2[id.ID](t)(w.s.MergePersons(ctx, w.sys, ledger.Merge{Keep: keep, Drop: dup.Persons[0].ID}))
		f, err := w.s.File(ctx, w.sys, keep)
		must(t, err)
		if len(f.Person.Phones) != 2 || len(f.Care) != 1 {
			t.Errorf("merged: phones %v care %v", f.Person.Phones, f.Care)
		}
		note := false
		for _, e := range f.Events {
			note = note || e.Text == "old note"
		}
		if !note {
			t.Error("the other record's history is lost")
		}
		gone, err := w.s.File(ctx, w.sys, dup.Persons[0].ID)
		must(t, err)
		if gone.MergedInto != keep || gone.Person.UntilReason != "merged" {
			t.Errorf("the closed record: %+v", gone)
		}
		found, err := w.s.Search(ctx, w.sys, ledger.Search{Text: "13900001111"})
		must(t, err)
		if len(found.Persons) != 1 || found.Persons[0].ID != keep {
			t.Errorf("the phone of the merged record finds %+v", found.Persons)
		}
	})
}

func TestLists(t *testing.T) {
	both(t, 3, func(t *testing.T, w *world) {
		v := w.home(0, ledger.HouseholdInput{}, person("王建国", "")).Persons[0]
		for _, kind := range []string{"petition", "security", "record", "religion", "ethnicity", "信访", "重点人员", "petitioner"} {
			_, err := w.s.AddCare(ctx, w.sys, v.ID, kind, "", "")
			wantKind(t, err, errs.Denied)
			_, err = w.s.AddRisk(ctx, w.sys, v.ID, kind, "")
			wantKind(t, err, errs.Denied)
		}
		_, err := w.s.AddCare(ctx, w.sys, v.ID, "close_contact", "", "")
		wantKind(t, err, errs.Invalid)
		for _, k := range append(ledger.CareKinds(), ledger.RiskKinds()...) {
			if ledger.ForbiddenTag(k) {
				t.Errorf("%s is on a list and forbidden", k)
			}
		}
		clerk, leader, worker := caller(grid.RoleCommunity, communityPath), caller(grid.RoleBuildingLeader, communityPath), caller(grid.RoleGridWorker, communityPath)
		item, err := w.s.AddCare(ctx, clerk, v.ID, "dialysis", "escort", "周三")
		must(t, err)
		_, err = w.s.AddCare(ctx, clerk, v.ID, "dialysis", "escort", "")
		wantKind(t, err, errs.Conflict)
		_, err = w.s.AddRisk(ctx, worker, v.ID, "close_contact", "")
		wantKind(t, err, errs.Denied)
		_, err = w.s.AddRisk(ctx, clerk, v.ID, "close_contact", "")
		must(t, err)
		f, err := w.s.File(ctx, leader, v.ID)
		must(t, err)
		if len(f.Care) != 0 || len(f.Risk) != 0 || len(f.Actions) != 1 || f.Actions[0] != "escort" || len(f.Events) != 1 {
			t.Errorf("a neighbour sees %+v", f)
		}
		f, err = w.s.File(ctx, worker, v.ID)
		must(t, err)
		if len(f.Care) != 1 || len(f.Risk) != 0 {
			t.Errorf("a grid worker sees care %v, risk %v", f.Care, f.Risk)
		}
		list, err := w.s.CareList(ctx, clerk, "", "dialysis", 0)
		must(t, err)
		if len(list) != 1 || list[0].Care[0].Kind != "dialysis" || list[0].Name != "王*" {
			t.Errorf("the care list: %+v", list)
		}
		_, err = w.s.RiskList(ctx, worker, "", "", 0)
		wantKind(t, err, errs.Denied)
		must(t, w.s.EndCare(ctx, clerk, item))
		wantKind(t, w.s.EndCare(ctx, clerk, item), errs.NotFound)
	})
}

func TestSearch(t *testing.T) {
	both(t, 25, func(t *testing.T, w *world) {
		p := person("单雄信", "13812345678")
		p.IDNo = "230103199003076616"
		w.home(0, ledger.HouseholdInput{Nickname: "老单家"}, p)
		w.home(11, ledger.HouseholdInput{}, person("张小明", "13900005678"), person("尉迟恭", ""))
		clerk := caller(grid.RoleCommunity, communityPath)
		for _, tc := range []struct {
			text                     string
			doors, persons, nickname int
		}{
			{"单雄信", 0, 1, 0}, {"雄", 0, 1, 0}, {"sxx", 0, 1, 0}, {"shanxiong", 0, 1, 0}, {"dxx", 0, 1, 0}, {"zxm", 0, 1, 0}, {"yc", 0, 1, 0}, {"yuchi", 0, 1, 0},
			{"13812345678", 0, 1, 0}, {"5678", 0, 2, 0}, {"230103199003076616", 0, 1, 0}, {"老单", 0, 0, 1},
			{"3-1-501", 1, 0, 0}, {"3号楼2单元502室", 1, 0, 0}, {"3号楼502", 3, 0, 0}, {"幸福小区3-2-502", 1, 0, 0}, {"三号楼二单元502", 1, 0, 0}, {"别处3-2-502", 0, 0, 0}, {"zzz", 0, 0, 0},
		} {
			f, err := w.s.Search(ctx, clerk, ledger.Search{Text: tc.text})
			must(t, err)
			if len(f.Doors) != tc.doors || len(f.Persons) != tc.persons || len(f.Households) != tc.nickname {
				t.Errorf("%s: %d doors, %d persons, %d households", tc.text, len(f.Doors), len(f.Persons), len(f.Households))
			}
			for _, v := range f.Persons {
				if v.Unmasked || !strings.HasSuffix(v.Name, "*") || v.Door == "" {
					t.Errorf("%s gives %+v", tc.text, v)
				}
			}
		}
		street := caller(grid.RoleStreet, "230103001")
		f, err := w.s.Search(ctx, street, ledger.Search{Text: "雄"})
		must(t, err)
		if len(f.Persons) != 0 || !f.ExactOnly {
			t.Error("above a community a part of a name finds somebody")
		}
		f, err = w.s.Search(ctx, street, ledger.Search{Text: "单雄信"})
		must(t, err)
		if len(f.Persons) != 1 {
			t.Error("above a community the whole name finds nobody")
		}
	})
}
