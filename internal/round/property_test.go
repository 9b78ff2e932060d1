package round

import (
	"flag"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"wangge/internal/grid"
	"wangge/internal/ledger"
	"wangge/internal/platform/db"
	"wangge/internal/platform/db/dbtest"
	"wangge/internal/platform/id"
)

// oracle is the simple model that the database is compared with.
type oracle struct {
	rounds []*modelRound
	grid   map[id.ID]id.ID // door → grid
	door   map[id.ID]id.ID // household → door
}

type modelRound struct {
	Round
	closed  bool
	targets map[id.ID]*modelTarget
}

type modelTarget struct {
	state    State
	attempts int
	symptom  string // the answer that counts
	left     bool
	door     id.ID // where it is counted
}

// mark is what a mark does to the model.
func (m *modelTarget) mark(result, symptom string, correct bool) {
	res, _ := ResultOf(result)
	if res.Class() == Attempted {
		m.attempts++
		if (m.state == Done || m.state == Exempt) && !correct {
			return
		}
	}
	m.state, m.symptom = res.Class(), ""
	if res.Class() == Done {
		m.symptom = symptom
	}
}

// walk is one random walk over a world.
type walk struct {
	*world
	rt   *rapid.T
	o    *oracle
	form Form
	keys int
}

func (k *walk) pickRound(open bool) *modelRound {
	var list []*modelRound
	for _, r := range k.o.rounds {
		if r.closed != open {
			list = append(list, r)
		}
	}
	if len(list) == 0 {
		return nil
	}
	return rapid.SampledFrom(list).Draw(k.rt, "round")
}

func (k *walk) pickTarget(r *modelRound) id.ID {
	objects := sortedIDs(r.targets)
	return objects[rapid.IntRange(0, len(objects)-1).Draw(k.rt, "target")]
}

func (k *walk) openRound(*rapid.T) {
	if len(k.o.rounds) >= 4 {
		return
	}
	kind := rapid.SampledFrom([]TargetKind{Doors, Households}).Draw(k.rt, "kind")
	path := rapid.SampledFrom([]string{streetPath, commA, commB}).Draw(k.rt, "area")
	r := k.opened(kind, path, Filter{}, k.form.ID)
	m := &modelRound{Round: r, targets: map[id.ID]*modelTarget{}}
	lines, _, err := k.s.Outstanding(k.ctx, sys, r.ID, ListQuery{All: true, Limit: maxList})
	k.ok(err)
	want := 0
	for _, d := range k.doors {
		p := k.pathOf(d)
		if len(p) < len(path) || p[:len(path)] != path {
			continue
		}
		if kind == Doors {
			want++
			continue
		}
		for _, at := range k.o.door {
			if at == d {
				want++
			}
		}
	}
	if len(lines) != want {
		k.rt.Fatalf("round over %s in %s opened with %d targets, want %d", kind, path, len(lines), want)
	}
	for _, l := range lines {
		m.targets[l.ObjectID] = &modelTarget{state: l.State, door: l.DoorID}
	}
	k.o.rounds = append(k.o.rounds, m)
}

func (k *walk) pathOf(pid id.ID) string {
	for path, v := range k.place {
		if v == pid {
			return path
		}
	}
	return ""
}

// draw makes a random mark of a target.
func (k *walk) draw(r *modelRound, object id.ID) (MarkInput, string) {
	kinds := []string{"normal", "answered", "absent", "refused", "living_elsewhere"}
	if r.TargetKind == Doors {
		kinds = append(kinds, "verified_empty")
	}
	in := MarkInput{RoundID: r.ID, ObjectID: object, Result: rapid.SampledFrom(kinds).Draw(k.rt, "result"), Correct: rapid.IntRange(0, 5).Draw(k.rt, "correct") == 0}
	symptom := "no"
	if in.Result == "answered" {
		symptom = rapid.SampledFrom([]string{"yes", "no"}).Draw(k.rt, "symptom")
		in.Answers = map[string]string{"head_count": "2", "away_return": "no", "symptom": symptom}
	}
	return in, symptom
}

func (k *walk) markOne(*rapid.T) {
	r := k.pickRound(true)
	if r == nil {
		return
	}
	in, symptom := k.draw(r, k.pickTarget(r))
	k.keys++
	in.ClientKey = fmt.Sprint("k", k.keys)
	_, err := k.s.Mark(k.ctx, sys, in)
	k.ok(err)
	r.targets[in.ObjectID].mark(in.Result, symptom, in.Correct)
	if rapid.Bool().Draw(k.rt, "again") {
		out, err := k.s.Mark(k.ctx, sys, in)
		k.ok(err)
		if !out.Replayed {
			k.rt.Fatalf("the same key made a second mark: %+v", out)
		}
	}
}

func (k *walk) late(*rapid.T) {
	if r := k.pickRound(false); r != nil {
		in, _ := k.draw(r, k.pickTarget(r))
		out, err := k.s.Mark(k.ctx, sys, in)
		k.ok(err)
		if !out.Late {
			k.rt.Fatalf("a mark for a closed round is not late: %+v", out)
		}
	}
}

