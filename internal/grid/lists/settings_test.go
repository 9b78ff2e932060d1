package lists

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"wangge/internal/grid"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/db"
	"wangge/internal/platform/db/dbtest"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/platform/relist"
)

// set writes a cell of a row of a list that was taken out, counted from 0.
func set(t *testing.T, f *excelize.File, k Kind, row int, key, value string) {
	t.Helper()
	dbtest.OK(t, f.SetCellStr(f.GetSheetName(0), fmt.Sprint(columnOf(t, k, key), row+2), value))
}

// TestSettingsThatAreRefused: each row says its column and the reason, and
// nothing is written.
func TestSettingsThatAreRefused(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, 41)
		before := w.state()
		for name, c := range map[string]struct {
			kind       Kind
			key, value string
		}{
			"a point without a name":   {Points, colName, ""},
			"a kind there is not":      {Points, colKind, "烟囱"},
			"a point moved":            {Points, colStands, "别处"},
			"another who":              {Bindings, colWho, "别人"},
			"bound to another":         {Bindings, colBoundTo, "别处"},
			"ends before it began":     {Bindings, colUntil, "2020-01-01"},
			"no day":                   {Bindings, colUntil, "明年"},
			"another role":             {RoleNames, colRole, "街道"},
			"a name that is too long":  {RoleNames, colLocal, fmt.Sprintf("%061d", 1)},
			"a code that is not there": {RoleNames, colAreaCode, "1"},
		} {
			f := w.out(c.kind, "zh")
			set(t, f, c.kind, 0, c.key, c.value)
			r := w.in(c.kind, f, false)
			if r.Refused != 1 || r.Changed != 0 || len(r.Lines) != 1 || r.Lines[0].Problems[0].Letter != columnOf(t, c.kind, c.key) {
				t.Errorf("%s: %+v", name, r)
			}
		}
		w.sameState(before, "refused settings")
	})
}

// TestNewSettingsThatAreRefused are rows without a number.
func TestNewSettingsThatAreRefused(t *testing.T) {
	w := newWorld(t, dbtest.One(t), 43)
	for k, row := range map[Kind][]any{
		Points:    {"", "西门", "", "", w.hua.Code, "", "没有这个小区"},
		Bindings:  {"", "谁", "", "哪里", "", ""},
		RoleNames: {"", w.hua.Code, "", "楼长", "又一个"},
	} {
		if r := w.in(k, w.with(k, row), false); r.New != 0 || r.Refused != 1 {
			t.Errorf("%s: %+v", k, r)
		}
	}
	twice := []any{"", w.hua.Code, "", "网格员", "片警"}
	if r := w.in(RoleNames, w.with(RoleNames, twice, twice), false); r.New != 1 || !refusedBy(r, "lists.role_named") {
		t.Errorf("a role named twice: %+v", r)
	}
}

// TestABlankNameGivesTheRoleItsOwnBack: the record is gone, so the same file is
// refused the second time.
func TestABlankNameGivesTheRoleItsOwnBack(t *testing.T) {
	w := newWorld(t, dbtest.One(t), 45)
	f := w.out(RoleNames, "en")
	set(t, f, RoleNames, 0, colLocal, "")
	if r := w.in(RoleNames, f, false); r.Changed != 1 {
		t.Fatalf("%+v", r)
	}
	if list := dbtest.Must(w.grid.RoleAliases(ctx, w.c))(t); len(list) != 1 {
		t.Errorf("%+v", list)
	}
	if r := w.in(RoleNames, f, false); !refusedBy(r, relist.WhyUnknown) {
		t.Errorf("again: %+v", r)
	}
}

// TestABindingsPastEndIsNow: what was done while it held stands, and a binding
// that ended is not changed again.
func TestABindingsPastEndIsNow(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, 47)
		d.Clock().(*clock.Manual).Advance(5 * 24 * time.Hour)
		list := dbtest.Must(w.grid.Bindings(ctx, w.c, w.hua, id.Zero, id.Zero, 10))(t)
		f := w.out(Bindings, "zh")
		rows := dbtest.Must(f.GetRows(f.GetSheetName(0)))(t)
		row := slices.IndexFunc(rows, func(r []string) bool { return r[0] == list[0].ID.String() }) - 1
		set(t, f, Bindings, row, colUntil, clock.Day(w.clk.Now().AddDate(0, 0, -2)))
		if r := w.in(Bindings, f, false); r.Changed != 1 {
			t.Fatalf("%+v", r)
		}
		left := dbtest.Must(w.grid.Bindings(ctx, w.c, w.hua, id.Zero, id.Zero, 10))(t)
		if len(left) != len(list)-1 {
			t.Errorf("%d of %d bindings hold", len(left), len(list))
		}
		if err := w.grid.Unbind(ctx, w.c, list[0].ID); !errs.Is(err, errs.Conflict) {
			t.Errorf("ended again: %v", err)
		}
	})
}

// TestAPointIsFoundByItsPlace: several places of one name are told apart by the
// name in full, in either language.
func TestAPointIsFoundByItsPlace(t *testing.T) {
	w := newWorld(t, dbtest.One(t), 49)
	other := dbtest.Must(w.grid.AddPlace(ctx, w.c, grid.NewPlace{ParentID: w.hua.ID, Kind: grid.Compound, Name: "西风小区"}))(t)
	dbtest.Must(w.grid.AddPlace(ctx, w.c, grid.NewPlace{ParentID: other.ID, Kind: grid.Building, Name: "1"}))(t)
	row := func(where string) []any { return []any{"", "门" + where, "", "", w.hua.Code, "", where} }
	if r := w.in(Points, w.with(Points, row("1"), row("西风小区1号楼"), row("西风小区")), false); r.New != 2 || r.Refused != 1 {
		t.Errorf("%+v", r)
	}
}
