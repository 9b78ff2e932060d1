package importer_test

import (
	"strings"
	"testing"
	"time"

	"wangge/internal/ledger"
	"wangge/internal/ledger/importer"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/db"
	"wangge/internal/platform/db/dbtest"
	"wangge/internal/platform/errs"
)

const police = `楼栋,单元,房号,姓名,与户主关系,联系电话,备注
3,1,501,王建国,本人,13812345678,
3,1,501,李秀英,配偶,13900000000,退休
3,1,502,张小明,户主,13812345680,养猫
3,1,503,新来的,户主,13812345699,
`

func (w *world) compare(content string, o importer.ReconcileOptions) *importer.Import {
	w.t.Helper()
	imp, err := w.s.Stage(ctx, w.c, w.target(), []importer.File{text("police.csv", content)})
	must(w.t, err)
	imp, err = w.s.Reconcile(ctx, w.c, imp.ID, o)
	must(w.t, err)
	return imp
}

func (w *world) items(imp *importer.Import, f importer.ItemFilter) []importer.Item {
	w.t.Helper()
	list, _, err := w.s.Items(ctx, w.c, imp.ID, f, 0, 100)
	must(w.t, err)
	return list
}

// say writes items short: class name door field=pick … decision.
func say(list []importer.Item) string {
	var out []string
	for _, it := range list {
		s := string(it.Class) + " " + it.Name
		for _, f := range it.Fields {
			s += " " + f.Field + "=" + f.Ours + "/" + f.Theirs + ">" + f.Pick
		}
		if it.Decision != "" {
			s += " " + it.Decision
		}
		out = append(out, s)
	}
	return strings.Join(out, "\n")
}

