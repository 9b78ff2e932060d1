package transfer

import (
	"context"
	"errors"
	"testing"
	"time"

	"wangge/internal/grid"
	"wangge/internal/ledger"
	"wangge/internal/platform/audit"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/platform/seal/sealtest"
	"wangge/internal/task"
)

const district = 230103

var (
	ctx = context.Background()
	sys = grid.System(district, "test")
)

// world is a district with one street, one community and one door, and posts
// with a holder each: hq, street, comm, grid, leader.
type world struct {
	t     testing.TB
	d     *db.DB
	clk   *clock.Manual
	g     *grid.Service
	l     *ledger.Service
	tasks *task.Service
	s     *Service
	door  id.ID
	post  map[string]id.ID
	acct  map[string]id.ID
	names map[id.ID]string
}

func newWorld(t testing.TB, d *db.DB) *world {
	t.Helper()
	clk := d.Clock().(*clock.Manual)
	w := &world{t: t, d: d, clk: clk, post: map[string]id.ID{}, acct: map[string]id.ID{}, names: map[id.ID]string{}}
	keys, log := sealtest.New(t), audit.New(district, clk)
	w.g = grid.New(d, clk, nil, nil)
	names := func(_ context.Context, ids []id.ID) (map[id.ID]string, error) {
		out := map[id.ID]string{}
		for _, a := range ids {
			out[a] = w.names[a]
		}
		return out, nil
	}
	w.l = ledger.New(ledger.Deps{DB: d, District: district, Keys: keys, Audit: log, Clock: clk, Places: w.g})
	w.tasks = task.New(task.Deps{DB: d, Clock: clk, Keys: keys, Audit: log, Grid: w.g, Names: names})
	w.s = New(Deps{DB: d, Clock: clk, Keys: keys, Audit: log, Grid: w.g, Ledger: w.l, Tasks: w.tasks, Names: names})
	w.places()
	return w
}

func (w *world) places() {
	at := map[string]id.ID{}
	var rows [][]any
	gid := id.New()
	for i, p := range []struct{ path, kind, up, code string }{
		{"230103", "county", "", "230103000000"}, {"230103001", "street", "230103", "230103001000"}, {"230103001001", "community", "230103001", "230103001001"},
		{"230103001001001", "compound", "230103001001", ""}, {"230103001001001001", "building", "230103001001001", ""},
		{"230103001001001001001", "unit", "230103001001001001", ""}, {"230103001001001001001001", "door", "230103001001001001001", ""},
	} {
		at[p.path] = id.New()
		g := id.Zero
		if p.kind == "door" {
			g, w.door = gid, at[p.path]
		}
		area := at["230103001001"]
		if len(p.path) <= 12 {
			area = at[p.path]
		}
		rows = append(rows, []any{district, int64(at[p.path]), int64(at[p.up]), int64(area), p.kind, p.kind, p.code, i + 1, p.path, int64(g), int64(1)})
	}
	w.ok(w.d.Write(ctx, "test", func(tx *db.Tx) error {
		err := tx.BulkInsert(ctx, "place", []string{"district", "id", "parent_id", "area_id", "kind", "name", "code", "ordinal", "path", "grid_id", "from_ms"}, rows)
		if err != nil {
			return err
		}
		return tx.BulkInsert(ctx, "grid", []string{"district", "id", "parent_id", "area_id", "kind", "name", "ordinal", "path", "from_ms"},
			[][]any{{district, int64(gid), int64(0), int64(at["230103001001"]), "basic", "grid", 1, "230103001001g001", int64(1)}})
	}))
	w.holds("hq", grid.RoleCommand, grid.ObjectPlace, at["230103"])
	w.holds("street", grid.RoleStreet, grid.ObjectPlace, at["230103001"])
	w.holds("comm", grid.RoleCommunity, grid.ObjectPlace, at["230103001001"])
	w.holds("grid", grid.RoleGridWorker, grid.ObjectGrid, gid)
	w.holds("leader", grid.RoleBuildingLeader, grid.ObjectPlace, at["230103001001001001"])
}

func (w *world) holds(name string, role grid.Role, kind grid.ObjectKind, object id.ID) {
	w.t.Helper()
	p, err := w.g.AddPost(ctx, sys, grid.NewPost{Role: role, ObjectKind: kind, ObjectID: object})
	w.ok(err)
	a := id.ID(1000 + len(w.acct))
	w.post[name], w.acct[name], w.names[a] = p.ID, a, name+" name"
	_, err = w.g.AddHolder(ctx, sys, grid.Holder{PostID: p.ID, AccountID: a})
	w.ok(err)
}

func (w *world) as(name string) grid.Caller {
	w.t.Helper()
	c, err := w.g.CallerFor(ctx, w.acct[name], district, w.clk.Now())
	w.ok(err)
	c.Lang = "zh"
	return c
}

func (w *world) ok(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// refused wants an error of a key.
func (w *world) refused(err error, key string) {
	w.t.Helper()
	var e *errs.Error
	if !errors.As(err, &e) || e.Key != key {
		w.t.Errorf("got %v, want %s", err, key)
	}
}

// family lives behind the door: a mother of 40, her child of 6, her father of
// 81 and a brother of 44.
func (w *world) family() map[string]id.ID {
	w.t.Helper()
	year := w.clk.Now().Year()
	born := func(age int) string { return time.Date(year-age, 1, 1, 0, 0, 0, 0, time.UTC).Format(time.DateOnly) }
	var people []ledger.Person
	for name, age := range map[string]int{"mother": 40, "child": 6, "father": 81, "brother": 44} {
		people = append(people, ledger.Person{Name: name, LivesHere: true, Birth: born(age)})
	}
	h, err := w.l.AddHousehold(ctx, sys, ledger.HouseholdInput{DoorID: w.door, Kind: ledger.Family, Living: 4}, people)
	w.ok(err)
	v, err := w.l.Household(ctx, sys, h)
	w.ok(err)
	out := map[string]id.ID{}
	for _, p := range v.Persons {
		for _, n := range people {
			if n.Birth == p.Birth {
				out[n.Name] = p.ID
			}
		}
	}
	return out
}

// whole fails the test where a transfer or a task is not as it should be.
func (w *world) whole() {
	w.t.Helper()
	_, wrong, err := Check(ctx, w.d)
	w.ok(err)
	custody, err := task.Check(ctx, w.d)
	w.ok(err)
	for _, p := range wrong {
		w.t.Errorf("check %s: %s", p.Check, p.Detail)
	}
	for _, p := range custody.Problems {
		w.t.Errorf("custody %s: %s", p.Check, p.Detail)
	}
}
