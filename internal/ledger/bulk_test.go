package ledger_test

import (
	"context"
	"fmt"
	"testing"

	"wangge/internal/grid"
	"wangge/internal/ledger"
	"wangge/internal/platform/audit"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/db"
	"wangge/internal/platform/db/dbtest"
	"wangge/internal/platform/id"
	"wangge/internal/platform/seal/sealtest"
)

const district = 230103

// world is a community with one compound, doors and a ledger.
type world struct {
	t     testing.TB
	d     *db.DB
	s     *ledger.Service
	clk   *clock.Manual
	sys   grid.Caller
	doors []id.ID
}

const communityPath = "230103001005"

// newWorld makes a community with n doors of ten to a unit.
func newWorld(t testing.TB, d *db.DB, n int) *world {
	t.Helper()
	clk := dbtest.Clock()
	w := &world{t: t, d: d, clk: clk, sys: grid.System(district, "test")}
	w.s = ledger.New(ledger.Deps{DB: d, District: district, Keys: sealtest.New(t), Audit: audit.New(district, clk), Clock: clk, Places: grid.New(d, clk, nil, nil)})
	var rows [][]any
	add := func(parent id.ID, kind string, name, path, code string) id.ID {
		v := id.New()
		rows = append(rows, []any{district, int64(v), int64(parent), int64(parent), kind, name, code, 1, path, 1})
		return v
	}
	com := add(0, "community", "测试社区", communityPath, "230103001005")
	comp := add(com, "compound", "幸福", communityPath+"001", "")
	b := add(comp, "building", "3", communityPath+"001003", "")
	var unit id.ID
	for i := range n {
		u := i / 10
		upath := fmt.Sprintf("%s001003%03d", communityPath, u+1)
		if i%10 == 0 {
			unit = add(b, "unit", fmt.Sprint(u+1), upath, "")
		}
		w.doors = append(w.doors, add(unit, "door", fmt.Sprint(501+i%10), fmt.Sprintf("%s%03d", upath, i%10+1), ""))
	}
	w.write(func(tx *db.Tx) error {
		return tx.BulkInsert(context.Background(), "place", []string{"district", "id", "parent_id", "area_id", "kind", "name", "code", "ordinal", "path", "from_ms"}, rows)
	})
	return w
}

func (w *world) write(fn func(tx *db.Tx) error) {
	w.t.Helper()
	if err := w.d.Write(context.Background(), "test", fn); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) count(query string, args ...any) (n int) {
	w.t.Helper()
	if err := w.d.Read().QueryRowContext(context.Background(), query, args...).Scan(&n); err != nil {
		w.t.Fatal(err)
	}
	return n
}

// invented makes n households of three over the world's doors.
func (w *world) invented(n int) []ledger.NewHousehold {
	hs := make([]ledger.NewHousehold, n)
	for i := range hs {
		hs[i].DoorID = w.doors[i%len(w.doors)]
		for j := range 3 {
			hs[i].Persons = append(hs[i].Persons, ledger.Person{
				Name: []string{"王建国", "李秀英", "张小明"}[j], Sex: ledger.Male, Birth: "1980-01-02",
				Phones: []string{fmt.Sprintf("199%08d", i*3+j)}, Relation: "户主", Registered: true, LivesHere: true,
			})
		}
	}
	return hs
}

func TestAddHouseholds(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, 30)
		var heard int
		w.s.OnHousehold(func(_ context.Context, _ *db.Tx, cs []ledger.Change) error { heard += len(cs); return nil })
		if err := w.s.AddHouseholds(context.Background(), w.sys, w.invented(2500)); err != nil {
			t.Fatal(err)
		}
		if n := w.count("SELECT COUNT(*) FROM person WHERE district = $1", district); n != 7500 {
			t.Errorf("persons: %d", n)
		}
		if n := w.count("SELECT COUNT(*) FROM household WHERE living_count = 3 AND registered_count = 3"); n != 2500 {
			t.Errorf("households of three: %d", n)
		}
		if heard != 10000 {
			t.Errorf("listeners heard %d changes", heard)
		}
	})
}

func BenchmarkAddHouseholds(b *testing.B) {
	d := dbtest.Open(b, db.FileURL(b.TempDir()+"/b.db"))
	if err := d.Migrate(context.Background()); err != nil {
		b.Fatal(err)
	}
	w := newWorld(b, d, 1000)
	b.ResetTimer()
	for b.Loop() {
		hs := w.invented(20000)
		sw := clock.Start()
		if err := w.s.AddHouseholds(context.Background(), w.sys, hs); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(60000/sw.Elapsed().Seconds(), "persons/s")
	}
}