func TestReconcileFourClasses(t *testing.T) {
	both(t, func(t *testing.T, w *world) {
		w.run(first)
		w.run("楼栋,单元,房号,姓名,联系电话\n9,1,101,别楼的,13812341111\n")
		imp := w.compare(police, importer.ReconcileOptions{Source: "派出所"})
		if c := imp.Reconcile.Counts; c.Same != 1 || c.Classes[importer.Differs] != 2 || c.Classes[importer.OnlyThere] != 1 || c.Classes[importer.OnlyHere] != 1 || c.Fields["phone"] != 1 || c.Fields["note"] != 1 {
			t.Errorf("found %+v", c)
		}
		got := say(w.items(imp, importer.ItemFilter{}))
		want := "differs 李* phone=138****5679/139****0000>theirs\ndiffers 张* note=养狗/养猫>theirs\nonly_there 新* add\nonly_here 赵* keep"
		if got != want {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
		w.want("nobody is changed by looking", "SELECT COUNT(*) FROM person_event", 0)
	})
}

func TestReconcileByRuleAndByRow(t *testing.T) {
	both(t, func(t *testing.T, w *world) {
		w.run(first)
		imp := w.compare(police, importer.ReconcileOptions{Source: "派出所"})
		_, err := w.s.SetRules(ctx, w.c, imp.ID, importer.Rules{Fields: map[string]string{"phone": importer.Ours, "note": importer.Ours}, OnlyThere: importer.Skip, OnlyHere: importer.Depart})
		must(t, err)
		for _, it := range w.items(imp, importer.ItemFilter{Field: "note"}) {
			must(t, w.s.Decide(ctx, w.c, imp.ID, []importer.Decision{{Seq: it.Seq, Picks: map[string]string{"note": importer.Theirs}}}))
		}
		for _, it := range w.items(imp, importer.ItemFilter{Class: importer.OnlyThere}) {
			if err := w.s.Decide(ctx, w.c, imp.ID, []importer.Decision{{Seq: it.Seq, Picks: map[string]string{"": importer.Depart}}}); !errs.Is(err, errs.Invalid) {
				t.Errorf("somebody who is not here departs: %v", err)
			}
		}
		done, err := w.s.Apply(ctx, w.c, imp.ID)
		must(t, err)
		if c := done.Counts; c.Created != 0 || c.Updated != 2 || c.Skipped != 1 || c.Departed != 1 {
			t.Errorf("counts %+v", c)
		}
		w.want("persons", persons, 3)
		w.want("doors", doors, 3)
		w.want("households", households, 2)
		w.want("items are gone", "SELECT COUNT(*) FROM import_item", 0)
		w.phone("李秀英", "13812345679")
		f := w.file("李秀英")
		if e := f.Events[0]; e.Kind != ledger.EventOutvoted || e.Changes["phone"] != (ledger.FieldChange{Old: "13900000000", New: "13812345679"}) || e.Text != "派出所" {
			t.Errorf("the loser is not in the file: %+v", f.Events)
		}
		again := w.compare(police, importer.ReconcileOptions{Source: "派出所"})
		if again.Reconcile.Rules.Fields["phone"] != importer.Ours {
			t.Errorf("the source's rules are forgotten: %+v", again.Reconcile)
		}
		events := w.count("SELECT COUNT(*) FROM person_event")
		_, err = w.s.Apply(ctx, w.c, again.ID)
		must(t, err)
		w.want("events after the same again", "SELECT COUNT(*) FROM person_event", events)
		must(t, w.s.Undo(ctx, w.c, imp.ID))
		w.want("persons after the undoing", persons, 4)
	})
}

func TestReconcileNewestWins(t *testing.T) {
	both(t, func(t *testing.T, w *world) {
		clk := w.keys.Clock.(*clock.Manual)
		w.run(first)
		clk.Advance(72 * time.Hour)
		p := w.file("李秀英").Person
		must(t, w.l.EditPerson(ctx, w.c, ledger.Person{ID: p.ID, Version: p.Version, Name: "李秀英", Relation: "配偶", Phones: []string{"13811111111"}, LivesHere: true, Registered: true}))
		clk.Advance(24 * time.Hour)
		rules := &importer.Rules{Fields: map[string]string{"phone": importer.Newest, "note": importer.Newest}}
		imp := w.compare(police, importer.ReconcileOptions{AsOf: clock.Day(clk.Now().Add(-48 * time.Hour)), Rules: rules})
		want := "differs 李* phone=138****1111/139****0000>ours\ndiffers 张* note=养狗/养猫>theirs"
		if got := say(w.items(imp, importer.ItemFilter{Class: importer.Differs})); got != want {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
		_, err := w.s.Apply(ctx, w.c, imp.ID)
		must(t, err)
		w.phone("李秀英", "13811111111")
	})
}

func TestReconcileAllOfAKind(t *testing.T) {
	both(t, func(t *testing.T, w *world) {
		w.run(big(300))
		imp := w.compare(strings.ReplaceAll(big(300), ",139", ",137"), importer.ReconcileOptions{})
		// Another phone is no match by phone; the door and the name are.
		if n := imp.Reconcile.Counts.Fields["phone"]; n != 300 {
			t.Fatalf("%d phones differ: %+v", n, imp.Reconcile.Counts)
		}
		list, next, err := w.s.Items(ctx, w.c, imp.ID, importer.ItemFilter{Class: importer.Differs}, 0, 100)
		must(t, err)
		if len(list) != 100 || next != list[99].Seq {
			t.Errorf("a page of %d, next %d", len(list), next)
		}
		n, err := w.s.DecideAll(ctx, w.c, imp.ID, importer.ItemFilter{Class: importer.Differs, Field: "phone"}, importer.Ours)
		must(t, err)
		if open := w.items(imp, importer.ItemFilter{Open: true}); n != 300 || len(open) != 0 {
			t.Errorf("%d decided, %d open", n, len(open))
		}
		done, err := w.s.Apply(ctx, w.c, imp.ID)
		must(t, err)
		if done.Counts.Unchanged != 300 {
			t.Errorf("counts %+v", done.Counts)
		}
	})
}

func TestReconcileMoves(t *testing.T) {
	d := dbtest.Open(t, db.FileURL(t.TempDir()+"/m.db"))
	must(t, d.Migrate(ctx))
	w := newWorld(t, d)
	w.run(first)
	moved := "楼栋,单元,房号,姓名,与户主关系,联系电话\n3,1,601,张小明,户主,13812345680\n"
	r, err := w.s.Run(ctx, w.c, importer.Target{Place: w.com, Compound: "幸福小区", Reconcile: &importer.ReconcileOptions{Rules: &importer.Rules{Fields: map[string]string{"door": importer.Ours}}}},
		[]importer.File{text("m.csv", moved)})
	must(t, err)
	if r.Reconcile == nil || len(r.Reconcile.Differs) != 1 || r.Reconcile.Differs[0].Fields[0].Field != "door" || len(r.Reconcile.OnlyHere) != 3 {
		t.Fatalf("compared %+v", r.Reconcile)
	}
	w.want("nobody moved", "SELECT COUNT(*) FROM residence", 0)
	w.want("households", households, 3)
	if e := w.file("张小明").Events[0]; e.Kind != ledger.EventOutvoted {
		t.Errorf("events %+v", e)
	}
}

func TestMaskedPairsCanBeTold(t *testing.T) {
	d := dbtest.Open(t, db.FileURL(t.TempDir()+"/p.db"))
	must(t, d.Migrate(ctx))
	w := newWorld(t, d)
	w.run(first)
	imp := w.compare(strings.ReplaceAll(first, "13812345679", "13812945679"), importer.ReconcileOptions{})
	if got := say(w.items(imp, importer.ItemFilter{Class: importer.Differs})); got != "differs 李* phone=138**3*5679/138**9*5679>theirs" {
		t.Error(got)
	}
}

// file finds one person by name and opens the file, unmasked.
func (w *world) file(name string) *ledger.File {
	w.t.Helper()
	found, err := w.l.Search(ctx, w.c, ledger.Search{Text: name})
	must(w.t, err)
	if len(found.Persons) != 1 {
		w.t.Fatalf("%d people called %s", len(found.Persons), name)
	}
	c := w.c
	c.Purpose = "verify_record"
	f, err := w.l.File(ctx, c, found.Persons[0].ID)
	must(w.t, err)
	return f
}

func (w *world) phone(name, want string) {
	w.t.Helper()
	if got := w.file(name).Person.Phones; len(got) != 1 || got[0] != want {
		w.t.Errorf("%s has the phone %v, want %s", name, got, want)
	}
}
