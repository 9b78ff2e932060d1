package sim

import (
	"strconv"

	"wangge/internal/grid/divisions"
)

// Posts left vacant on purpose, per thousand, so that the page of vacancies
// has something real.
const (
	vacantGridWorkers = 25
	vacantLeaders     = 22
	vacantProperty    = 120
	vacantDepartment  = 150
)

// upperPosts are the posts of the district and its streets; all are held but
// some departments' bindings, so that a round can always be approved.
func (d *District) upperPosts() []Post {
	r := newRNG(d.Seed, textSeed(d.County.Code), textSeed("posts"))
	g := newRegistry(d.Seed, d.At)
	w := postMaker{people: &people{registry: g, r: r}, area: d.County.Code, upper: true}
	w.add(RoleCommand, 2, 46, 57)
	w.add(RoleCommand, 1, 42, 55)
	w.add(RoleDuty, 2, 32, 52)
	for _, team := range Teams {
		w.add(RoleHQGroup, 1, 38, 56).Team = team
		w.add(RoleHQGroup, 1, 26, 48).Team = team
	}
	w.add(RoleAuditor, 1, 34, 55)
	for i, name := range places.Departments {
		p := w.add(RoleDepartment, 1, 30, 55)
		p.Organisation = name
		p.Area = d.Plans[i*len(d.Plans)/len(places.Departments)].Area.Code
		if i == 0 || r.p(vacantDepartment) {
			p.Holders = nil
		}
	}
	for _, s := range d.Streets {
		w.area = s.Code
		w.add(RoleStreetApprover, 1, 40, 56)
		for range 3 {
			w.add(RoleStreetOfficer, 1, 26, 54)
		}
		clinic := w.add(RoleClinic, 1, 30, 55)
		clinic.Organisation = clinicName(s)
	}
	return w.out
}

// clinicName is the street's clinic: a health centre in town, a clinic in the
// country.
func clinicName(s divisions.Area) string {
	if s.Code[6:9] < "100" {
		return s.Name + places.ClinicTail
	}
	return s.Name + places.TownClinicTail
}

// postMaker makes posts with their holders and numbers them by role.
type postMaker struct {
	*people
	area   string
	upper  bool // phones come from the upper posts' own range
	out    []Post
	counts map[string]int
}

// add makes a post with n holders.
func (w *postMaker) add(role Role, n, minAge, maxAge int) *Post {
	if w.counts == nil {
		w.counts = map[string]int{}
	}
	k := w.area + "/" + string(role) + "/"
	w.counts[k]++
	p := Post{Key: k + strconv.Itoa(w.counts[k]), Role: role, Area: w.area, Grid: -1, Compound: -1}
	for range n {
		h := w.holder(minAge, maxAge)
		if w.upper {
			h.Phone = UpperPrefix + h.Phone[len(PhonePrefix):]
		}
		p.Holders = append(p.Holders, h)
	}
	w.out = append(w.out, p)
	return &w.out[len(w.out)-1]
}

// posts are the community's posts.
func (b *builder) posts(c *Community, index int) []Post {
	w := postMaker{people: b.people, area: c.Area.Code}
	w.add(RoleCommunityHead, 1, 36, 57)
	for range 2 + c.Households/420 {
		w.add(RoleClerk, 1, 24, 52)
	}
	if c.Households == 0 {
		return w.out
	}
	for i := range c.Grids {
		g := &c.Grids[i]
		switch {
		case g.Kind == Basic:
			p := w.add(RoleGridWorker, 1, 25, 55)
			p.Grid = i
			w.leave(p, vacantGridWorkers, index == 1)
		case g.Kind == Micro && c.Setting != Village:
			p := w.add(RoleLeader, 1, 28, 70)
			p.Grid, p.Doors = i, g.Doors
			w.leave(p, vacantLeaders, index == 2 && g.Parent == 0)
		case g.Kind == Block:
			p := w.add(RoleStreetOfficer, 2, 26, 50)
			p.Grid, p.Area = i, c.Area.Code
		}
	}
	if c.Setting == Village {
		b.representatives(c, &w)
	}
	b.companies(c, &w)
	for range 1 + c.Households/150 {
		p := w.add(RoleVolunteer, 1, 19, 66)
		p.Organisation = places.VolunteerTeam
	}
	return w.out
}

// leave empties a post by chance or where it must be empty.
func (w *postMaker) leave(p *Post, perMille int, must bool) {
	if w.r.p(perMille) || must {
		p.Holders = nil
	}
}

// representatives answer for 20 to 60 households each, by name, within one
// micro grid.
func (b *builder) representatives(c *Community, w *postMaker) {
	e := edges(c)
	at := 0
	for i := range c.Grids {
		g := &c.Grids[i]
		if g.Kind != Micro {
			continue
		}
		for e[at].doors < g.Doors.From {
			at++
		}
		to := at
		for e[to].doors < g.Doors.To {
			to++
		}
		held := e[to].households - e[at].households
		bounds := cut(e, at, to, (held+repSize/2)/repSize, 0)
		for k := 1; k < len(bounds); k++ {
			p := w.add(RoleRepresentative, 1, 30, 68)
			p.Grid, p.Doors = i, Span{e[bounds[k-1]].doors, e[bounds[k]].doors}
			w.leave(p, vacantLeaders, false)
		}
		at = to
	}
}

// companies bind each compound's property company; some name nobody.
func (b *builder) companies(c *Community, w *postMaker) {
	for i := range c.Compounds {
		name := c.Compounds[i].Profile.Property
		if name == "" {
			continue
		}
		p := w.add(RoleProperty, 1, 28, 56)
		p.Organisation, p.Compound = name, i
		w.leave(p, vacantProperty, false)
	}
}