// together marks distinct targets at once from several goroutines while a unit
// is re-drawn to another grid.
func (k *walk) together(*rapid.T) {
	r := k.pickRound(true)
	if r == nil {
		return
	}
	var ins []MarkInput
	var symptoms []string
	for range rapid.IntRange(2, 8).Draw(k.rt, "n") {
		object := k.pickTarget(r)
		if slices.ContainsFunc(ins, func(m MarkInput) bool { return m.ObjectID == object }) {
			continue
		}
		in, symptom := k.draw(r, object)
		ins, symptoms = append(ins, in), append(symptoms, symptom)
	}
	move := k.drawRegrid()
	var wg sync.WaitGroup
	problems := make([]error, len(ins)+1)
	for i, in := range ins {
		wg.Go(func() { _, problems[i] = k.s.Mark(k.ctx, sys, in) })
	}
	wg.Go(func() { problems[len(ins)] = move() })
	wg.Wait()
	for _, err := range problems {
		k.ok(err)
	}
	for i, in := range ins {
		r.targets[in.ObjectID].mark(in.Result, symptoms[i], in.Correct)
	}
}

func (k *walk) regrid(*rapid.T) { k.ok(k.drawRegrid()()) }

// drawRegrid gives some doors another grid, as package grid does it.
func (k *walk) drawRegrid() func() error {
	from := rapid.IntRange(0, len(k.doors)-1).Draw(k.rt, "from")
	to := min(len(k.doors), from+rapid.IntRange(1, 5).Draw(k.rt, "doors"))
	target := rapid.SampledFrom(append([]id.ID{id.Zero}, k.grids...)).Draw(k.rt, "grid")
	var moves []grid.Move
	for _, d := range k.doors[from:to] {
		moves = append(moves, grid.Move{PlaceID: d, ParentID: k.unit[d], Kind: grid.Door, From: k.o.grid[d], To: target})
		k.o.grid[d] = target
	}
	return func() error {
		return k.d.Write(k.ctx, "test.regrid", func(tx *db.Tx) error {
			for _, m := range moves {
				if _, err := tx.ExecContext(k.ctx, "UPDATE place SET grid_id = $3 WHERE district = $1 AND id = $2", district, m.PlaceID, m.To); err != nil {
					return err
				}
			}
			return k.s.Regridded(k.ctx, tx, sys, moves)
		})
	}
}

// ledgerMove lets a household arrive, leave, move or be joined with another.
func (k *walk) ledgerMove(*rapid.T) {
	d := k.doors[rapid.IntRange(0, len(k.doors)-1).Draw(k.rt, "door")]
	homes := sortedIDs(k.o.door)
	what := rapid.SampledFrom([]ledger.ChangeKind{ledger.Arrived, ledger.Departed, ledger.Moved, ledger.Merged}).Draw(k.rt, "change")
	if len(homes) < 3 {
		what = ledger.Arrived
	}
	h := id.New()
	if what != ledger.Arrived {
		h = homes[rapid.IntRange(0, len(homes)-1).Draw(k.rt, "household")]
	}
	from := k.o.door[h]
	change := ledger.Change{Kind: what, District: district, DoorID: d, FromDoorID: from, HouseholdID: h, At: k.s.now()}
	gone := what == ledger.Departed || what == ledger.Merged
	if what == ledger.Merged {
		change.DoorID, change.FromDoorID, change.IntoID = from, id.Zero, homes[0]
	}
	k.write(func(tx *db.Tx) error {
		q := "UPDATE household SET door_id = $3 WHERE district = $1 AND id = $2"
		var arg any = d
		switch what {
		case ledger.Arrived:
			q = "INSERT INTO household (district, id, door_id, kind, living_count, register, sealed, from_ms) VALUES ($1, $2, $3, 'family', 3, 'standing', '', 1)"
		case ledger.Departed, ledger.Merged:
			q, arg = "UPDATE household SET until_ms = $3 WHERE district = $1 AND id = $2", k.s.now()
		}
		if _, err := tx.ExecContext(k.ctx, q, district, h, arg); err != nil {
			return err
		}
		return k.s.HouseholdChanged(k.ctx, tx, []ledger.Change{change})
	})
	delete(k.o.door, h)
	if !gone {
		k.o.door[h] = d
	}
	for _, r := range k.o.rounds {
		if r.closed || r.TargetKind != Households {
			continue
		}
		t := r.targets[h]
		inside := !gone && len(k.pathOf(d)) >= len(r.AreaPath) && k.pathOf(d)[:len(r.AreaPath)] == r.AreaPath
		if inside && t != nil {
			t.door = d
		}
		switch {
		case inside && t == nil:
			r.targets[h] = &modelTarget{door: d}
		case inside && t.left:
			t.state, t.left = Outstanding, false
		case !inside && t != nil && (t.state == Outstanding || t.state == Attempted):
			t.state, t.left = Exempt, true
		}
	}
}

