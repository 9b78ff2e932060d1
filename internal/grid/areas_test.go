package grid

import (
	"context"
	"slices"
	"strings"
	"testing"

	"wangge/internal/grid/divisions"
	"wangge/internal/platform/db"
	"wangge/internal/platform/db/dbtest"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
)

// newer is the shipped list of Nangang with rows replaced (by old code) or
// left out (an empty text).
func newer(t testing.TB, change map[string]string, added ...string) []divisions.Area {
	t.Helper()
	shipped, _ := divisions.Load("230103")
	text := "code,name\n"
	for _, a := range shipped {
		row, other := change[a.Code]
		switch {
		case !other:
			text += a.Code + "," + a.Name + "\n"
		case row != "":
			text += row + "\n"
		}
	}
	list, problems, err := divisions.Read(strings.NewReader(text + strings.Join(added, "\n")))
	if err != nil || len(problems) > 0 {
		t.Fatal(err, problems)
	}
	return list
}

// whole checks that every place stands below its parent in both trees.
func (f *fixture) whole() {
	f.t.Helper()
	var bad int
	for _, q := range []string{
		`SELECT COUNT(*) FROM place c JOIN place p ON p.district = c.district AND p.id = c.parent_id WHERE c.district = $1 AND NOT (c.path > p.path AND c.path < p.path || '~')`,
		`SELECT COUNT(*) FROM grid g JOIN place p ON p.district = g.district AND p.id = g.area_id WHERE g.district = $1 AND NOT (g.path > p.path AND g.path < p.path || '~')`,
		`SELECT COUNT(*) FROM place WHERE district = $1 AND path LIKE '~%'`,
		`SELECT COUNT(*) FROM place d JOIN place a ON a.district = d.district AND a.id = d.area_id WHERE d.district = $1 AND NOT (d.path >= a.path AND d.path < a.path || '~')`,
	} {
		ok(f.t, f.d.Read().QueryRowContext(ctx, q, nangang).Scan(&bad))
		if bad > 0 {
			f.t.Errorf("%d rows violate: %s", bad, q)
		}
	}
}

// TestExchangedCodes: two areas that exchange their codes keep their doors.
func TestExchangedCodes(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		f := fresh(t, d)
		_, _, doors := f.estate("保利小区", 1, 1, 4)
		other := must(f.Area(ctx, f.c, "230103001008"))(t)
		list := newer(t, map[string]string{f.hua.Code: other.Code + "," + f.hua.Name, other.Code: f.hua.Code + "," + other.Name, "230103001003": "230103001003,新名社区居委会"})
		dry := must(f.ImportAreas(ctx, f.c, list, true))(t)
		r := must(f.ImportAreas(ctx, f.c, list, false))(t)
		if r.Recoded != 2 || r.Renamed != 1 || len(r.Changes) != 3 || len(dry.Changes) != 3 {
			t.Errorf("dry %+v, done %+v", dry.Changes, r.Changes)
		}
		f.whole()
		if p := must(f.Place(ctx, f.c, f.hua.ID))(t); p.Code != other.Code || must(f.Doors(ctx, f.c, p.Path))(t) != 4 {
			t.Errorf("%+v", p)
		}
		if p := must(f.Place(ctx, f.c, doors[0].ID))(t); !Under(p.Path, other.Code) || p.AreaID != f.hua.ID {
			t.Errorf("%+v", p)
		}
		if again := must(f.ImportAreas(ctx, f.c, list, false))(t); len(again.Changes) != 0 {
			t.Errorf("again: %+v", again.Changes)
		}
	})
}

func TestRecodeAndMove(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		f := fresh(t, d)
		comp, units, doors := f.estate("保利小区", 1, 1, 4)
		g := must(f.AddGrid(ctx, f.c, NewGrid{AreaID: f.hua.ID, Kind: BasicGrid, Name: "第一网格"}))(t)
		must(f.AssignDoors(ctx, f.c, g.ID, Selection{Places: []id.ID{units[0].ID}}))(t)
		f.appoint(NewPost{Role: RoleCommunity, ObjectKind: ObjectPlace, ObjectID: f.hua.ID}, 2)
		f.appoint(NewPost{Role: RoleGridWorker, ObjectKind: ObjectGrid, ObjectID: g.ID}, 3)
		list := newer(t, map[string]string{"230103001001": "230103002077," + f.hua.Name, "230103001003": ""}, "230103001099,添社区居委会")
		r := must(f.ImportAreas(ctx, f.c, list, false))(t)
		if r.Moved != 1 || r.Created != 1 || len(r.Removed) != 1 || r.Changes[1].Doors+r.Changes[0].Doors+r.Changes[2].Doors != 4 {
			t.Errorf("%+v", r)
		}
		f.whole()
		hua := must(f.Place(ctx, f.c, f.hua.ID))(t)
		if hua.Code != "230103002077" || hua.Path != hua.Code || must(f.Doors(ctx, f.c, hua.Path))(t) != 4 {
			t.Errorf("%+v", hua)
		}
		if p := must(f.Place(ctx, f.c, doors[3].ID))(t); !Under(p.Path, hua.Path) || p.GridID != g.ID {
			t.Errorf("door %+v", p)
		}
		if old := must(f.Area(ctx, f.c, "230103001001"))(t); old.ID != hua.ID {
			t.Error("the former code does not lead to the area")
		}
		if found := must(f.Find(ctx, f.c, "230103001001", 0))(t).Places; len(found) != 1 || found[0].ID != hua.ID {
			t.Errorf("the former code finds %v", found)
		}
		past := must(f.FormerNames(ctx, f.c, hua.ID))(t)
		if len(past) != 1 || past[0].Code != "230103001001" || past[0].Why != "moved" {
			t.Errorf("%+v", past)
		}
		for account, n := range map[id.ID]int{2: 4, 3: 4} { // posts keep their reach
			c := must(f.CallerFor(ctx, account, nangang, f.clock.Now()))(t)
			seen := 0
			ok(t, f.Subtree(ctx, c, comp.Path[:0]+"230103", []Kind{Door}, func(Place) error { seen++; return nil }))
			if seen != n {
				t.Errorf("account %d sees %d doors", account, seen)
			}
		}
		back := must(f.ImportAreas(ctx, f.c, newer(t, nil), false))(t)
		f.whole()
		if p := must(f.Place(ctx, f.c, f.hua.ID))(t); p.Code != "230103001001" || back.Moved != 1 || back.Created != 1 {
			t.Errorf("back: %+v %+v", p, back)
		}
	})
}

