package grid

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"wangge/internal/platform/clock"
	"wangge/internal/platform/db"
	"wangge/internal/platform/db/dbtest"
	"wangge/internal/platform/id"
)

// duties is the oracle of who is on duty: plain lists of places, grids and
// posts with their rosters.
type duties struct {
	places []Place // all there is, doors too, with the grids they are in
	grids  map[id.ID]Grid
	posts  []dutyPost
}

// dutyPost is a post as it must count.
type dutyPost struct {
	NewPost
	terms  []Holder
	roster []Shift
}

// on reports whether somebody in post is on duty in it: with a roster in its
// hours only, where an hour that names somebody counts while that one is in post.
func (p dutyPost) on(at time.Time) bool {
	t := clock.Ms(at)
	in := func(account id.ID) bool {
		return slices.ContainsFunc(p.terms, func(h Holder) bool {
			return (account == id.Zero || h.AccountID == account) && span{h.FromMs, h.UntilMs}.covers(t)
		})
	}
	if len(p.roster) == 0 {
		return in(id.Zero)
	}
	return slices.ContainsFunc(p.roster, func(s Shift) bool { return anyCovers([]Shift{s}, at) && in(s.AccountID) })
}

// answered reports whether anybody on duty answers for a door.
func (m *duties) answered(d Place, at time.Time) bool {
	return slices.ContainsFunc(m.posts, func(p dutyPost) bool {
		if !p.on(at) || !p.Role.Answers() {
			return false
		}
		switch p.ObjectKind {
		case ObjectDoors:
			return slices.Contains(p.Doors, d.ID)
		case ObjectGrid:
			return d.GridID != id.Zero && Under(m.grids[d.GridID].Path, m.grids[p.ObjectID].Path)
		}
		i := slices.IndexFunc(m.places, func(x Place) bool { return x.ID == p.ObjectID })
		return Under(d.Path, m.places[i].Path)
	})
}

// grow builds a community of two compounds and two grids, one within the other,
// and posts of every kind of object in it, with random terms and rosters.
func (m *duties) grow(f *fixture, r *rand.Rand, community Place, n int) {
	f.hua = community
	var units, doors, comps []Place
	for c := range 2 {
		comp, us, ds := f.estate(fmt.Sprint("小区", c), 1+r.IntN(2), 1+r.IntN(2), 2)
		comps, units, doors = append(comps, comp), append(units, us...), append(doors, ds...)
	}
	top := must(f.AddGrid(ctx, f.c, NewGrid{AreaID: community.ID, Kind: BasicGrid, Name: "第1网格"}))(f.t)
	low := must(f.AddGrid(ctx, f.c, NewGrid{ParentID: top.ID, Kind: MicroGrid, Name: "微网格1"}))(f.t)
	m.grids[top.ID], m.grids[low.ID] = top, low
	must(f.AssignDoors(ctx, f.c, top.ID, Selection{Places: []id.ID{units[0].ID}}))(f.t)
	must(f.AssignDoors(ctx, f.c, low.ID, Selection{Places: []id.ID{units[len(units)-1].ID}}))(f.t)
	f.places(m, community)
	for i := range n {
		p := dutyPost{NewPost: NewPost{Role: []Role{RoleBuildingLeader, RoleGridWorker, RoleVolunteer}[r.IntN(3)], ObjectKind: ObjectPlace, ObjectID: units[r.IntN(len(units))].ID}}
		switch r.IntN(7) {
		case 0:
			p.ObjectID = comps[r.IntN(2)].ID
		case 1:
			p.ObjectKind, p.ObjectID = ObjectGrid, top.ID
		case 2:
			p.ObjectKind, p.ObjectID = ObjectGrid, low.ID
		case 3:
			p.ObjectKind, p.ObjectID, p.Doors = ObjectDoors, id.Zero, []id.ID{doors[r.IntN(len(doors))].ID, doors[r.IntN(len(doors))].ID}
		}
		f.staff(&p, r, id.ID(1000*len(m.posts)+10*i+1))
		m.posts = append(m.posts, p)
	}
}

// places reads all that stands in a community into the oracle.
func (f *fixture) places(m *duties, at Place) {
	f.t.Helper()
	ok(f.t, f.Subtree(ctx, f.c, at.Path, []Kind{Community, Compound, Building, Unit, Door}, func(p Place) error {
		m.places = append(m.places, p)
		return nil
	}))
}

