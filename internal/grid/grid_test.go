package grid

import (
	"context"
	"strings"
	"testing"

	"wangge/internal/grid/divisions"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/db"
	"wangge/internal/platform/db/dbtest"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
)

const nangang = 230103

var ctx = context.Background()

// fixture is a service over a fresh database with Nangang's areas.
type fixture struct {
	*Service
	t     testing.TB
	c     Caller
	clock *clock.Manual
	hua   Place // a community
}

func fresh(t testing.TB, d *db.DB) *fixture {
	f := &fixture{Service: New(d, d.Clock(), nil, nil), t: t, c: System(nangang, "test"), clock: d.Clock().(*clock.Manual)}
	list, _ := divisions.Load("230103")
	if _, err := f.ImportAreas(ctx, f.c, list, false); err != nil {
		t.Fatal(err)
	}
	f.hua = must(f.Area(ctx, f.c, "230103001001"))(t)
	return f
}

func must[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func ok(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantKind(t testing.TB, err error, k errs.Kind) {
	t.Helper()
	if err == nil || errs.KindOf(err) != k {
		t.Fatalf("got %v, want %s", err, k)
	}
}

// estate adds a compound of buildings × units × rooms and returns the
// compound, its units and its doors in walking order.
func (f *fixture) estate(name string, buildings, units, rooms int) (Place, []Place, []Place) {
	f.t.Helper()
	cid := id.New()
	list := []NewPlace{{ID: cid, ParentID: f.hua.ID, Kind: Compound, Name: name}}
	for b := range buildings {
		bid := id.New()
		list = append(list, NewPlace{ID: bid, ParentID: cid, Kind: Building, Name: label2(b + 1)})
		for u := range units {
			uid := id.New()
			list = append(list, NewPlace{ID: uid, ParentID: bid, Kind: Unit, Name: label2(u + 1)})
			for r := range rooms {
				list = append(list, NewPlace{ParentID: uid, Kind: Door, Name: label2((r/2+1)*100 + r%2 + 1)})
			}
		}
	}
	out := must(f.AddPlaces(ctx, f.c, list))(f.t)
	var us, ds []Place
	for _, p := range out {
		switch p.Kind {
		case Unit:
			us = append(us, p)
		case Door:
			ds = append(ds, p)
		}
	}
	return out[0], us, ds
}

func label2(n int) string { return id.ID(n).String() }

func TestImportAreas(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := New(d, d.Clock(), nil, nil)
		c := System(nangang, "test")
		list, _ := divisions.Load("230103")
		if n, ok := DistrictOf(list); !ok || n != nangang {
			t.Fatalf("district %d", n)
		}
		dry := must(s.ImportAreas(ctx, c, list, true))(t)
		if dry.Created != len(list) || len(must(s.Areas(ctx, c))(t)) != 0 {
			t.Fatalf("the dry run wrote or miscounted: %+v", dry)
		}
		must(s.ImportAreas(ctx, c, list, false))(t)
		if n := len(must(s.Areas(ctx, c, Street))(t)); n != 22 {
			t.Errorf("%d streets", n)
		}
		if n := len(must(s.Areas(ctx, c, Community))(t)); n != 213 {
			t.Errorf("%d communities", n)
		}
		root := must(s.Root(ctx, c))(t)
		if root.Kind != County || root.Path != "230103" {
			t.Errorf("root %+v", root)
		}
		changed := append([]divisions.Area(nil), list[:len(list)-1]...)
		changed[3].Name = "改名街道"
		r := must(s.ImportAreas(ctx, c, changed, false))(t)
		if r.Created != 0 || r.Renamed != 1 || r.Unchanged != len(changed)-1 || len(r.Removed) != 1 || len(r.Blocked) != 0 || r.Removed[0].Code != list[len(list)-1].Code {
			t.Errorf("second import: %+v", r)
		}
		p := must(s.Area(ctx, c, changed[3].Code))(t)
		if p.Name != "改名街道" || p.Alias != list[3].Name || len(must(s.Areas(ctx, c))(t)) != len(changed) {
			t.Errorf("%+v", p)
		}
		above := must(s.Ancestors(ctx, c, must(s.Area(ctx, c, "230103001001"))(t)))(t)
		if len(above) != 4 || above[3].Code != "230103001000" {
			t.Errorf("ancestors %v", above)
		}
		kids := must(s.Children(ctx, c, root))(t)
		if len(kids) != 22 {
			t.Errorf("%d children", len(kids))
		}
	})
}

