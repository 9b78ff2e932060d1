package sim

import (
	"iter"
	"sort"
	"time"

	"wangge/internal/grid/divisions"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/errs"
)

// District is an invented district: its areas and upper posts, and the
// communities, made one at a time.
type District struct {
	Config
	Areas   []divisions.Area // province, city, county, streets, communities
	County  divisions.Area
	Streets []divisions.Area
	Posts   []Post // of the district and its streets
	Plans   []Plan // one a community, in the order of Communities
}

// Plan says how many households a community gets.
type Plan struct {
	Area       divisions.Area
	Street     divisions.Area
	Setting    Setting
	Households int
}

// MaxHouseholds bounds a district; the largest real one has about 1.5 million.
const MaxHouseholds = 3_000_000

// Generate plans a district. The error is of kind Invalid, for a place that
// does not ship or a number of households outside 1 … MaxHouseholds.
func Generate(cfg Config) (*District, error) {
	const op = "sim.Generate"
	preset, ok := divisions.ByName(cfg.Place)
	if !ok {
		return nil, errs.Field(errs.E(op, errs.Invalid, "sim.unknown_place", cfg.Place), "place")
	}
	if cfg.Households < 1 || cfg.Households > MaxHouseholds {
		return nil, errs.Field(errs.E(op, errs.Invalid, "sim.households_range", MaxHouseholds), "households")
	}
	if cfg.At.IsZero() {
		cfg.At = time.Date(2022, 3, 1, 0, 0, 0, 0, clock.CST)
	}
	cfg.Place, cfg.At = preset.Name, cfg.At.In(clock.CST)
	areas, ok := divisions.Load(preset.County)
	if !ok {
		return nil, errs.Field(errs.E(op, errs.Invalid, "sim.unknown_place", cfg.Place), "place")
	}
	d := &District{Config: cfg, Areas: areas}
	d.plan()
	d.Posts = d.upperPosts()
	return d, nil
}

func (d *District) plan() {
	streets := map[string]divisions.Area{}
	for _, a := range d.Areas {
		switch a.Level {
		case divisions.County:
			d.County = a
		case divisions.Street:
			streets[a.Code] = a
			d.Streets = append(d.Streets, a)
		case divisions.Community:
			d.Plans = append(d.Plans, Plan{Area: a, Street: streets[a.Parent], Setting: settingOf(a)})
		}
	}
	weights := make([]int, len(d.Plans))
	for i, p := range d.Plans {
		r := newRNG(d.Seed, textSeed(p.Area.Code), textSeed("weight"))
		weights[i] = settingWeight[p.Setting] * r.between(55, 155)
		if p.Setting == Urban && newRNG(d.Seed, textSeed(p.Area.Code), textSeed("estates")).p(largePermille) {
			weights[i] *= 4
		}
	}
	for i, n := range apportion(d.Households, weights) {
		d.Plans[i].Households = n
	}
}

// largePermille is how many of a thousand urban communities are those of large
// estates, with four times the households: the real ones differ that much.
const largePermille = 60

var settingWeight = map[Setting]int{Urban: 100, Town: 70, Village: 26, Farm: 14}

// settingOf tells the setting from the code: street numbers from 400 are
// farms and forest stations, below 100 sub-districts.
func settingOf(a divisions.Area) Setting {
	street, n := a.Code[6:9], a.Code[9:]
	switch {
	case divisions.IsVillage(a):
		return Village
	case street >= "400", n >= "400" && street >= "100":
		return Farm
	case street < "100":
		return Urban
	}
	return Town
}

// apportion splits total by weights, by largest remainders: the parts sum to
// exactly total.
func apportion(total int, weights []int) []int {
	parts := make([]int, len(weights))
	sum := 0
	for _, w := range weights {
		sum += w
	}
	if sum == 0 {
		return parts
	}
	order, rest := make([]int, len(weights)), total
	for i, w := range weights {
		order[i] = i
		parts[i] = total * w / sum
		rest -= parts[i]
	}
	remainder := func(i int) int { return total * weights[i] % sum }
	sort.SliceStable(order, func(a, b int) bool { return remainder(order[a]) > remainder(order[b]) })
	for _, i := range order[:rest] {
		parts[i]++
	}
	return parts
}

// Communities makes every community in turn. Each pass gives the same; a
// Community belongs to the caller and is never touched again.
func (d *District) Communities() iter.Seq[*Community] {
	return func(yield func(*Community) bool) {
		g := newRegistry(d.Seed, d.At)
		for i := range d.Plans {
			if !yield(d.community(g, i)) {
				return
			}
		}
	}
}

// Community makes the first community that has households and satisfies keep,
// for the story's workbook and for tests. It makes those before it as well, so
// that its numbers are those of a full pass. nil where there is none.
func (d *District) Community(keep func(Plan) bool) *Community {
	g := newRegistry(d.Seed, d.At)
	for i, p := range d.Plans {
		c := d.community(g, i)
		if p.Households > 0 && keep(p) {
			return c
		}
	}
	return nil
}

func (d *District) community(g *registry, i int) *Community {
	p := d.Plans[i]
	r := newRNG(d.Seed, textSeed(p.Area.Code), textSeed("community"))
	c := &Community{Area: p.Area, Street: p.Street, Setting: p.Setting, Households: p.Households}
	b := builder{people: &people{registry: g, r: r}, province: p.Area.Code[:2], taken: map[string]bool{}, numbered: r.p(300)}
	b.scale = max(25, min(100, p.Households/12))
	c.Compounds = b.compounds(p.Setting, p.Households)
	c.Grids = b.grids(c, i)
	c.Posts = b.posts(c, i)
	return c
}

// Doors walks every door of the community in its order, the one that Span
// counts: compound by compound, building by building, unit by unit.
func (c *Community) Doors() iter.Seq2[int, DoorAt] {
	return func(yield func(int, DoorAt) bool) {
		n := 0
		walk := func(at DoorAt, doors []Door) bool {
			for i := range doors {
				at.Door = &doors[i]
				if !yield(n, at) {
					return false
				}
				n++
			}
			return true
		}
		for i := range c.Compounds {
			k := &c.Compounds[i]
			if !walk(DoorAt{Compound: k}, k.Doors) {
				return
			}
			for j := range k.Buildings {
				b := &k.Buildings[j]
				if !walk(DoorAt{Compound: k, Building: b}, b.Doors) {
					return
				}
				for l := range b.Units {
					if !walk(DoorAt{Compound: k, Building: b, Unit: &b.Units[l]}, b.Units[l].Doors) {
						return
					}
				}
			}
		}
	}
}

// DoorAt is a door and where it is; Building and Unit may be nil.
type DoorAt struct {
	Compound *Compound
	Building *Building
	Unit     *Unit
	Door     *Door
}
