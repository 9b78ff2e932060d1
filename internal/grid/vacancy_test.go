package grid

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"wangge/internal/platform/db"
	"wangge/internal/platform/db/dbtest"
	"wangge/internal/platform/id"
)

// TestVacanciesAgainstBruteForce draws random posts, terms, teams, bindings
// and grids and compares every figure of every node with a door-by-door count.
func TestVacanciesAgainstBruteForce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		f := fresh(t, d)
		r := rand.New(rand.NewPCG(7, 7))
		var units, doors []Place
		var comps []Place
		for i := range 3 {
			comp, us, ds := f.estate(fmt.Sprint("小区", i), 2, 2, 4)
			comps, units, doors = append(comps, comp), append(units, us...), append(doors, ds...)
		}
		block := must(f.AddGrid(ctx, f.c, NewGrid{AreaID: f.hua.ID, Kind: BlockGrid, Name: "片区"}))(t)
		var grids []Grid
		for i := range 3 {
			grids = append(grids, must(f.AddGrid(ctx, f.c, NewGrid{ParentID: block.ID, Kind: BasicGrid, Name: fmt.Sprint("网格", i)}))(t))
		}
		grids = append(grids, must(f.AddGrid(ctx, f.c, NewGrid{ParentID: grids[0].ID, Kind: MicroGrid, Name: "微网格"}))(t), block)
		for _, u := range units {
			must(f.AssignDoors(ctx, f.c, grids[r.IntN(4)].ID, Selection{Places: []id.ID{u.ID}}))(t)
		}
		org := must(f.AddOrganisation(ctx, f.c, Organisation{AreaID: f.hua.ID, Kind: "sending_unit", Name: "下派单位"}))(t)
		squad := must(f.AddTeam(ctx, f.c, Team{AreaID: f.hua.ID, Kind: TeamSquad, Name: "小分队", UntilMs: f.nowMs() + 5*3600_000}))(t)
		m := &model{doors: doors, grids: map[id.ID]Grid{}, places: map[id.ID]Place{f.hua.ID: f.hua}}
		for _, g := range grids {
			m.grids[g.ID] = g
		}
		for i := range doors {
			m.doors[i] = must(f.Place(ctx, f.c, doors[i].ID))(t)
		}
		for _, p := range slices.Concat(comps, units, doors) {
			m.places[p.ID] = p
		}
		for step := range 40 {
			m.random(f, r, comps, units, grids, org, squad)
			if step%5 == 4 {
				f.clock.Advance(time.Duration(r.IntN(90)) * time.Minute)
			}
			m.compare(f, append([]Place{f.hua}, append(slices.Clone(comps), units...)...))
			if t.Failed() {
				t.Fatalf("after step %d", step)
			}
		}
	})
}

// model is what the vacancies are computed from, kept plainly.
type model struct {
	doors  []Place
	grids  map[id.ID]Grid
	places map[id.ID]Place
	posts  []modelPost
	bound  []Binding
}

type modelPost struct {
	Post
	doors   []id.ID
	team    span
	holders []span
}

// random makes a post, ends one, or binds one.
func (m *model) random(f *fixture, r *rand.Rand, comps, units []Place, grids []Grid, org Organisation, squad Team) {
	hour := time.Hour.Milliseconds()
	switch k := r.IntN(10); {
	case k == 0 && len(m.posts) > 0:
		i := r.IntN(len(m.posts))
		if p := &m.posts[i]; p.UntilMs == 0 || p.UntilMs > f.nowMs() {
			ok(f.t, f.EndPost(ctx, f.c, p.ID, 0))
			p.UntilMs = f.nowMs()
		}
	case k == 1 && len(m.posts) > 0:
		p := m.posts[r.IntN(len(m.posts))]
		b := Binding{PostID: p.ID, ObjectKind: ObjectPlace, ObjectID: units[r.IntN(len(units))].ID, UntilMs: f.nowMs() + int64(1+r.IntN(6))*hour}
		if r.IntN(3) == 0 {
			b.PostID, b.OrgID = 0, org.ID
		}
		m.bound = append(m.bound, must(f.Bind(ctx, f.c, []Binding{b}, 0))(f.t)...)
	default:
		n := NewPost{Role: []Role{RoleBuildingLeader, RoleGridWorker, RoleCommunity, RoleVolunteer, RoleDepartment}[r.IntN(5)], ObjectKind: ObjectPlace}
		switch r.IntN(6) {
		case 0:
			n.ObjectID = comps[r.IntN(3)].ID
		case 1:
			n.ObjectKind, n.ObjectID = ObjectGrid, grids[r.IntN(len(grids))].ID
		case 2:
			n.ObjectKind = ObjectDoors
			for range 3 {
				n.Doors = append(n.Doors, m.doors[r.IntN(len(m.doors))].ID)
			}
		case 3:
			n.ObjectID = f.hua.ID
		case 4:
			n.ObjectID = m.doors[r.IntN(len(m.doors))].ID
		default:
			n.ObjectID = units[r.IntN(len(units))].ID
		}
		mp := modelPost{team: span{}}
		if r.IntN(3) == 0 {
			n.TeamID, mp.team = squad.ID, span{squad.FromMs, squad.UntilMs}
		}
		if r.IntN(3) == 0 {
			n.OrgID = org.ID
		}
		if r.IntN(2) == 0 {
			n.UntilMs = f.nowMs() + int64(1+r.IntN(4))*hour
		}
		mp.Post, mp.doors = must(f.AddPost(ctx, f.c, n))(f.t), n.Doors
		if r.IntN(4) > 0 {
			h := must(f.AddHolder(ctx, f.c, Holder{PostID: mp.ID, AccountID: id.New(), FromMs: f.nowMs() + int64(r.IntN(2))*hour}))(f.t)
			mp.holders = append(mp.holders, span{h.FromMs, h.UntilMs})
		}
		m.posts = append(m.posts, mp)
	}
}

