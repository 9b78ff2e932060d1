package ledger_test

import (
	"context"
	"reflect"
	"slices"
	"strings"
	"testing"

	"wangge/internal/grid"
	"wangge/internal/ledger"
	"wangge/internal/platform/db"
	"wangge/internal/platform/db/dbtest"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
)

// place64 reads one id.
func (w *world) place64(query string, args ...any) id.ID {
	w.t.Helper()
	var v int64
	must(w.t, w.d.Read().QueryRowContext(ctx, query, args...).Scan(&v))
	return id.ID(v)
}

func TestCompletenessByFacet(t *testing.T) {
	both(t, 12, func(t *testing.T, w *world) {
		full := person("王建国", "13812345678")
		full.IDNo = "230103199003076616"
		w.home(0, ledger.HouseholdInput{}, full)                                                   // everything
		w.home(1, ledger.HouseholdInput{Living: 3}, person("李秀英", ""))                             // two unnamed, no phone
		w.home(2, ledger.HouseholdInput{Kind: ledger.Vacant})                                      // known to be empty
		w.home(3, ledger.HouseholdInput{Living: 2}, person("赵四", "13900001111"), person("孙五", "")) // no numbers
		area := w.place64("SELECT id FROM place WHERE kind = 'community'")
		unit := w.place64("SELECT parent_id FROM place WHERE id = $1", int64(w.doors[0]))
		block := id.New()
		w.write(func(tx *db.Tx) error {
			if _, err := tx.ExecContext(ctx, "UPDATE place SET grid_id = $1 WHERE id = $2", int64(block), int64(w.doors[0])); err != nil {
				return err
			}
			if err := tx.BulkInsert(ctx, "post", []string{"district", "id", "role", "object_kind", "object_id", "from_ms"}, [][]any{{district, int64(block), "building_leader", "place", int64(unit), 1}}); err != nil {
				return err
			}
			return tx.BulkInsert(ctx, "holder", []string{"district", "id", "post_id", "account_id", "from_ms"}, [][]any{{district, int64(block), int64(block), 7, 1}})
		})
		clerk := caller(grid.RoleCommunity, communityPath)
		v := must2[*ledger.Completeness](t)(w.s.Completeness(ctx, clerk, area))
		if want := []int{4, 3, 3, 2, 1, 10}; v.Total.Doors != 12 || !reflect.DeepEqual(v.Total.Met, want) ||
			!reflect.DeepEqual(v.Facets, []string{"base", "people", "contact", "identity", "grid", "answered"}) {
			t.Errorf("%d doors, %v, want %v", v.Total.Doors, v.Total.Met, want)
		}
		if len(v.Children) != 1 || !reflect.DeepEqual(v.Children[0].Met, v.Total.Met) {
			t.Errorf("children: %+v", v.Children)
		}
		part := must2[*ledger.Completeness](t)(w.s.Completeness(ctx, clerk, unit))
		if n := len(part.Total.Met); part.Total.Doors == 0 || part.Total.Met[n-1] == 0 {
			t.Errorf("of the unit that its leader answers for: %+v", part.Total)
		}
		list, more, err := w.s.Lacking(ctx, clerk, area, "contact")
		must(t, err)
		if len(list) != 9 || more || list[0].ID != w.doors[1] {
			t.Errorf("lacking: %v", list)
		}
		street := id.New()
		w.write(func(tx *db.Tx) error {
			if _, err := tx.ExecContext(ctx, "UPDATE place SET parent_id = $1 WHERE id = $2", int64(street), int64(area)); err != nil {
				return err
			}
			return tx.BulkInsert(ctx, "place", []string{"district", "id", "parent_id", "area_id", "kind", "name", "code", "ordinal", "path", "from_ms"},
				[][]any{{district, int64(street), 0, int64(street), "street", "某街道", "230103001", 1, "230103001", 1}})
		})
		above := must2[*ledger.Completeness](t)(w.s.Completeness(ctx, caller(grid.RoleStreet, "230103001"), street))
		if above.Missing != 0 || !reflect.DeepEqual(above.Total.Met, v.Total.Met) || len(above.Children) != 1 || !reflect.DeepEqual(above.Children[0].Met, v.Total.Met) {
			t.Errorf("the street: %+v", above)
		}
		// What the clerk mends shows at once.
		must2[id.ID](t)(w.s.AddHousehold(ctx, clerk, ledger.HouseholdInput{DoorID: w.doors[5], Kind: ledger.Vacant}, nil))
		if v = must2[*ledger.Completeness](t)(w.s.Completeness(ctx, clerk, area)); v.Total.Met[0] != 5 {
			t.Errorf("after mending: %v", v.Total.Met)
		}
		for _, role := range []grid.Role{grid.RoleBuildingLeader, grid.RoleProperty, grid.RoleCommand} {
			_, _, err = w.s.Lacking(ctx, caller(role, communityPath), area, "contact")
			wantKind(t, err, errs.Denied)
		}
		_, _, err = w.s.Lacking(ctx, clerk, area, "zeal")
		wantKind(t, err, errs.Invalid)
		_, err = w.s.Completeness(ctx, caller(grid.RoleCommunity, otherPath), area)
		wantKind(t, err, errs.NotFound)
	})
}

