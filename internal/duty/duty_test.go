package duty

import (
	"context"
	"testing"

	"wangge/internal/grid"
	"wangge/internal/platform/audit"
	"wangge/internal/platform/db"
	"wangge/internal/platform/db/dbtest"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
)

const district = 230103

// world is a district with two communities of one street, and a compound.
type world struct {
	s                               *Service
	county, street, own, sister, in id.ID
}

func newWorld(t *testing.T, d *db.DB) *world {
	t.Helper()
	w := &world{county: id.New(), street: id.New(), own: id.New(), sister: id.New(), in: id.New()}
	row := func(v, parent id.ID, kind, name, code, path string) []any {
		return []any{district, int64(v), int64(parent), int64(v), kind, name, code, 1, path, 1}
	}
	err := d.Write(context.Background(), "test", func(tx *db.Tx) error {
		return tx.BulkInsert(context.Background(), "place", []string{"district", "id", "parent_id", "area_id", "kind", "name", "code", "ordinal", "path", "from_ms"}, [][]any{
			row(w.county, 0, "county", "南岗区", "230103000000", "230103"), row(w.street, w.county, "street", "花园街道", "230103001000", "230103001"),
			row(w.own, w.street, "community", "海城社区", "230103001001", "230103001001"), row(w.sister, w.street, "community", "工大社区", "230103001002", "230103001002"),
			row(w.in, w.own, "compound", "幸福", "", "230103001001001"),
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	clk := dbtest.Clock()
	w.s = New(Deps{DB: d, Clock: clk, Grid: grid.New(d, clk, nil, nil), Audit: audit.New(district, clk)})
	return w
}

// clerk holds a community post over an area.
func clerk(path string, area id.ID) grid.Caller {
	return grid.Caller{District: district, AccountID: 7, Lang: "zh", Grants: []grid.Grant{{PostID: 5, Role: grid.RoleCommunity, ObjectKind: grid.ObjectPlace, ObjectID: area, Path: path}}}
}

func TestNumberHoldsBelow(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, ctx, sys := newWorld(t, d), context.Background(), grid.System(district, "test")
		holds := func(place id.ID, phone, of string) {
			t.Helper()
			n, err := w.s.For(ctx, sys, place)
			if err != nil || n.Phone != phone || n.AreaName != of {
				t.Errorf("%+v, %v; want %s of %s", n, err, phone, of)
			}
		}
		set := func(area id.ID, phone string) {
			t.Helper()
			if _, err := w.s.Set(ctx, sys, area, phone, "24小时"); err != nil {
				t.Fatal(err)
			}
		}
		holds(w.in, "", "")
		set(w.county, "12345")
		holds(w.in, "12345", "南岗区")
		set(w.own, "0451-87654321")
		holds(w.in, "0451-87654321", "海城社区")
		holds(w.sister, "12345", "南岗区")
		set(w.own, "")
		holds(w.in, "12345", "南岗区")
		set(w.own, "0451-1")
		set(w.own, "0451-2")
		if n, err := w.s.ByCode(ctx, sys, "230103001001"); err != nil || n.Phone != "0451-2" {
			t.Errorf("by code: %+v, %v", n, err)
		}
		if _, err := w.s.ByCode(ctx, sys, "230103009009"); !errs.Is(err, errs.NotFound) {
			t.Errorf("a code that is none: %v", err)
		}
	})
}

// The page opens where one works: grid workers and leaders at their community.
func TestOpensAtOnesOwnArea(t *testing.T) {
	d := dbtest.One(t)
	w := newWorld(t, d)
	for name, x := range map[string]struct {
		role grid.Role
		kind grid.ObjectKind
		path string
		want id.ID
	}{
		"clerk":         {grid.RoleCommunity, grid.ObjectPlace, "230103001002", w.sister},
		"street":        {grid.RoleStreet, grid.ObjectPlace, "230103001", w.street},
		"grid worker":   {grid.RoleGridWorker, grid.ObjectGrid, "230103001001g001", w.own},
		"leader":        {grid.RoleBuildingLeader, grid.ObjectPlace, "230103001001001001", w.own},
		"nowhere known": {grid.RoleGridWorker, grid.ObjectGrid, "", w.county},
	} {
		c := grid.Caller{District: district, Grants: []grid.Grant{{Role: x.role, ObjectKind: x.kind, Path: x.path}}}
		if p, err := w.s.Grid.HomeArea(context.Background(), c); err != nil || p.ID != x.want {
			t.Errorf("%s: %s, %v", name, p.Name, err)
		}
	}
}

func TestOnlyWhoAnswersForAnAreaSetsItsNumber(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, ctx := newWorld(t, d), context.Background()
		c := clerk("230103001001", w.own)
		const none errs.Kind = 99
		for _, try := range []struct {
			area  id.ID
			phone string
			want  errs.Kind
		}{{w.own, "87654321", none}, {w.sister, "87654321", errs.Denied}, {w.street, "87654321", errs.Denied}, {w.own, "值班室", errs.Invalid}, {w.in, "87654321", errs.Invalid}, {id.New(), "1", errs.NotFound}} {
			_, err := w.s.Set(ctx, c, try.area, try.phone, "")
			if (err != nil) != (try.want != none) || err != nil && !errs.Is(err, try.want) {
				t.Errorf("%s for %s: %v, want kind %d", try.phone, try.area, err, try.want)
			}
		}
		below, err := w.s.Below(ctx, clerk("230103001", w.street), grid.Place{ID: w.street, Path: "230103001", Kind: grid.Street})
		if err != nil || len(below) != 2 || below[0].Phone != "87654321" || below[1].Phone != "" {
			t.Errorf("below the street: %+v, %v", below, err)
		}
	})
}
