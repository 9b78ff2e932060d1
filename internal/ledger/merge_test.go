package ledger_test

import (
	"context"
	"net/url"
	"reflect"
	"strings"
	"testing"

	"wangge/internal/grid"
	"wangge/internal/ledger"
	"wangge/internal/platform/db"
	"wangge/internal/platform/db/dbtest"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
)

func must2[A any](t testing.TB) func(A, error) A {
	return func(v A, err error) A {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// full reads a record in full, for comparison.
func (w *world) full(p id.ID) ledger.PersonView {
	w.t.Helper()
	c := w.sys
	c.Purpose = "verify_record"
	v, err := w.s.Person(ctx, c, p)
	must(w.t, err)
	v.Version = 0
	return v
}

func TestDuplicatesAreFoundByWhatIsWritten(t *testing.T) {
	both(t, 12, func(t *testing.T, w *world) {
		withNo := func(name, phone, no string) ledger.Person {
			p := person(name, phone)
			p.IDNo = no
			return p
		}
		w.home(0, ledger.HouseholdInput{}, withNo("王建国", "", "230103199003076616"), person("李秀英", "13812345678"), withNo("赵一", "", "230103199003076616"))
		w.home(1, ledger.HouseholdInput{}, person("李 秀英", "13812345678"), person("孙二", ""), person("孙二", ""))
		w.home(2, ledger.HouseholdInput{}, person("孙二", ""), person("周三", ""))
		clerk := caller(grid.RoleCommunity, communityPath)
		list, more, err := w.s.Duplicates(ctx, clerk, id.Zero)
		must(t, err)
		var whys []string
		for _, c := range list {
			whys = append(whys, string(c.Why))
			if strings.Contains(c.A.Name+c.B.Name, "建国") {
				t.Error("a candidate is not masked")
			}
		}
		if want := []string{"idno", "name_phone", "name_door"}; !reflect.DeepEqual(whys, want) || more {
			t.Fatalf("found %v, want %v", whys, want)
		}
		must(t, w.s.KeepApart(ctx, clerk, list[2].B.ID, list[2].A.ID))
		if list, _, err = w.s.Duplicates(ctx, clerk, id.Zero); err != nil || len(list) != 2 {
			t.Errorf("two people are offered again: %v %v", list, err)
		}
		_, _, err = w.s.Duplicates(ctx, caller(grid.RoleBuildingLeader, communityPath), id.Zero)
		wantKind(t, err, errs.Denied)
		_, _, err = w.s.Duplicates(ctx, caller(grid.RoleCommunity, "230103001"), id.Zero)
		wantKind(t, err, errs.Invalid)
		other := caller(grid.RoleCommunity, "230103001009")
		if list, _, err = w.s.Duplicates(ctx, other, id.Zero); err != nil || len(list) != 0 {
			t.Errorf("another community is shown %v, %v", list, err)
		}
	})
}

func TestMergeIsUndoneExactly(t *testing.T) {
	both(t, 12, func(t *testing.T, w *world) {
		var news []ledger.Change
		w.s.OnHousehold(func(_ context.Context, _ *db.Tx, ch []ledger.Change) error { news = append(news, ch...); return nil })
		a := person("王建国", "13812345678")
		a.Work, a.Birth = "铁路局", "1990"
		b := person("王建国", "13900001111")
		b.Note, b.Birth, b.Relation, b.Registered = "有狗", "1990-03-07", "户主", false
		ha, hb := w.home(0, ledger.HouseholdInput{Living: 2}, a), w.home(1, ledger.HouseholdInput{}, b)
		keep, drop := ha.Persons[0].ID, hb.Persons[0].ID
		care := must2[id.ID](t)(w.s.AddCare(ctx, w.sys, drop, "dialysis", "escort", ""))
		was, wasDrop := w.full(keep), w.full(drop)
		merge := must2[id.ID](t)(w.s.MergePersons(ctx, w.sys, ledger.Merge{Keep: keep, Drop: drop, Take: []string{"birth", "registered"}}))
		k := w.full(keep)
		if k.Birth != "1990-03-07" || k.Work != "铁路局" || k.Note != "有狗" || len(k.Phones) != 2 || k.Registered {
			t.Errorf("merged: %+v", k)
		}
		if h := w.see(ha.ID); h.Living != 2 || h.Registered != 0 {
			t.Errorf("heads after taking a mark: %d living, %d registered", h.Living, h.Registered)
		}
		st, err := w.s.MergesOf(ctx, w.sys, keep)
		must(t, err)
		if len(st) != 1 || !st[0].Undoable {
			t.Fatalf("the merge stands as %+v", st)
		}
		must(t, w.s.AddNote(ctx, w.sys, keep, "咳嗽")) // a note is no change of the record
		news = nil
		must(t, w.s.UndoMerge(ctx, w.sys, keep, merge))
		now, nowDrop := w.full(keep), w.full(drop)
		if !reflect.DeepEqual(was, now) || !reflect.DeepEqual(wasDrop, nowDrop) {
			t.Errorf("after undoing:\n%+v\n%+v\nwant\n%+v\n%+v", now, nowDrop, was, wasDrop)
		}
		if x, y := w.see(ha.ID), w.see(hb.ID); x.Living != 2 || x.Registered != 1 || y.Living != 1 || y.UntilMs != 0 {
			t.Errorf("heads after undoing: %+v and %+v", x, y)
		}
		f := must2[*ledger.File](t)(w.s.File(ctx, w.sys, drop))
		if len(f.Care) != 1 || f.Care[0].ID != care || f.MergedInto != id.Zero || len(f.Residences) != 0 {
			t.Errorf("the record that came back: %+v", f)
		}
		arrived := 0
		for _, ch := range news {
			if ch.Kind == ledger.Arrived {
				arrived++
			}
		}
		if arrived != 2 { // the household and the person
			t.Errorf("rounds hear %+v", news)
		}
		wantKind(t, w.s.UndoMerge(ctx, w.sys, keep, merge), errs.Conflict)
	})
}

func TestMergeChangedSinceIsNotUndone(t *testing.T) {
	both(t, 12, func(t *testing.T, w *world) {
		ha, hb := w.home(0, ledger.HouseholdInput{}, person("王建国", "13812345678")), w.home(1, ledger.HouseholdInput{}, person("王建国", "13900001111"))
		keep, drop := ha.Persons[0].ID, hb.Persons[0].ID
		merge := must2[id.ID](t)(w.s.MergePersons(ctx, w.sys, ledger.Merge{Keep: keep, Drop: drop}))
		must(t, w.s.MovePerson(ctx, w.sys, ledger.Move{PersonID: keep, DoorID: w.doors[2]}))
		wantKind(t, w.s.UndoMerge(ctx, w.sys, keep, merge), errs.Conflict)
		st := must2[[]ledger.MergeState](t)(w.s.MergesOf(ctx, w.sys, keep))
		if len(st) != 1 || st[0].Undoable || len(st[0].Since) != 1 || st[0].Since[0].Kind != ledger.EventMoved {
			t.Errorf("what stands in the way: %+v", st)
		}
		wantKind(t, w.s.UndoMerge(ctx, caller(grid.RoleCommunity, "230103001009"), keep, merge), errs.NotFound)
		_, err := w.s.MergePersons(ctx, w.sys, ledger.Merge{Keep: keep, Drop: w.home(3, ledger.HouseholdInput{}, person("王", "")).Persons[0].ID, Take: []string{"sealed"}})
		wantKind(t, err, errs.Invalid)
	})
}

func TestMergePages(t *testing.T) {
	d := dbtest.Open(t, db.FileURL(t.TempDir()+"/p.db"))
	must(t, d.Migrate(ctx))
	w := newWorld(t, d, 5)
	a := person("王建国", "13812345678")
	a.Birth = "1990"
	b := person("王建国", "13812345678")
	b.Birth = "1990-03-07"
	ha, hb := w.home(0, ledger.HouseholdInput{}, a), w.home(1, ledger.HouseholdInput{}, b)
	keep, drop := ha.Persons[0].ID, hb.Persons[0].ID
	for _, lang := range []string{"zh", "en"} {
		c := caller(grid.RoleCommunity, communityPath)
		c.Lang = lang
		do := site(t, w, c)
		rec := do("GET", "/duplicates", nil)
		check(t, rec, 200, "duplicates")
		if !strings.Contains(rec.Body.String(), "/persons/"+keep.String()+"/merge?with="+drop.String()) {
			t.Error("the pair is not offered")
		}
		check(t, do("GET", "/persons/"+keep.String()+"/merge", nil), 200, "whom to merge")
		check(t, do("POST", "/persons/"+keep.String()+"/same", url.Values{"q": {"赵"}}), 200, "nobody alike")
		rec = do("GET", "/persons/"+keep.String()+"/merge?with="+drop.String(), nil)
		check(t, rec, 200, "side by side")
		if !strings.Contains(rec.Body.String(), "pick-birth") {
			t.Error("the field that differs offers no choice")
		}
		rec = do("POST", "/persons/"+keep.String()+"/same", url.Values{"with": {drop.String()}, "purpose": {"verify_record"}})
		if check(t, rec, 200, "in full"); !strings.Contains(rec.Body.String(), "1990-03-07") {
			t.Error("the purpose shows nothing more")
		}
		check(t, do("POST", "/persons/"+keep.String()+"/merge", url.Values{"other": {drop.String()}, "version": {"99"}}), 409, "an old version")
		check(t, do("POST", "/persons/"+keep.String()+"/merge", url.Values{"other": {keep.String()}}), 422, "with itself")
		check(t, do("POST", "/persons/"+keep.String()+"/merge", url.Values{"other": {drop.String()}, "pick-birth": {"b"}}), 303, "merge")
		if v := w.full(keep); v.Birth != "1990-03-07" {
			t.Errorf("the chosen value is %q", v.Birth)
		}
		st := must2[[]ledger.MergeState](t)(w.s.MergesOf(ctx, w.sys, keep))
		check(t, do("GET", "/persons/"+keep.String(), nil), 200, "the merged file")
		check(t, do("POST", "/persons/"+keep.String()+"/merges/"+st[0].ID.String()+"/undo", nil), 303, "undo")
		check(t, do("POST", "/persons/"+keep.String()+"/merges/"+st[0].ID.String()+"/undo", nil), 409, "undo twice")
	}
	do := site(t, w, caller(grid.RoleCommunity, communityPath))
	check(t, do("POST", "/persons/"+keep.String()+"/apart", url.Values{"other": {drop.String()}}), 303, "apart")
	check(t, do("GET", "/duplicates", nil), 200, "no duplicates")
}
