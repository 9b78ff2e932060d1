package sim

import "strconv"

// builder makes the compounds of one community.
type builder struct {
	*people
	province string
	taken    map[string]bool // names used in this community
	numbered bool            // a village's groups have numbers instead of names
	scale    int             // per cent: a small district's compounds are smaller too, so that each community has several
}

// kindShare is how many per thousand of a setting's households live in which
// kind of compound: new estates, old estates, bungalows, dormitories.
var kindShare = map[Setting][4]int{
	Urban: {430, 470, 70, 30},
	Town:  {260, 430, 290, 20},
	Farm:  {0, 380, 600, 20},
}

// compounds makes compounds until households are used up.
func (b *builder) compounds(s Setting, households int) []Compound {
	var out []Compound
	for rest := households; rest > 0; {
		c, n := b.compound(s, rest)
		b.fillDoors(&c, n)
		out = append(out, c)
		rest -= n
	}
	return out
}

// compound makes the next compound's doors and says how many households it
// gets; a remainder too small for a compound of its own goes along.
func (b *builder) compound(s Setting, rest int) (Compound, int) {
	size := func(lo, hi int) int {
		n := b.r.between(max(4, lo*b.scale/100), max(8, hi*b.scale/100))
		if rest-n < max(3, lo*b.scale/200) {
			n = rest
		}
		return min(n, rest)
	}
	if s == Village {
		n := size(45, 150)
		return b.group(n), n
	}
	share := kindShare[s]
	switch b.r.weighted(share[0]*100/600, share[1]*100/210, share[2]*100/60, share[3]*100/80) {
	case 0:
		n := size(220, 1100)
		return b.estate(n, false), n
	case 1:
		n := size(60, 380)
		return b.estate(n, true), n
	case 2:
		n := size(20, 110)
		return b.bungalows(n), n
	}
	n := size(40, 130)
	return b.dormitoryBlock(n), n
}

// name draws a name nobody in the community has yet.
func (b *builder) name(draw func() string) string {
	n := ""
	for range 20 {
		if n = draw(); !b.taken[n] {
			break
		}
	}
	for _, phase := range places.Phases {
		if !b.taken[n] {
			break
		}
		if !b.taken[n+phase] {
			n += phase
		}
	}
	for k := 2; b.taken[n]; k++ {
		if m := n + strconv.Itoa(k); !b.taken[m] {
			n = m
		}
	}
	b.taken[n] = true
	return n
}

// doorsFor is how many doors n households need: some stand empty.
func (b *builder) doorsFor(n, emptyPerMille int) int { return n + n*emptyPerMille/1000 + b.r.n(2) }

func (b *builder) estate(n int, old bool) Compound {
	c := Compound{Kind: Estate}
	year := int(b.at.Year)
	if old {
		c.Profile = Profile{Class: Old, Built: b.r.between(1976, 2000), Gates: b.r.n(3), Fenced: b.r.p(350), FireLanes: b.r.between(1, 2)}
		c.Name = b.name(func() string {
			if b.r.p(450) {
				return pick(b.r, places.OldStreets) + places.OldTails[3]
			}
			return pick(b.r, places.OldHeads) + pick(b.r, places.OldTails)
		})
		if b.r.p(380) {
			c.Profile.Class, c.Profile.Gates, c.Profile.Fenced = Unmanaged, 0, false
		} else if b.r.p(550) {
			c.Profile.Property = b.company()
		}
	} else {
		c.Profile = Profile{Class: Managed, Built: b.r.between(2003, year-1), Gates: b.r.between(1, 5), Fenced: true, FireLanes: b.r.between(2, 6), Property: b.company()}
		c.Name = b.name(func() string {
			n := pick(b.r, places.EstateHeads) + pick(b.r, places.EstateTails)
			if b.r.p(180) {
				n += pick(b.r, places.Phases)
			}
			return n
		})
	}
	b.buildings(&c, n, b.doorsFor(n, 45), old)
	return c
}

func (b *builder) company() string { return pick(b.r, places.Property) + places.PropertyTail }

// shape is how a building is built.
type shape struct {
	kind               BuildingKind
	floors, per, units int
}

func (s shape) doors() int { return s.floors * s.per * s.units }