// staff makes the post, puts up to two people into it and gives it a roster, or none.
func (f *fixture) staff(p *dutyPost, r *rand.Rand, account id.ID) {
	f.t.Helper()
	start := clock.DayStart(f.clock.Now())
	post := must(f.AddPost(ctx, f.c, p.NewPost))(f.t)
	for k := range r.IntN(3) {
		h := Holder{PostID: post.ID, AccountID: account + id.ID(k), FromMs: f.nowMs() + int64(r.IntN(3*24))*3600_000}
		if r.IntN(3) == 0 {
			h.UntilMs = h.FromMs + int64(1+r.IntN(5*24))*3600_000
		}
		p.terms = append(p.terms, must(f.AddHolder(ctx, f.c, h))(f.t))
	}
	for range r.IntN(5) {
		s := Shift{Weekday: r.IntN(7), Start: hour(r.IntN(minutesADay)), End: hour(r.IntN(minutesADay))}
		if r.IntN(4) == 0 {
			s.Day = clock.Day(start.AddDate(0, 0, 1+r.IntN(8)))
		}
		if len(p.terms) > 0 && r.IntN(3) == 0 {
			s.AccountID = p.terms[r.IntN(len(p.terms))].AccountID
		}
		p.roster = append(p.roster, s)
	}
	if len(p.roster) > 0 {
		must(f.AddShifts(ctx, f.c, post.ID, p.roster))(f.t)
	}
}

// TestRostersAgainstBruteForce gives the posts of several communities, over
// compounds, units, grids and sets of doors, random terms and rosters, and
// compares hour by hour what nobody is on duty for with a count in Go: at every
// place of both levels and for each grid.
func TestRostersAgainstBruteForce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		for seed := range uint64(2) {
			if seed > 0 {
				d = another(t, d)
			}
			f := fresh(t, d)
			r := rand.New(rand.NewPCG(3, 11+seed))
			m := &duties{grids: map[id.ID]Grid{}}
			all := must(f.Areas(ctx, f.c, Community))(t)
			for _, at := range []int{0, 1, len(all) - 1} { // two of one street, one of another
				m.grow(f, r, all[at], 4+r.IntN(5))
			}
			start := clock.DayStart(f.clock.Now()).AddDate(0, 0, 1)
			for h := 0; h < 9*24; h += 7 {
				m.compare(f, start.Add(time.Duration(h)*time.Hour+time.Duration(r.IntN(60))*time.Minute))
			}
		}
	})
}

// another is one more fresh database of the same engine.
func another(t *testing.T, d *db.DB) *db.DB {
	if d.Engine() == db.Postgres {
		return dbtest.Postgres(t)
	}
	return dbtest.SQLite(t)
}

func (m *duties) compare(f *fixture, at time.Time) {
	f.t.Helper()
	var open []Place
	for _, p := range m.places {
		if p.Kind == Door && !m.answered(p, at) {
			open = append(open, p)
		}
	}
	vacant := map[id.ID]bool{}
	for _, g := range m.grids {
		vacant[g.ID] = !slices.ContainsFunc(m.posts, func(p dutyPost) bool { return p.ObjectID == g.ID && p.on(at) && p.Role.Answers() })
	}
	root := must(f.Root(ctx, f.c))(f.t)
	for _, p := range append([]Place{root}, m.places...) {
		if p.Kind == Door || p.Kind == Unit {
			continue
		}
		doors, grids, leaves := 0, 0, map[id.ID]bool{}
		for _, d := range open {
			if Under(d.Path, p.Path) {
				doors++
				leaves[d.ParentID] = true
			}
		}
		for g, empty := range vacant {
			if empty && Under(m.grids[g].Path, p.Path) {
				grids++
			}
		}
		v := must(f.Vacancies(ctx, f.c, p.ID, When{AtMs: clock.Ms(at), OnDuty: true}))(f.t)
		if v.Total.Doors != doors || v.Total.Buildings != len(leaves) || v.Total.Grids != grids {
			f.t.Fatalf("%s at %s %s: %+v, want %d doors in %d buildings and %d grids\n%+v", at, p.Kind, p.Name, v.Total, doors, len(leaves), grids, m.posts)
		}
		sum := 0
		for _, ch := range v.Children {
			sum += ch.Doors
		}
		if len(v.Children) > 0 && sum != doors {
			f.t.Errorf("%s at %s: the children have %d of %d", at, p.Name, sum, doors)
		}
	}
}

// anyCovers is the roster's meaning, written another way: it steps through days.
func anyCovers(list []Shift, at time.Time) bool {
	for _, s := range list {
		for back := range 2 {
			day := clock.DayStart(at).AddDate(0, 0, -back)
			if s.Day != "" && s.Day != clock.Day(day) || s.Day == "" && (int(day.In(clock.CST).Weekday())+6)%7 != s.Weekday {
				continue
			}
			var h1, m1, h2, m2 int
			fmt.Sscanf(s.Start, "%d:%d", &h1, &m1)
			fmt.Sscanf(s.End, "%d:%d", &h2, &m2)
			from, until := day.Add(time.Duration(h1)*time.Hour+time.Duration(m1)*time.Minute), day.Add(time.Duration(h2)*time.Hour+time.Duration(m2)*time.Minute)
			if !until.After(from) {
				until = until.AddDate(0, 0, 1)
			}
			if !at.Before(from) && at.Before(until) {
				return true
			}
		}
	}
	return false
}