func (k *walk) closeRound(*rapid.T) {
	r := k.pickRound(true)
	if r == nil {
		return
	}
	reasons := map[id.ID]string{}
	for object, t := range r.targets {
		if t.state == Outstanding || t.state == Attempted {
			reasons[object] = "unreachable"
		}
	}
	if len(reasons) > 0 {
		if err := k.s.Close(k.ctx, sys, CloseInput{RoundID: r.ID}); err == nil {
			k.rt.Fatalf("closed with %d outstanding", len(reasons))
		}
	}
	if rapid.IntRange(0, 3).Draw(k.rt, "sign") > 0 {
		return
	}
	k.ok(k.s.Close(k.ctx, sys, CloseInput{RoundID: r.ID, Reasons: reasons}))
	r.closed = true
	for object := range reasons {
		r.targets[object].state = Exempt
	}
}

// compare holds the database against the model, and runs the check.
func (k *walk) compare(*rapid.T) {
	k.clk.Advance(time.Second)
	for _, r := range k.o.rounds {
		var want Figures
		byUnit, symptoms := map[id.ID]*Figures{}, map[id.ID]map[string]int{}
		for _, t := range r.targets {
			f := Figures{Total: 1}
			unit := k.unit[t.door]
			switch t.state {
			case Done:
				f.Done = 1
				if symptoms[unit] == nil {
					symptoms[unit] = map[string]int{}
				}
				symptoms[unit][t.symptom]++
			case Exempt:
				f.Exempt = 1
			case Attempted:
				f.Attempted = 1
			}
			want.add(f)
			addTo(byUnit, unit, f)
		}
		if got := k.total(r.Round); got != want {
			k.rt.Fatalf("round %s: %+v, the model says %+v", r.ID, got, want)
		}
		for unit, f := range byUnit {
			k.compareUnit(r, unit, *f, symptoms[unit])
		}
		if r.TargetKind == Doors {
			k.compareGrids(r)
		}
	}
	c, err := Check(k.ctx, k.d)
	k.ok(err)
	if len(c.Problems) > 0 {
		k.rt.Fatalf("check: %+v", c.Problems)
	}
}

func (k *walk) compareUnit(r *modelRound, unit id.ID, f Figures, symptoms map[string]int) {
	v, err := k.s.Coverage(k.ctx, sys, r.ID, NodeRef{Place: unit})
	k.ok(err)
	if v.Node.Figures != f {
		k.rt.Fatalf("unit %s: %+v, the model says %+v", unit, v.Node.Figures, f)
	}
	counts, err := k.s.AnswerCounts(k.ctx, sys, r.ID, NodeRef{Place: unit})
	k.ok(err)
	for _, c := range counts {
		if c.Field == "symptom" && c.N != symptoms[c.Choice] {
			k.rt.Fatalf("unit %s, symptom %s: %d, the model says %d", unit, c.Choice, c.N, symptoms[c.Choice])
		}
	}
}

func (k *walk) compareGrids(r *modelRound) {
	if r.closed {
		return // a closed round keeps the grids of its day
	}
	for _, g := range k.grids {
		want := 0
		for object := range r.targets {
			if k.o.grid[object] == g {
				want++
			}
		}
		v, err := k.s.Coverage(k.ctx, sys, r.ID, NodeRef{Grid: g})
		k.ok(err)
		if v.Node.Total != want {
			k.rt.Fatalf("grid %s: %d, the model says %d", g, v.Node.Total, want)
		}
	}
}

func TestCoverageInvariantUnderRandomOperations(t *testing.T) {
	for name, v := range map[string]string{"rapid.checks": "8", "rapid.seed": "20220310", "rapid.steps": "50", "rapid.nofailfile": "true"} {
		if err := flag.Set(name, v); err != nil {
			t.Fatal(err)
		}
	}
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		first := true
		rapid.Check(t, func(rt *rapid.T) {
			at := d
			if !first {
				if d.Engine() == db.SQLite {
					at = dbtest.One(t)
				} else {
					at = dbtest.Postgres(t)
				}
			}
			first = false
			k := &walk{world: newWorld(t, at, 2, 2, 3), rt: rt, o: &oracle{grid: map[id.ID]id.ID{}, door: map[id.ID]id.ID{}}}
			k.emergency()
			k.form = k.world.form()
			for i, door := range k.doors {
				k.o.grid[door] = k.gridAtStart(i)
				k.o.door[k.homes[door]] = door
			}
			k.openRound(rt)
			rt.Repeat(map[string]func(*rapid.T){"": k.compare, "open": k.openRound, "mark": k.markOne, "mark2": k.markOne, "late": k.late, "together": k.together,
				"regrid": k.regrid, "ledger": k.ledgerMove, "close": k.closeRound})
		})
	})
}

// gridAtStart is the grid newWorld gave the i-th door.
func (w *world) gridAtStart(i int) id.ID {
	perCommunity := len(w.doors) / 2
	perBuilding := perCommunity / 2
	return w.grids[i/perCommunity*2+i%perCommunity/perBuilding]
}