// buildings adds buildings until there are about as many doors as wanted and
// at least n. Those of one compound look alike; the last is as small as what
// remains needs.
func (b *builder) buildings(c *Compound, n, want int, old bool) {
	pattern := "building"
	if old {
		pattern = "building_old"
	}
	tower := shape{Tower, b.r.between(18, 33), b.r.between(2, 4), b.r.between(1, 2)}
	walk := shape{WalkUp, b.r.between(6, 7), b.r.between(2, 3), b.r.between(3, 6)}
	towers := 0
	if !old {
		towers = b.r.weighted(250, 450, 300) * 500 // per thousand of buildings
	}
	for rest := want; rest > 0 && (rest > 8 || want-rest < n); {
		s := walk
		if towers > 0 && rest >= 36 && b.r.p(towers) {
			s = fitTower(tower, rest)
		}
		if s.kind == WalkUp {
			s = fitWalkUp(walk, rest)
		}
		name := label(pattern, strconv.Itoa(len(c.Buildings)+1))
		c.Buildings = append(c.Buildings, s.build(name))
		rest -= s.doors()
	}
}

func fitTower(s shape, rest int) shape {
	if s.doors() <= rest+rest/8 {
		return s
	}
	s.units = 1
	s.per = min(s.per, max(2, rest/22))
	s.floors = min(s.floors, max(18, rest/s.per))
	return s
}

func fitWalkUp(s shape, rest int) shape {
	if s.doors() <= rest+rest/8 {
		return s
	}
	s.units = max(1, rest/(s.floors*s.per))
	if s.units == 1 && s.doors() > rest {
		s.floors = min(s.floors, max(3, (rest+s.per-1)/s.per))
	}
	return s
}

func (s shape) build(name string) Building {
	b := Building{Name: name, Kind: s.kind, Floors: s.floors, Units: make([]Unit, s.units)}
	for u := range b.Units {
		b.Units[u] = Unit{Name: label("unit", strconv.Itoa(u+1)), Doors: rooms(s.floors, s.per)}
	}
	return b
}

// rooms numbers a stairwell's doors: 101, 102, 201 … 3304.
func rooms(floors, per int) []Door {
	doors := make([]Door, 0, floors*per)
	for f := 1; f <= floors; f++ {
		for n := 1; n <= per; n++ {
			doors = append(doors, Door{Label: strconv.Itoa(f*100 + n), Floor: f, Ordinal: len(doors) + 1})
		}
	}
	return doors
}

func (b *builder) bungalows(n int) Compound {
	return Compound{
		Kind:    Bungalows,
		Name:    b.name(func() string { return pick(b.r, places.BungalowHeads) + pick(b.r, places.BungalowTails) }),
		Profile: Profile{Class: BungalowArea, Built: b.r.between(1955, 1988), FireLanes: b.r.n(2)},
		Doors:   houses(b.doorsFor(n, 90), true),
	}
}

// houses numbers doors in walking order.
func houses(n int, numbered bool) []Door {
	doors := make([]Door, n)
	for i := range doors {
		doors[i] = Door{Label: strconv.Itoa(i + 1), Ordinal: i + 1}
		if numbered {
			doors[i].Label = label("house", doors[i].Label)
		}
	}
	return doors
}

func (b *builder) dormitoryBlock(n int) Compound {
	c := Compound{
		Kind:    Dormitory,
		Name:    b.name(func() string { return pick(b.r, places.DormitoryHeads) + pick(b.r, places.DormitoryTails) }),
		Profile: Profile{Class: Managed, Built: b.r.between(1992, int(b.at.Year)-1), Gates: 1, Fenced: true, FireLanes: 1, Property: b.company()},
	}
	want := b.doorsFor(n, 60)
	floors := b.r.between(4, 6)
	c.Buildings = []Building{{
		Name: label("building", "1"), Kind: Hall, Floors: floors,
		Doors: rooms(floors, (want+floors-1)/floors),
	}}
	return c
}

// group makes a natural group of a village.
func (b *builder) group(n int) Compound {
	tail, ok := places.GroupTails[b.province]
	draw := func() string {
		name := pick(b.r, places.GroupCores) + tail
		if b.r.p(350) {
			name = pick(b.r, places.GroupHeads) + name
		}
		return name
	}
	if !ok || b.numbered {
		draw = func() string { return label("group", places.Numerals[len(b.taken)%len(places.Numerals)]) }
	}
	return Compound{
		Kind:    Group,
		Name:    b.name(draw),
		Profile: Profile{Class: VillageGroup, Built: b.r.between(1950, 1985), Gates: b.r.n(3)},
		Doors:   houses(b.doorsFor(n, 75), false),
	}
}
