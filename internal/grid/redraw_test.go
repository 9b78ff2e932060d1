package grid

import (
	"context"
	"testing"

	"wangge/internal/platform/db"
	"wangge/internal/platform/db/dbtest"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
)

func TestDoorRange(t *testing.T) {
	var doors []Place
	for _, n := range []string{"101", "102", "201", "202", "301", "12A", "门卫"} {
		doors = append(doors, Place{Kind: Door, Name: Normalise(Door, n)})
	}
	for _, c := range []struct {
		r    DoorRange
		want int // -1: refused
	}{
		{DoorRange{}, 7}, {DoorRange{From: "102", To: "202"}, 3}, {DoorRange{From: "102室", To: "３０１"}, 4}, {DoorRange{Only: OddDoors}, 3}, {DoorRange{Only: EvenDoors, To: "250"}, 3},
		{DoorRange{From: "202", To: "12A", Walk: true}, 3}, {DoorRange{From: "201", Walk: true}, 5}, {DoorRange{From: "999", Walk: true}, -1}, {DoorRange{From: "301", To: "101", Walk: true}, -1},
	} {
		got, err := c.r.within(doors)
		if err != nil && c.want >= 0 || err == nil && len(got) != c.want {
			t.Errorf("%+v: %d doors, %v", c.r, len(got), err)
		}
	}
}

func TestRedrawInOneStepAndBack(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		f := fresh(t, d)
		_, units, doors := f.estate("保利小区", 1, 2, 6)
		var g [3]Grid
		for i, name := range []string{"甲", "乙", "丙"} {
			g[i] = must(f.AddGrid(ctx, f.c, NewGrid{AreaID: f.hua.ID, Kind: BasicGrid, Name: name}))(t)
		}
		must(f.AssignDoors(ctx, f.c, g[0].ID, Selection{Places: []id.ID{units[0].ID, units[1].ID}}))(t)
		f.appoint(NewPost{Role: RoleGridWorker, ObjectKind: ObjectGrid, ObjectID: g[0].ID}, 3)
		f.SetWorkload(func(_ context.Context, _ Caller, doors []Place) (map[id.ID]DoorWork, error) {
			out := map[id.ID]DoorWork{}
			for _, d := range doors {
				out[d.ID] = DoorWork{Households: 1, Open: 2}
			}
			return out, nil
		})
		parts := []RedrawPart{
			{g[1].ID, Selection{Places: []id.ID{units[0].ID}}},
			{g[2].ID, Selection{Ranges: []DoorRange{{Place: units[0].ID, From: "101", To: "202"}}}}, // goes before the first part
			{g[1].ID, Selection{Places: []id.ID{units[1].ID}}},
		}
		if again := must(ReadRedrawParts([]string{parts[1].Text()}))(t); again[0].Grid != g[2].ID || again[0].Ranges[0].To != "202" {
			t.Errorf("%+v", again)
		}
		pre := must(f.PreviewRedraw(ctx, f.c, parts))(t)
		want := []GridEffect{
			{Name: "甲", Doors: Change{12, 0}, Households: Change{12, 0}, Open: Change{24, 0}, Idle: true},
			{Name: "乙", Doors: Change{0, 8}, Households: Change{0, 8}, Open: Change{0, 16}, Nobody: true},
			{Name: "丙", Doors: Change{0, 4}, Households: Change{0, 4}, Open: Change{0, 8}, Nobody: true},
		}
		if pre.Doors != 12 || len(pre.Grids) != 3 || pre.Without != (Change{}) {
			t.Fatalf("%+v", pre)
		}
		for i, e := range pre.Grids {
			if w := want[i]; e.Name != w.Name || e.Doors != w.Doors || e.Households != w.Households || e.Open != w.Open || e.Idle != w.Idle || e.Nobody != w.Nobody {
				t.Errorf("%+v, want %+v", e, w)
			}
		}
		micro := must(f.AddGrid(ctx, f.c, NewGrid{ParentID: g[0].ID, Kind: MicroGrid, Name: "微"}))(t)
		down := must(f.PreviewRedraw(ctx, f.c, []RedrawPart{{micro.ID, Selection{Places: []id.ID{units[0].ID, units[1].ID}}}}))(t)
		if down.Grids[0].Doors != (Change{12, 0}) || down.Grids[0].Idle { // its post answers for the grid below
			t.Errorf("%+v", down.Grids[0])
		}
		where := func(door int) id.ID { return must(f.Place(ctx, f.c, doors[door].ID))(t).GridID }
		if where(0) != g[0].ID {
			t.Fatal("a preview moved a door")
		}
		f.clock.Advance(1000)
		done := must(f.Redraw(ctx, f.c, parts))(t)
		if where(0) != g[2].ID || where(5) != g[1].ID || where(6) != g[1].ID {
			t.Error("the doors are not where they shall be")
		}
		f.clock.Advance(1000)
		must(f.AssignDoors(ctx, f.c, g[2].ID, Selection{Doors: []id.ID{doors[6].ID}}))(t) // re-drawn since
		rec, undo, err := f.PreviewUndo(ctx, f.c, done.ID)
		ok(t, err)
		if rec.Doors != 12 || undo.Doors != 11 || undo.Kept != 1 {
			t.Errorf("%+v %+v", rec, undo)
		}
		f.clock.Advance(1000)
		back := must(f.UndoRedraw(ctx, f.c, done.ID))(t)
		if back.Doors != 11 || where(0) != g[0].ID || where(6) != g[2].ID {
			t.Errorf("%+v", back)
		}
		_, err = f.UndoRedraw(ctx, f.c, done.ID)
		wantKind(t, err, errs.Conflict)
		list := must(f.Redrawings(ctx, f.c, f.hua, 10))(t)
		if len(list) != 4 || list[0].ID != back.ID || list[2].UndoneBy != back.ID {
			t.Errorf("%+v", list)
		}
		if h := must(f.GridHistory(ctx, f.c, doors[0].ID))(t); len(h) != 2 || h[0].GridID != g[0].ID || h[1].GridID != g[2].ID {
			t.Errorf("%+v", h)
		}
		stranger := Caller{District: nangang, Grants: []Grant{{PostID: 1, Role: RoleCommunity, ObjectKind: ObjectPlace, Path: "230103002001"}}}
		_, err = f.Redraw(ctx, stranger, parts)
		wantKind(t, err, errs.Denied)
		_, err = f.UndoRedraw(ctx, stranger, back.ID)
		wantKind(t, err, errs.Denied)
	})
}