func (m *model) filled(p modelPost, t int64) bool {
	return span{p.FromMs, p.UntilMs}.covers(t) && p.team.covers(t) && slices.ContainsFunc(p.holders, func(s span) bool { return s.covers(t) })
}

// watched says door by door whether anybody answers.
func (m *model) watched(d Place, t int64) bool {
	covers := func(kind ObjectKind, object id.ID) bool {
		if kind == ObjectGrid {
			return d.GridID != 0 && Under(m.grids[d.GridID].Path, m.grids[object].Path)
		}
		p := m.places[object]
		return !p.Kind.IsArea() && Under(d.Path, p.Path)
	}
	for _, p := range m.posts {
		if !m.filled(p, t) || !p.Role.Answers() {
			continue
		}
		if p.ObjectKind == ObjectDoors && slices.Contains(p.doors, d.ID) || p.ObjectKind != ObjectDoors && covers(p.ObjectKind, p.ObjectID) {
			return true
		}
		for _, b := range m.bound {
			if (span{b.FromMs, b.UntilMs}).covers(t) && (b.PostID == p.ID || b.OrgID != 0 && b.OrgID == p.OrgID) && covers(b.ObjectKind, b.ObjectID) {
				return true
			}
		}
	}
	return false
}

func (m *model) compare(f *fixture, nodes []Place) {
	f.t.Helper()
	t := f.nowMs()
	for _, n := range nodes {
		want := VacancyCount{}
		leaves := map[id.ID]bool{}
		for _, d := range m.doors {
			if Under(d.Path, n.Path) && !m.watched(d, t) {
				want.Doors++
				leaves[d.ParentID] = true
			}
		}
		want.Buildings = len(leaves)
		got := must(f.Vacancies(ctx, f.c, n.ID, When{}))(f.t)
		if got.Total.Doors != want.Doors || got.Total.Buildings != want.Buildings {
			f.t.Errorf("%s %s: %+v, want %+v", n.Kind, n.Name, got.Total, want)
		}
		sum := 0
		for _, ch := range got.Children {
			sum += ch.Doors
		}
		if len(got.Children) > 0 && sum != got.Total.Doors {
			f.t.Errorf("%s: children sum to %d doors of %d", n.Name, sum, got.Total.Doors)
		}
		if n.ID == f.hua.ID {
			m.compareNode(f, got, t)
		}
	}
}

// compareNode checks the community's own figures: its post, its grids, its
// organisations.
func (m *model) compareNode(f *fixture, got *Vacancies, t int64) {
	f.t.Helper()
	areas, grids := 1, len(m.grids)
	for _, p := range m.posts {
		if m.filled(p, t) && p.Role == RoleCommunity && p.ObjectID == f.hua.ID {
			areas = 0
		}
	}
	for _, g := range m.grids {
		if slices.ContainsFunc(m.posts, func(p modelPost) bool {
			return m.filled(p, t) && p.ObjectID == g.ID && (g.Kind == BlockGrid || p.Role.Answers())
		}) {
			grids--
		}
	}
	orgs := 0
	for _, b := range m.bound {
		if b.OrgID == 0 || !(span{b.FromMs, b.UntilMs}).covers(t) {
			continue
		}
		if !slices.ContainsFunc(m.posts, func(p modelPost) bool {
			if !m.filled(p, t) || p.OrgID != b.OrgID || p.ObjectKind != ObjectPlace {
				return false
			}
			at, object := m.places[p.ObjectID].Path, m.places[b.ObjectID].Path
			return Under(at, object) || Under(object, at)
		}) {
			orgs++
		}
	}
	if got.Total.Areas != areas || got.Total.Grids != grids || got.Total.Organisations != orgs {
		f.t.Errorf("areas %d grids %d organisations %d, got %+v", areas, grids, orgs, got.Total)
	}
}