func TestImportWithoutCounties(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := New(d, d.Clock(), nil, nil)
		list, problems, err := divisions.Read(strings.NewReader("code,name,level,parent\n440000000000,广东省,province,\n441900000000,东莞市,city,440000000000\n441900003000,东城街道,street,441900000000\n441900003001,岗贝社区,community,441900003000\n441900003002,花园新村社区,community,441900003000\n"))
		if err != nil || len(problems) > 0 {
			t.Fatal(err, problems)
		}
		n, found := DistrictOf(list)
		if !found || n != 441900 {
			t.Fatalf("district %d", n)
		}
		c := System(n, "test")
		if r := must(s.ImportAreas(ctx, c, list, false))(t); r.Created != 5 {
			t.Fatalf("%+v", r)
		}
		root := must(s.Root(ctx, c))(t)
		if root.Kind != City || root.Path != "4419" {
			t.Errorf("%+v", root)
		}
		leaf := must(s.Area(ctx, c, "441900003001"))(t)
		if above := must(s.Ancestors(ctx, c, leaf))(t); len(above) != 3 || above[1].ID != root.ID {
			t.Errorf("%v", above)
		}
		if v := must(s.Vacancies(ctx, c, root.ID, When{}))(t); v.Total.Areas != 4 {
			t.Errorf("vacant areas %+v", v.Total)
		}
	})
}

func TestImportProblems(t *testing.T) { dbtest.Each(t, importProblems) }

func importProblems(t *testing.T, d *db.DB) {
	s := New(d, d.Clock(), nil, nil)
	list := []divisions.Area{
		{Code: "230103000000", Name: "南岗区", Level: divisions.County, Parent: "230100000000"},
		{Code: "230103000000", Name: "南岗区", Level: divisions.County, Parent: "230100000000"},
		{Code: "230103001000", Name: "花园街道", Level: divisions.Street, Parent: "230103001000"},
		{Code: "230104000000", Name: "道外区", Level: divisions.County, Parent: "230100000000"},
	}
	r := must(s.ImportAreas(ctx, System(nangang, "test"), list, false))(t)
	if r.Created != 1 || r.Outside != 1 || len(r.Problems) != 2 || r.Problems[0].Key != divisions.ProblemDuplicate || r.Problems[1].Key != divisions.ProblemSelf {
		t.Errorf("%+v", r)
	}
	_, err := s.ImportAreas(ctx, System(nangang, "test"), list[3:], false)
	wantKind(t, err, errs.Invalid)
	_, err = s.ImportAreas(ctx, Caller{District: nangang}, list, false)
	wantKind(t, err, errs.Denied)
}

