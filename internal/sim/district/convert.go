package district

import (
	"wangge/internal/grid"
	"wangge/internal/ledger"
	"wangge/internal/platform/i18n"
	"wangge/internal/platform/id"
	"wangge/internal/platform/seal"
	"wangge/internal/sim"
)

// word is a text of the drill's data, which are Chinese.
func word(key string, args ...any) string { return i18n.T(i18n.ZH, "demo."+key, args...) }

// home is a household to be written, with what its persons are cared for.
type home struct {
	household ledger.Household
	persons   []ledger.Person
	care      []careOf
}

type careOf struct {
	person int // index in persons
	kind   string
}

// profile is a compound's profile to be written.
type profile struct {
	place id.ID
	from  *sim.Compound
}

// settled is a community turned into rows: where each door, compound and grid
// of the generator went.
type settled struct {
	from      *sim.Community
	area      grid.Place
	places    []grid.NewPlace
	homes     []home
	profiles  []profile
	doors     []id.ID // by the community's order
	compounds []id.ID
	grids     []id.ID // by index in from.Grids
	persons   int
	care      int
}

// settle turns a community into rows; bare leaves out the people. hollow names
// the compound whose households are left out, "" for none.
func settle(c *sim.Community, area grid.Place, atMs int64, bare bool, hollow string) *settled {
	s := &settled{from: c, area: area, grids: make([]id.ID, len(c.Grids))}
	for i := range s.grids {
		s.grids[i] = id.New()
	}
	lowest := lowestGrids(c)
	for i := range c.Compounds {
		s.compound(&c.Compounds[i], lowest)
	}
	if bare {
		return s
	}
	for n, at := range c.Doors() {
		if hollow != "" && at.Compound.Name == hollow {
			continue
		}
		for k := range at.Door.Households {
			s.home(s.doors[n], at.Door, k, atMs)
		}
	}
	return s
}

// lowestGrids gives each door's lowest grid, an index in c.Grids.
func lowestGrids(c *sim.Community) []int {
	n := 0
	for range c.Doors() {
		n++
	}
	out := make([]int, n)
	for i := range out {
		out[i] = -1
	}
	for _, kind := range []sim.GridKind{sim.Basic, sim.Micro} {
		for i := range c.Grids {
			if c.Grids[i].Kind != kind {
				continue
			}
			for d := c.Grids[i].Doors.From; d < c.Grids[i].Doors.To; d++ {
				out[d] = i
			}
		}
	}
	return out
}

func (s *settled) add(p grid.NewPlace) id.ID {
	p.ID = id.New()
	s.places = append(s.places, p)
	return p.ID
}

// compound adds a compound or group with all below it.
func (s *settled) compound(k *sim.Compound, lowest []int) {
	kind := grid.Compound
	if k.Kind == sim.Group {
		kind = grid.Group
	}
	at := s.add(grid.NewPlace{ParentID: s.area.ID, Kind: kind, Subkind: compoundClass(k), Name: k.Name})
	s.compounds = append(s.compounds, at)
	s.profiles = append(s.profiles, profile{at, k})
	for i := range k.Profile.Gates {
		s.add(grid.NewPlace{ParentID: at, Kind: grid.Point, Subkind: "gate", Name: word("gate", i+1)})
	}
	if k.Kind != sim.Dormitory {
		s.add(grid.NewPlace{ParentID: at, Kind: grid.Point, Subkind: "notice_board", Name: word("board")})
	}
	s.addDoors(at, k.Doors, lowest)
	for i := range k.Buildings {
		b := &k.Buildings[i]
		building := s.add(grid.NewPlace{ParentID: at, Kind: grid.Building, Name: b.Name})
		s.addDoors(building, b.Doors, lowest)
		for j := range b.Units {
			unit := s.add(grid.NewPlace{ParentID: building, Kind: grid.Unit, Name: b.Units[j].Name})
			s.addDoors(unit, b.Units[j].Doors, lowest)
		}
	}
}

func (s *settled) addDoors(parent id.ID, doors []sim.Door, lowest []int) {
	for i := range doors {
		d := &doors[i]
		p := grid.NewPlace{ParentID: parent, Kind: grid.Door, Name: d.Label, Floor: d.Floor}
		if g := lowest[len(s.doors)]; g >= 0 {
			p.GridID = s.grids[g]
		}
		s.doors = append(s.doors, s.add(p))
	}
}

// compoundClass is the class of a compound in the words of package grid.
func compoundClass(k *sim.Compound) string {
	if k.Kind == sim.Dormitory {
		return "dormitory"
	}
	switch k.Profile.Class {
	case sim.Old:
		return "old"
	case sim.Unmanaged:
		return "unmanaged"
	case sim.BungalowArea:
		return "bungalow"
	case sim.VillageGroup:
		return "village"
	}
	return "commercial"
}

var householdKinds = map[sim.HouseholdKind]ledger.Kind{
	sim.Family: ledger.Family, sim.Shared: ledger.Shared, sim.Room: ledger.Dormitory, sim.Away: ledger.Family,
}

// home adds the k-th household behind a door.
func (s *settled) home(door id.ID, d *sim.Door, k int, atMs int64) {
	from := &d.Households[k]
	origin := ledger.Origin{Source: ledger.SourceSimulation}
	h := home{household: ledger.Household{
		ID: id.New(), DoorID: door, Kind: householdKinds[from.Kind], Living: from.Living, Register: seal.Standing, Version: 1, FromMs: atMs, Origin: origin,
	}}
	if k == 0 {
		h.household.Nickname = d.Nickname
	}
	living := 0
	h.persons = make([]ledger.Person, len(from.Persons))
	for i := range from.Persons {
		h.persons[i] = person(&from.Persons[i], &h.household)
		if h.persons[i].Registered {
			h.household.Registered++
		}
		if h.persons[i].LivesHere {
			living++
		}
		h.care = appendCare(h.care, i, from.Persons[i].Care)
	}
	h.household.Living = max(h.household.Living, living)
	s.persons += len(h.persons)
	s.care += len(h.care)
	s.homes = append(s.homes, h)
}

func person(p *sim.Person, h *ledger.Household) ledger.Person {
	out := ledger.Person{
		ID: id.New(), HouseholdID: h.ID, DoorID: h.DoorID, Register: h.Register, Registered: p.Registered, LivesHere: p.LivesHere, Version: 1, FromMs: h.FromMs,
		Name: p.Name, Sex: ledger.Male, Birth: p.Birth.String(), Relation: word("relation." + string(p.Relation)), Origin: h.Origin,
	}
	if p.Sex == sim.Female {
		out.Sex = ledger.Female
	}
	switch p.IDKind {
	case sim.ID18, sim.ID15:
		out.IDNo = p.IDNo
	case sim.IDPassport:
		out.Passport = p.IDNo
	}
	if p.Phone != "" {
		out.Phones = []string{p.Phone}
	}
	return out
}

// appendCare adds a person's kinds of care, each once.
func appendCare(list []careOf, person int, kinds []sim.CareKind) []careOf {
	first := len(list)
next:
	for _, k := range kinds {
		kind := string(k)
		if k == sim.ElderlyOnly { // the ledger keeps one kind for old people without young ones behind the door
			kind = string(sim.ElderlyAlone)
		}
		for _, have := range list[first:] {
			if have.kind == kind {
				continue next
			}
		}
		list = append(list, careOf{person, kind})
	}
	return list
}
