package round

import (
	"context"
	"fmt"
	"testing"
	"time"

	"wangge/internal/grid"
	"wangge/internal/platform/audit"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/db"
	"wangge/internal/platform/id"
	"wangge/internal/platform/seal/sealtest"
)

const district = 230103

// world is a small community written straight into the tables: a street with
// two communities, compounds, buildings with units, and doors in two grids.
type world struct {
	t     testing.TB
	d     *db.DB
	s     *Service
	clk   *clock.Manual
	place map[string]id.ID // by path
	doors []id.ID          // in walking order
	unit  map[id.ID]id.ID  // door → unit
	grids []id.ID
	homes map[id.ID]id.ID // door → household
	ctx   context.Context
}

var sys = grid.System(district, "test")

const (
	countyPath = "230103"
	streetPath = "230103001"
	commA      = "230103001001"
	commB      = "230103001002"
)

func newWorld(t testing.TB, d *db.DB, buildings, units, perUnit int) *world {
	t.Helper()
	clk, ok := d.Clock().(*clock.Manual)
	if !ok {
		t.Fatal("the database has no manual clock")
	}
	w := &world{t: t, d: d, clk: clk, place: map[string]id.ID{}, unit: map[id.ID]id.ID{}, homes: map[id.ID]id.ID{}, ctx: context.Background()}
	w.s = New(Deps{DB: d, Clock: clk, Keys: sealtest.New(t), Audit: audit.New(district, clk)})
	var places, households [][]any
	add := func(path, kind, name string, parent, area, g id.ID) id.ID {
		v := id.New()
		w.place[path] = v
		code := ""
		if kind == "county" || kind == "street" || kind == "community" { // areas have one, see package divisions
			code = (path + "000000000000")[:12]
		}
		places = append(places, []any{district, int64(v), int64(parent), int64(area), kind, name, code, len(places) + 1, path, int64(g), int64(1)})
		return v
	}
	county := add(countyPath, "county", "county", 0, 0, 0)
	street := add(streetPath, "street", "street", county, 0, 0)
	var grids [][]any
	for ci, comm := range []string{commA, commB} {
		c := add(comm, "community", fmt.Sprintf("community %d", ci+1), street, 0, 0)
		var gs []id.ID
		for g := range 2 {
			v := id.New()
			gs = append(gs, v)
			grids = append(grids, []any{district, int64(v), int64(0), int64(c), "basic", fmt.Sprintf("grid %d-%d", ci+1, g+1), g + 1, fmt.Sprintf("%sg%03d", comm, g+1), int64(1)})
		}
		w.grids = append(w.grids, gs...)
		compound := add(comm+"001", "compound", "compound", c, c, 0)
		for b := range buildings {
			bp := fmt.Sprintf("%s001%03d", comm, b+1)
			building := add(bp, "building", fmt.Sprintf("B%d", b+1), compound, c, 0)
			for u := range units {
				up := fmt.Sprintf("%s%03d", bp, u+1)
				unit := add(up, "unit", fmt.Sprintf("U%d", u+1), building, c, 0)
				for n := range perUnit {
					door := add(fmt.Sprintf("%s%03d", up, n+1), "door", fmt.Sprint(100*(n+1)+1), unit, c, gs[b%2])
					w.doors = append(w.doors, door)
					w.unit[door] = unit
					h := id.New()
					w.homes[door] = h
					households = append(households, []any{district, int64(h), int64(door), "family", 2, 3, "standing", []byte{}, int64(1)})
				}
			}
		}
		add(comm+"00100z", "point", "gate", compound, c, gs[0])
	}
	w.write(func(tx *db.Tx) error {
		if err := tx.BulkInsert(w.ctx, "place", []string{"district", "id", "parent_id", "area_id", "kind", "name", "code", "ordinal", "path", "grid_id", "from_ms"}, places); err != nil {
			return err
		}
		if err := tx.BulkInsert(w.ctx, "grid", []string{"district", "id", "parent_id", "area_id", "kind", "name", "ordinal", "path", "from_ms"}, grids); err != nil {
			return err
		}
		return tx.BulkInsert(w.ctx, "household", []string{"district", "id", "door_id", "kind", "registered_count", "living_count", "register", "sealed", "from_ms"}, households)
	})
	return w
}

func (w *world) write(fn func(tx *db.Tx) error) {
	w.t.Helper()
	if err := w.d.Write(w.ctx, "test", fn); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) ok(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) emergency() Emergency {
	w.t.Helper()
	e, err := w.s.OpenEmergency(w.ctx, sys, NewEmergency{Name: "drill", Basis: "law", Purpose: "test", Recipients: "CDC", RetentionDays: 30, Drill: true})
	w.ok(err)
	return e
}

func (w *world) form() Form {
	w.t.Helper()
	f, err := w.s.SaveForm(w.ctx, sys, Form{Name: "screening", Fields: Screening()})
	w.ok(err)
	return f
}

// draft drafts a round over a path.
func (w *world) draft(kind TargetKind, path string, f Filter, form id.ID) Round {
	w.t.Helper()
	r, err := w.s.DraftRound(w.ctx, sys, DraftInput{AreaID: w.place[path], Name: "round", TargetKind: kind, FormID: form, Filter: f,
		DueMs: clock.Ms(w.clk.Now().Add(48 * time.Hour))})
	w.ok(err)
	return r
}

// opened drafts, submits and opens a round.
func (w *world) opened(kind TargetKind, path string, f Filter, form id.ID) Round {
	w.t.Helper()
	r := w.draft(kind, path, f, form)
	_, err := w.s.Submit(w.ctx, sys, r.ID)
	w.ok(err)
	w.ok(w.s.ApproveNow(w.ctx, sys, r.ID))
	r, err = w.s.Round(w.ctx, sys, r.ID)
	w.ok(err)
	if r.State != Open {
		w.t.Fatalf("round is %s", r.State)
	}
	return r
}

func (w *world) mark(r Round, object id.ID, result string) MarkResult {
	w.t.Helper()
	out, err := w.s.Mark(w.ctx, sys, MarkInput{RoundID: r.ID, ObjectID: object, Result: result})
	w.ok(err)
	return out
}

func (w *world) total(r Round) Figures {
	w.t.Helper()
	f, err := w.s.Total(w.ctx, sys, r.ID)
	w.ok(err)
	return f
}

// check fails the test if the coverage invariant does not hold.
func (w *world) check() {
	w.t.Helper()
	c, err := Check(w.ctx, w.d)
	w.ok(err)
	if len(c.Problems) > 0 {
		w.t.Fatalf("coverage is violated: %+v", c.Problems)
	}
	a, err := Recount(w.ctx, w.d, w.s.Keys)
	w.ok(err)
	if len(a.Problems) > 0 {
		w.t.Fatalf("answers are miscounted: %+v", a.Problems)
	}
}

// leader returns the caller of a post over a place.
func (w *world) caller(role grid.Role, path string) grid.Caller {
	return grid.Caller{District: district, AccountID: id.New(), Lang: "zh", Grants: []grid.Grant{{PostID: id.New(), Role: role,
		ObjectKind: grid.ObjectPlace, ObjectID: w.place[path], Path: path}}}
}
