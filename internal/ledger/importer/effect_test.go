package importer_test

import (
	"context"
	"strings"
	"testing"

	"wangge/internal/ledger"
	"wangge/internal/ledger/importer"
	"wangge/internal/platform/db"
)

// applied stages and writes a roster.
func (w *world) applied(content string) *importer.Import {
	w.t.Helper()
	imp, err := w.s.Stage(ctx, w.c, w.target(), []importer.File{text("a.csv", content)})
	must(w.t, err)
	_, err = w.s.Apply(ctx, w.c, imp.ID)
	must(w.t, err)
	return imp
}

// edit changes a person's phone, as somebody does on a page.
func (w *world) edit(name, phone string) ledger.PersonView {
	w.t.Helper()
	found, err := w.l.Search(ctx, w.c, ledger.Search{Text: name})
	must(w.t, err)
	p := found.Persons[0]
	must(w.t, w.l.EditPerson(ctx, w.c, ledger.Person{ID: p.ID, Version: p.Version, Name: name, Phones: []string{phone}, LivesHere: true, Registered: true}))
	return p
}

func TestEffectIsSeenFirst(t *testing.T) {
	both(t, func(t *testing.T, w *world) {
		w.run(first)
		imp := w.applied(strings.ReplaceAll(strings.ReplaceAll(first, "13812345679", "13812340000"), "13812345680", "13812340001") +
			"9,1,101,孙七,户主,13812345999,\n9,1,102,周八,户主,13812345998,\n9,1,102,吴九,户主,13812345997,\n")
		w.edit("孙七", "13800000001")  // made by the import
		w.edit("李秀英", "13800000002") // changed by the import
		e, err := w.s.Effect(ctx, w.c, imp.ID)
		must(t, err)
		want := importer.UndoCounts{Persons: 2, Households: 2, Doors: 1, Changes: 1, Kept: 3}
		if e.UndoCounts != want {
			t.Errorf("the effect is %+v, want %+v", e.UndoCounts, want)
		}
		w.want("nothing has gone yet", persons, 7)
		before, _, err := w.s.Kept(ctx, w.c, imp.ID, 0, 100)
		must(t, err)
		must(t, w.s.Undo(ctx, w.c, imp.ID))
		w.want("persons", persons, 5)
		w.want("doors", doors, 4)
		w.phone("李秀英", "13800000002")
		w.phone("张小明", "13812345680")
		v, err := w.s.Get(ctx, w.c, imp.ID)
		must(t, err)
		if v.State != importer.Reverted || v.Undone == nil || *v.Undone != want {
			t.Errorf("the report says %s %+v", v.State, v.Undone)
		}
		after, next, err := w.s.Kept(ctx, w.c, imp.ID, 0, 100)
		must(t, err)
		if len(after) != 3 || len(before) != 3 || next != 0 {
			t.Fatalf("kept %+v, foretold %+v", after, before)
		}
		for i := range after {
			if after[i] != before[i] || after[i].Door == "" || after[i].Object == "person" && after[i].Name == "" {
				t.Errorf("kept %+v, foretold %+v", after[i], before[i])
			}
		}
		if e, err := w.s.Effect(ctx, w.c, imp.ID); err != nil || e.UndoCounts != (importer.UndoCounts{}) {
			t.Errorf("the effect of what was taken back: %+v, %v", e, err)
		}
	})
}

func TestUndoCutShortIsFinished(t *testing.T) {
	both(t, func(t *testing.T, w *world) {
		imp := w.applied(big(4500))
		pieces := 0
		w.l.OnHousehold(func(context.Context, *db.Tx, []ledger.Change) error {
			if pieces++; pieces == 2 {
				panic("the machine stops")
			}
			return nil
		})
		func() {
			defer func() { recover() }()
			w.s.Undo(ctx, w.c, imp.ID)
		}()
		w.silence()
		again := importer.New(w.keys)
		must(t, again.Recover(ctx, district))
		w.want("persons", persons, 0)
		w.want("doors", doors, 0)
		v, err := again.Get(ctx, w.c, imp.ID)
		must(t, err)
		if v.State != importer.Reverted {
			t.Errorf("state %s", v.State)
		}
	})
}