func TestPlaces(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		f := fresh(t, d)
		comp, units, doors := f.estate("保利小区", 2, 2, 6)
		if len(units) != 4 || len(doors) != 24 || doors[0].Floor != 1 || doors[5].Floor != 3 || doors[0].AreaID != f.hua.ID {
			t.Fatalf("%d units, %d doors, %+v", len(units), len(doors), doors[0])
		}
		var walked []Place
		ok(t, f.Subtree(ctx, f.c, comp.Path, []Kind{Door}, func(p Place) error { walked = append(walked, p); return nil }))
		for i, p := range walked {
			if p.ID != doors[i].ID {
				t.Fatalf("door %d is %s, want %s", i, p.Path, doors[i].Path)
			}
		}
		kids := must(f.Children(ctx, f.c, comp))(t)
		if len(kids) != 2 || kids[0].Doors != 12 {
			t.Errorf("%+v", kids)
		}
		_, err := f.AddPlace(ctx, f.c, NewPlace{ParentID: comp.ID, Kind: Building, Name: "二号楼"})
		wantKind(t, err, errs.Conflict)
		_, err = f.AddPlace(ctx, f.c, NewPlace{ParentID: units[0].ID, Kind: Building, Name: "7"})
		wantKind(t, err, errs.Invalid)
		self := id.New()
		_, err = f.AddPlace(ctx, f.c, NewPlace{ID: self, ParentID: self, Kind: Building, Name: "7"})
		wantKind(t, err, errs.Invalid)
		wantKind(t, f.ClosePlace(ctx, f.c, units[0].ID), errs.Conflict)
		ok(t, f.ClosePlace(ctx, f.c, doors[0].ID))
		if n := must(f.Doors(ctx, f.c, comp.Path))(t); n != 23 {
			t.Errorf("%d doors", n)
		}
		late := must(f.AddPlace(ctx, f.c, NewPlace{ParentID: units[0].ID, Kind: Door, Name: "101A"}))(t)
		if late.Path <= doors[0].Path || late.Path >= doors[1].Path {
			t.Errorf("101A stands at %s, not between %s and %s", late.Path, doors[0].Path, doors[1].Path)
		}
		name := "保利一期"
		edited := must(f.EditPlace(ctx, f.c, comp.ID, PlaceEdit{Name: &name}))(t)
		if edited.Alias != "保利小区" {
			t.Errorf("alias %q", edited.Alias)
		}
		for _, text := range []string{"保利一期", "保利小区"} { // the former name too
			if found := must(f.Find(ctx, f.c, text, 0))(t).Places; len(found) != 1 || found[0].ID != comp.ID {
				t.Errorf("%s finds %v", text, found)
			}
		}
	})
}

func TestEnsureDoor(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		f := fresh(t, d)
		a := must(f.EnsureDoor(ctx, f.c, f.hua.ID, DoorParts{Compound: "保利小区", Building: "3号楼", Unit: "二单元", Room: "302室"}))(t)
		b := must(f.EnsureDoor(ctx, f.c, f.hua.ID, DoorParts{Compound: "保利", Building: "3栋", Unit: "2", Room: "０３０２"}))(t)
		c := must(f.EnsureDoor(ctx, f.c, f.hua.ID, DoorParts{Building: "三", Unit: "2单元", Room: "302"}))(t)
		if a.ID != b.ID || a.ID != c.ID || a.Floor != 3 {
			t.Errorf("%v %v %v", a, b, c)
		}
		v1 := must(f.EnsureDoor(ctx, f.c, f.hua.ID, DoorParts{Group: "一组"}))(t)
		v2 := must(f.EnsureDoor(ctx, f.c, f.hua.ID, DoorParts{Group: "1组"}))(t)
		if v1.Name != "1" || v2.Name != "2" || v1.ParentID != v2.ParentID || v1.Path >= v2.Path {
			t.Errorf("%v %v", v1, v2)
		}
		if got := must(f.FindDoor(ctx, f.c, f.hua.ID, DoorParts{Group: "1", Room: "2"}))(t); got.ID != v2.ID {
			t.Errorf("%v", got)
		}
		_, err := f.FindDoor(ctx, f.c, f.hua.ID, DoorParts{Building: "3", Room: "999"})
		wantKind(t, err, errs.NotFound)
		_, err = f.EnsureDoor(ctx, f.c, f.hua.ID, DoorParts{Building: "3"})
		wantKind(t, err, errs.Invalid)
	})
}

func TestWalkingOrder(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		f := fresh(t, d)
		g := must(f.AddPlace(ctx, f.c, NewPlace{ParentID: f.hua.ID, Kind: Group, Name: "王家屯"}))(t)
		var want []id.ID
		for i := range 5 {
			want = append(want, must(f.AddPlace(ctx, f.c, NewPlace{ParentID: g.ID, Kind: Door, Name: label2(i + 1)}))(t).ID)
		}
		for range 12 { // the last goes first again and again, until the gap is used up
			last := want[4]
			ok(t, f.MoveInOrder(ctx, f.c, last, id.Zero))
			want = append([]id.ID{last}, want[:4]...)
			var got []id.ID
			ok(t, f.Subtree(ctx, f.c, g.Path, []Kind{Door}, func(p Place) error { got = append(got, p.ID); return nil }))
			for i := range want {
				if len(got) != 5 || got[i] != want[i] {
					t.Fatalf("order %v, want %v", got, want)
				}
			}
		}
		wantKind(t, f.MoveInOrder(ctx, f.c, want[0], f.hua.ID), errs.Invalid)
	})
}