// Facets of rounds speak of the doors that were asked; where nobody was, they
// are not there.
func TestFacetsOfRounds(t *testing.T) {
	both(t, 6, func(t *testing.T, w *world) {
		area := w.place64("SELECT id FROM place WHERE kind = 'community'")
		clerk := caller(grid.RoleCommunity, communityPath)
		told := map[id.ID]bool{}
		w.s.AskRounds(func(_ context.Context, c grid.Caller, path, question, answer string) (map[id.ID]bool, error) {
			if c.District != district || !strings.HasPrefix(path, communityPath) || answer != "yes" || question != "in_group" {
				return nil, nil
			}
			return told, nil
		})
		v := must2[*ledger.Completeness](t)(w.s.Completeness(ctx, clerk, area))
		if slices.Contains(v.Facets, "groups") || len(v.Total.Met) != len(v.Facets) {
			t.Errorf("nobody was asked: %+v", v)
		}
		told[w.doors[0]], told[w.doors[1]], told[w.doors[3]] = true, false, false
		must2[id.ID](t)(w.s.AddHousehold(ctx, clerk, ledger.HouseholdInput{DoorID: w.doors[5], Kind: ledger.Vacant}, nil)) // counted anew
		v = must2[*ledger.Completeness](t)(w.s.Completeness(ctx, clerk, area))
		k := slices.Index(v.Facets, "groups")
		if k < 0 || slices.Contains(v.Facets, "tests") || v.Total.Met[k] != 1 || v.Total.Of[k] != 3 || v.Children[0].Of[k] != 3 || v.Total.Of[0] != 6 {
			t.Fatalf("three were asked, one said yes: %+v", v)
		}
		list, _, err := w.s.Lacking(ctx, clerk, area, "groups")
		must(t, err)
		if len(list) != 2 || list[0].ID != w.doors[1] || list[1].ID != w.doors[3] {
			t.Errorf("lacking: %v", list)
		}
	})
}

func TestFacetPages(t *testing.T) {
	d := dbtest.Open(t, db.FileURL(t.TempDir()+"/p.db"))
	must(t, d.Migrate(ctx))
	w := newWorld(t, d, 5)
	w.home(0, ledger.HouseholdInput{}, person("王建国", ""))
	area := w.place64("SELECT id FROM place WHERE kind = 'community'")
	for _, lang := range []string{"zh", "en"} {
		c := caller(grid.RoleCommunity, communityPath)
		c.Lang = lang
		c.Grants[0].ObjectID = area
		do := site(t, w, c)
		rec := do("GET", "/facets", nil)
		if check(t, rec, 200, "facets"); !strings.Contains(rec.Body.String(), "facet=contact") {
			t.Error("the figure leads nowhere")
		}
		check(t, do("GET", "/facets?place="+w.doors[0].String(), nil), 200, "of a door")
		check(t, do("GET", "/facets/doors?place="+area.String()+"&facet=contact", nil), 200, "doors")
		check(t, do("GET", "/facets/doors?place="+area.String()+"&facet=base", nil), 200, "doors")
		html, err := w.s.AreaSection(ctx, c, grid.Place{ID: area, Path: communityPath, Kind: grid.Community})
		must(t, err)
		if !strings.Contains(string(html), "/facets?place=") {
			t.Errorf("the area's page: %s", html)
		}
	}
}
