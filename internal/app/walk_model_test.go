package app

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"wangge/internal/grid"
	"wangge/internal/ledger"
	"wangge/internal/platform/id"
	"wangge/internal/round"
)

// standing is what stands in the district now, read place by place.
type standing struct {
	places     []grid.Place // communities and what stands in them, without the doors
	doors      []grid.Place
	grids      []grid.GridNode
	households []ledger.Household
	persons    []ledger.Person
	at         map[id.ID]grid.Place // door, household or person → the door it is behind
}

// modelRound is a round as it must be: a plain map of targets.
type modelRound struct {
	round.Round
	closed  bool
	total   int
	targets map[id.ID]*modelTarget
}

// modelTarget is a target as it must be.
type modelTarget struct {
	state  round.State
	marked time.Time
	gone   bool  // closed because it left, not by a mark
	away   bool  // exempt by a mark that says they live elsewhere
	door   id.ID // where it is counted: its door, or the last one it was behind
}

// mark is what a mark that happened at a moment makes of the target.
func (m *modelTarget) mark(result string, at time.Time, correct bool) {
	res, _ := round.ResultOf(result)
	attempt := res.Class() == round.Attempted
	if attempt && (m.state == round.Done || m.state == round.Exempt) && !correct || at.Before(m.marked) {
		return
	}
	m.state, m.marked, m.gone, m.away = res.Class(), at, false, result == "living_elsewhere"
}

// leave and come are what the ledger does to a target.
func (m *modelTarget) leave(now time.Time) {
	if m.state == round.Outstanding || m.state == round.Attempted {
		m.state, m.marked, m.gone = round.Exempt, now, true
	}
}

// Who lived elsewhere and moves in at another door is asked there.
func (m *modelTarget) come(now time.Time, door id.ID) {
	if m.gone || m.away && m.door != door {
		m.state, m.marked, m.gone, m.away = round.Outstanding, now, false, false
	}
	m.door = door
}

func (r *modelRound) objects() []id.ID { return slices.Sorted(maps.Keys(r.targets)) }

// pickRound picks a round that has targets, closed or not; nil: there is none.
func (w *walk) pickRound(closed bool) *modelRound {
	var list []*modelRound
	for _, r := range w.rounds {
		if r.closed == closed && len(r.targets) > 0 {
			list = append(list, r)
		}
	}
	if len(list) == 0 {
		return nil
	}
	return pick(w, list)
}

// look reads the district anew.
func (w *walk) look() {
	w.t.Helper()
	s := standing{at: map[id.ID]grid.Place{}}
	s.places = w.places(grid.Community, grid.Compound, grid.Building, grid.Unit, grid.Group, grid.Row)
	s.doors = w.places(grid.Door)
	for _, d := range s.doors {
		s.at[d.ID], w.ever[d.ID] = d, d
	}
	s.grids = must(w.a.Grid.Grids(w.ctx(), w.c, w.root, "", 200))
	hs, ps, err := w.a.Ledger.Under(w.ctx(), w.c, w.root.Path)
	w.must(err)
	for _, h := range hs {
		if h.Kind != "vacant" {
			s.households = append(s.households, h)
			s.at[h.ID] = s.at[h.DoorID]
		}
	}
	for _, p := range ps {
		if p.LivesHere {
			s.persons = append(s.persons, *p)
			s.at[p.ID] = s.at[p.DoorID]
		}
	}
	w.now = s
}

// belong lists what a round's list must hold now.
func (w *walk) belong(r *modelRound) []id.ID {
	var all, out []id.ID
	switch r.TargetKind {
	case round.Doors:
		for _, d := range w.now.doors {
			all = append(all, d.ID)
		}
	case round.Households:
		for _, h := range w.now.households {
			all = append(all, h.ID)
		}
	case round.Persons:
		for _, p := range w.now.persons {
			all = append(all, p.ID)
		}
	}
	holds := w.narrowed(r)
	for _, o := range all {
		if holds(w.now.at[o].Path) {
			out = append(out, o)
		}
	}
	return out
}

// inside lists the doors of a round's area that are on its list.
func (w *walk) inside(r *modelRound) []grid.Place {
	var out []grid.Place
	for _, d := range w.now.doors {
		if r.targets[d.ID] != nil {
			out = append(out, d)
		}
	}
	return out
}

// adopt takes a round that was just opened into the model, with the doors that
// its opening carried over as verified empty.
func (w *walk) adopt(r round.Round) {
	w.t.Helper()
	m := &modelRound{Round: r, targets: map[id.ID]*modelTarget{}}
	lines, _, err := w.a.Rounds.Outstanding(w.ctx(), w.c, r.ID, round.ListQuery{All: true, Limit: 20000})
	w.must(err)
	for _, l := range lines {
		m.targets[l.ObjectID] = &modelTarget{state: l.State, marked: time.UnixMilli(l.MarkedMs), door: w.now.at[l.ObjectID].ID}
	}
	if want := w.belong(m); len(want) != len(lines) {
		w.t.Fatalf("a round over %s in %s opened with %d targets, want %d", r.TargetKind, r.AreaPath, len(lines), len(want))
	}
	w.rounds = append(w.rounds, m)
}