func TestRegridKeepsDoors(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		f := fresh(t, d)
		_, units, doors := f.estate("保利小区", 2, 2, 4)
		g1 := must(f.AddGrid(ctx, f.c, NewGrid{AreaID: f.hua.ID, Kind: BasicGrid, Name: "第一网格"}))(t)
		g2 := must(f.AddGrid(ctx, f.c, NewGrid{AreaID: f.hua.ID, Kind: BasicGrid, Name: "第二网格"}))(t)
		m := must(f.AddGrid(ctx, f.c, NewGrid{ParentID: g2.ID, Kind: MicroGrid, Name: "微网格"}))(t)
		if !Under(m.Path, g2.Path) || g1.Path == g2.Path {
			t.Fatalf("%s %s %s", g1.Path, g2.Path, m.Path)
		}
		_, err := f.AddGrid(ctx, f.c, NewGrid{ParentID: m.ID, Kind: BasicGrid, Name: "x"})
		wantKind(t, err, errs.Invalid)
		var hooked []Move
		f.OnRegrid(func(_ context.Context, _ *db.Tx, _ Caller, moves []Move) error { hooked = moves; return nil })
		r := must(f.AssignDoors(ctx, f.c, g1.ID, Selection{Places: []id.ID{doors[0].ID, units[0].ID, units[1].ID}}))(t)
		if r.Doors != 8 || len(hooked) != 10 {
			t.Fatalf("%d doors, %d moves", r.Doors, len(hooked))
		}
		f.clock.Advance(1000)
		pre := must(f.PreviewDoors(ctx, f.c, m.ID, Selection{Places: []id.ID{units[0].ID}, Doors: []id.ID{doors[4].ID, doors[8].ID}}))(t)
		if pre.Doors != 6 || len(pre.Grids) != 2 || pre.Grids[0].ID != g1.ID || pre.Grids[0].Doors != (Change{8, 3}) || pre.Grids[1].Doors != (Change{0, 6}) || pre.Without.After != 7 {
			t.Fatalf("%+v", pre)
		}
		f.clock.Advance(1_000_000)
		must(f.AssignDoors(ctx, f.c, m.ID, Selection{Places: []id.ID{units[0].ID}, Doors: []id.ID{doors[4].ID, doors[8].ID}}))(t)
		for i, want := range doors {
			p := must(f.Place(ctx, f.c, want.ID))(t)
			if p.Path != want.Path || p.ParentID != want.ParentID {
				t.Errorf("door %d moved", i)
			}
		}
		hist := must(f.GridHistory(ctx, f.c, doors[0].ID))(t)
		if len(hist) != 1 || hist[0].GridID != g1.ID || hist[0].UntilMs <= hist[0].FromMs {
			t.Errorf("%+v", hist)
		}
		counts := must(f.gridDoors(ctx, nangang))(t)
		if counts[g1.Path] != 3 || counts[g2.Path] != 6 || counts[m.Path] != 6 {
			t.Errorf("%v", counts)
		}
		wantKind(t, f.CloseGrid(ctx, f.c, g2.ID), errs.Conflict)
		ok(t, f.CloseGrid(ctx, f.c, m.ID))
		if p := must(f.Place(ctx, f.c, doors[0].ID))(t); p.GridID != g2.ID {
			t.Errorf("the door fell to %d", p.GridID)
		}
		far := must(f.Area(ctx, f.c, "230103002000"))(t)
		g3 := must(f.AddGrid(ctx, f.c, NewGrid{AreaID: far.ID, Kind: BlockGrid, Name: "片区"}))(t)
		_, err = f.AssignDoors(ctx, f.c, g3.ID, Selection{Places: []id.ID{units[0].ID}})
		wantKind(t, err, errs.Invalid)
	})
}