func TestSuccessor(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		f := fresh(t, d)
		comp, units, doors := f.estate("保利小区", 1, 2, 4)
		heir := must(f.Area(ctx, f.c, "230103001003"))(t)
		must(f.AddPlaces(ctx, f.c, []NewPlace{{ParentID: heir.ID, Kind: Compound, Name: "保利小区"}, {ParentID: f.hua.ID, Kind: Point, Name: "东门"}}))(t)
		g := must(f.AddGrid(ctx, f.c, NewGrid{AreaID: f.hua.ID, Kind: BasicGrid, Name: "第一网格"}))(t)
		m := must(f.AddGrid(ctx, f.c, NewGrid{ParentID: g.ID, Kind: MicroGrid, Name: "微网格"}))(t)
		must(f.AddGrid(ctx, f.c, NewGrid{AreaID: heir.ID, Kind: BasicGrid, Name: "第一网格"}))(t)
		must(f.AssignDoors(ctx, f.c, m.ID, Selection{Places: []id.ID{units[0].ID}}))(t)
		clerk := f.appoint(NewPost{Role: RoleCommunity, ObjectKind: ObjectPlace, ObjectID: f.hua.ID}, 2)
		var told []Merge
		f.OnMerge(func(_ context.Context, _ *db.Tx, _ Caller, m Merge) error { told = append(told, m); return nil })
		list := newer(t, map[string]string{"230103001001": ""})
		dry := must(f.ImportAreas(ctx, f.c, list, true))(t)
		if len(dry.Blocked) != 1 || dry.Open() != 1 || dry.Blocked[0].Doors != 8 || dry.Blocked[0].Posts != 1 || len(dry.Blocked[0].Suggestions) == 0 {
			t.Fatalf("%+v", dry.Blocked)
		}
		_, err := f.ImportAreas(ctx, f.c, list, false)
		wantKind(t, err, errs.Conflict)
		if p := must(f.Place(ctx, f.c, f.hua.ID))(t); p.UntilMs != 0 {
			t.Fatal("a blocked import wrote")
		}
		wantKind(t, f.SetSuccessor(ctx, f.c, "230103001001", "230103001000"), errs.Invalid)
		wantKind(t, f.SetSuccessor(ctx, f.c, "230103001001", "230103001001"), errs.Invalid)
		wantKind(t, f.SetSuccessor(ctx, f.c, "230103001001", "230104001001"), errs.Invalid)
		ok(t, f.SetSuccessor(ctx, f.c, "230103001001", heir.Code))
		r := must(f.ImportAreas(ctx, f.c, list, false))(t)
		if r.Blocked[0].Into != heir.Name || len(told) != 1 || len(told[0].Moved) != 2 {
			t.Errorf("%+v, told %+v", r.Blocked, told)
		}
		f.whole()
		heir = must(f.Place(ctx, f.c, heir.ID))(t)
		if n := must(f.Doors(ctx, f.c, heir.Path))(t); n != 8 || !strings.Contains(heir.Alias, f.hua.Name) {
			t.Errorf("%d doors below %+v", n, heir)
		}
		moved := must(f.Place(ctx, f.c, comp.ID))(t)
		if moved.ParentID != heir.ID || moved.AreaID != heir.ID || moved.Name != shortName(f.hua.Name)+"保利小区" {
			t.Errorf("%+v", moved)
		}
		if p := must(f.Place(ctx, f.c, doors[0].ID))(t); p.GridID != m.ID || p.AreaID != heir.ID {
			t.Errorf("door %+v", p)
		}
		if p := must(f.Grid(ctx, f.c, m.ID))(t); p.AreaID != heir.ID || p.UntilMs != 0 {
			t.Errorf("grid %+v", p)
		}
		if p := must(f.Post(ctx, f.c, clerk.ID))(t); p.UntilMs == 0 {
			t.Error("the post over the ended area runs on")
		}
		if past := must(f.FormerNames(ctx, f.c, heir.ID))(t); len(past) != 1 || past[0].Name != f.hua.Name || past[0].Why != whyMerged {
			t.Errorf("%+v", past)
		}
		for _, text := range []string{f.hua.Name, "230103001001"} {
			found := must(f.Find(ctx, f.c, text, 0))(t).Places
			if !slices.ContainsFunc(found, func(h Hit) bool { return h.ID == heir.ID }) {
				t.Errorf("%s finds %v", text, found)
			}
		}
		must(f.ImportAreas(ctx, f.c, newer(t, nil), false))(t) // the code comes back: a new area, the doors stay
		f.whole()
		if p := must(f.Area(ctx, f.c, "230103001001"))(t); p.ID == f.hua.ID || must(f.Doors(ctx, f.c, p.Path))(t) != 0 {
			t.Errorf("%+v", p)
		}
	})
}