// follow lets who came and who left change the open rounds of the model.
func (w *walk) follow() {
	now := w.a.clock().Now()
	for _, r := range w.rounds {
		if r.closed {
			continue
		}
		here := map[id.ID]bool{}
		for _, object := range w.belong(r) {
			here[object] = true
			if r.targets[object] == nil {
				r.targets[object] = &modelTarget{}
			}
			r.targets[object].come(now, w.now.at[object].ID)
		}
		for object, t := range r.targets {
			if !here[object] {
				t.leave(now)
			}
		}
	}
}

// verify reconciles as the server does on news of places, then compares.
func (w *walk) verify(at string) {
	w.t.Helper()
	for _, r := range w.rounds {
		if !r.closed {
			_, _, err := w.a.Rounds.Reconcile(w.ctx(), w.c, r.ID)
			w.must(err)
		}
	}
	w.look()
	w.follow()
	for _, w.a = range w.all {
		for _, r := range w.rounds {
			w.compare(at, r)
		}
	}
	w.agree(at)
	rep, err := CheckDB(w.ctx(), w.a.DB, w.a.Keys, "en")
	w.must(err)
	if !rep.Clean {
		w.t.Fatalf("%s: %+v", at, rep.Checks)
	}
}

// compare holds a round's figures against the model: the whole, each
// place and each grid. A closed round keeps the places and grids of its day.
func (w *walk) compare(at string, r *modelRound) {
	w.t.Helper()
	var all round.Figures
	places, grids := map[id.ID]round.Figures{}, map[id.ID]round.Figures{}
	for _, t := range r.targets {
		f := t.figures()
		all = sum(all, f)
		door := w.ever[t.door]
		grids[door.GridID] = sum(grids[door.GridID], f)
		for _, p := range w.now.places {
			if strings.HasPrefix(door.Path, p.Path) {
				places[p.ID] = sum(places[p.ID], f)
			}
		}
	}
	w.equal(at, r, round.NodeRef{}, all)
	if all.Total < r.total {
		w.t.Fatalf("%s: the total of a round shrank from %d to %d", at, r.total, all.Total)
	}
	r.total = all.Total
	if r.closed {
		return
	}
	for place, f := range places {
		w.equal(at, r, round.NodeRef{Place: place}, f)
	}
	for _, g := range w.now.grids {
		var f round.Figures // with the grids below it
		for _, h := range w.now.grids {
			if strings.HasPrefix(h.Path, g.Path) {
				f = sum(f, grids[h.ID])
			}
		}
		if f.Total > 0 {
			w.equal(at, r, round.NodeRef{Grid: g.ID}, f)
		}
	}
}

func (w *walk) equal(at string, r *modelRound, ref round.NodeRef, want round.Figures) {
	w.t.Helper()
	var v round.CoverageView
	same := w.soon(func() bool {
		v = must(w.a.Rounds.Coverage(w.ctx(), w.c, r.ID, ref))
		return v.Node.Figures == want
	})
	if !same {
		w.t.Fatalf("%s: round %s over %s at %+v: %+v, the model says %+v; %s", at, r.ID, r.TargetKind, ref, v.Node.Figures, want, w.differs(r))
	}
}

// differs names the targets that stand otherwise than the model says.
func (w *walk) differs(r *modelRound) string {
	lines, _, err := w.a.Rounds.Outstanding(w.ctx(), w.c, r.ID, round.ListQuery{All: true, Limit: 20000})
	w.must(err)
	var out []string
	for _, l := range lines {
		if m := r.targets[l.ObjectID]; m == nil || m.state != l.State {
			out = append(out, fmt.Sprintf("%+v is %+v in the model, stands now: %t", l.Target, m, w.now.at[l.ObjectID].ID != id.Zero))
		}
	}
	return strings.Join(out, "; ")
}

func (m *modelTarget) figures() round.Figures {
	f := round.Figures{Total: 1}
	switch m.state {
	case round.Done:
		f.Done = 1
	case round.Exempt:
		f.Exempt = 1
	case round.Attempted:
		f.Attempted, f.Outstanding = 1, 1
	default:
		f.Outstanding = 1
	}
	return f
}

func sum(a, b round.Figures) round.Figures {
	return round.Figures{Total: a.Total + b.Total, Done: a.Done + b.Done, Exempt: a.Exempt + b.Exempt,
		Outstanding: a.Outstanding + b.Outstanding, Attempted: a.Attempted + b.Attempted}
}
