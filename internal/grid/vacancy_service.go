package grid

import (
	"context"
	"math"
	"slices"
	"sync"

	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
)

// VacancyCount is what is not answered for at a node; it is the sum of its
// children's (what belongs to the node itself added).
type VacancyCount struct {
	Areas         int `json:"areas" doc:"Areas without anybody in the post of their level"`
	Grids         int `json:"grids" doc:"Grids without anybody in post"`
	Buildings     int `json:"buildings" doc:"Units, groups and rows (or buildings without units) with doors nobody answers for"`
	Doors         int `json:"doors" doc:"Doors nobody in post answers for"`
	Organisations int `json:"organisations" doc:"Bindings of an organisation without a named person"`
}

// Zero reports whether nothing is vacant.
func (v VacancyCount) Zero() bool { return v == VacancyCount{} }

// VacantLeaf is a unit, group, row or building with doors nobody answers for.
type VacantLeaf struct {
	Place Place `json:"place"`
	Open  int   `json:"open" doc:"Doors nobody answers for"`
	Doors int   `json:"doors"`
}

// Vacancies is what is vacant at and below a place at an instant.
type Vacancies struct {
	AtMs          int64          `json:"at_ms"`
	OnDuty        bool           `json:"on_duty" doc:"By the roster: posts that have one count in its hours only"`
	Node          Place          `json:"node"`
	Total         VacancyCount   `json:"total"`
	Children      []VacancyChild `json:"children"`
	Areas         []Place        `json:"areas"`
	Grids         []Grid         `json:"grids"`
	Leaves        []VacantLeaf   `json:"buildings"`
	Organisations []OrgBinding   `json:"organisations"`
	Cut           bool           `json:"cut" doc:"The lists were cut; look at a child"`

	most int // of each list
}

// VacancyChild is a child of the node with its figures.
type VacancyChild struct {
	Place
	VacancyCount
}

// sweep is the vacancies of a whole district at an instant, from which every
// node reads its part.
type sweep struct {
	places, grants int64 // versions it was made under
	from, till     int64 // instants it is good for
	ix             *leafIndex
	open           *leafIndex // the same leaves with the doors not answered for
	areas          []Place
	grids          []Grid
	orgs           []OrgBinding
}

type vacancyCache struct {
	mu   sync.Mutex
	last map[sweepKey]*sweep
}

type sweepKey struct {
	district int
	onDuty   bool
}

// When is the instant vacancies are asked for.
type When struct {
	AtMs   int64 // 0: now
	OnDuty bool  // by the roster: posts that have one count in its hours only
}

// maxListed bounds each list of Vacancies.
const maxListed = 500

// Vacancies lists and counts what nobody answers for at and below a place, at
// an instant: areas without the post of their level, grids without a
// post, doors outside every place, grid and set of doors of a filled post, and
// organisations bound without a named person. Needs place.read over the place.
func (s *Service) Vacancies(ctx context.Context, c Caller, placeID id.ID, at When) (*Vacancies, error) {
	return s.vacancies(ctx, c, placeID, at, maxListed)
}

// AllVacancies is Vacancies with whole lists, to be taken out.
func (s *Service) AllVacancies(ctx context.Context, c Caller, placeID id.ID, at When) (*Vacancies, error) {
	return s.vacancies(ctx, c, placeID, at, math.MaxInt)
}

func (s *Service) vacancies(ctx context.Context, c Caller, placeID id.ID, at When, most int) (*Vacancies, error) {
	const op = "grid.Vacancies"
	p, err := s.Place(ctx, c, placeID)
	if err != nil {
		return nil, err
	}
	if err := c.RequirePlace(op, PlaceRead, p.Path); err != nil {
		return nil, err
	}
	sw, err := s.sweepAt(ctx, c.District, at)
	if err != nil {
		return nil, errs.Wrap(op, err)
	}
	children, err := childrenOf(ctx, s.d.Read(), c.District, p.ID, false)
	if err != nil {
		return nil, errs.Wrap(op, err)
	}
	v := &Vacancies{AtMs: at.AtMs, OnDuty: at.OnDuty, Node: p, Total: sw.count(p.Path), most: most}
	if at.AtMs == 0 {
		v.AtMs = s.nowMs()
	}
	for _, ch := range children {
		if ch.Kind != Door && ch.Kind != Point {
			v.Children = append(v.Children, VacancyChild{ch, sw.count(ch.Path)})
		}
	}
	if err := s.fillLists(ctx, c, sw, v); err != nil {
		return nil, errs.Wrap(op, err)
	}
	return v, nil
}

func (s *Service) fillLists(ctx context.Context, c Caller, sw *sweep, v *Vacancies) error {
	path := v.Node.Path
	v.Areas = cut(v, filter(sw.areas, func(p Place) bool { return Under(p.Path, path) }))
	v.Grids = cut(v, filter(sw.grids, func(g Grid) bool { return Under(g.Path, path) }))
	v.Organisations = cut(v, filter(sw.orgs, func(b OrgBinding) bool { return Under(b.Path, path) }))
	lo, hi := sw.open.span(path)
	var open []Leaf
	for i := lo; i < hi; i++ {
		if l := sw.open.leaves[i]; l.Doors > 0 {
			open = append(open, l)
		}
	}
	open = cut(v, open)
	ids := make([]id.ID, len(open))
	for i, l := range open {
		ids[i] = l.PlaceID
	}
	places, err := placesByID(ctx, s.d.Read(), c.District, ids)
	for _, l := range open {
		p := places[l.PlaceID]
		if n := len(v.Leaves); n > 0 && v.Leaves[n-1].Place.ID == p.ID {
			v.Leaves[n-1].Open += l.Doors
			continue
		}
		v.Leaves = append(v.Leaves, VacantLeaf{Place: p, Open: l.Doors, Doors: sw.ix.under(p.Path)})
	}
	return err
}

func filter[T any](list []T, keep func(T) bool) []T {
	var out []T
	for _, x := range list {
		if keep(x) {
			out = append(out, x)
		}
	}
	return out
}

func cut[T any](v *Vacancies, list []T) []T {
	if len(list) > v.most {
		v.Cut = true
		return list[:v.most]
	}
	return list
}

// VacancyCount counts what nobody answers for at and below a path now; nothing
// where the caller has no place.read over all of it.
func (s *Service) VacancyCount(ctx context.Context, c Caller, path string) (VacancyCount, error) {
	if !c.CanPlace(PlaceRead, path) {
		return VacancyCount{}, nil
	}
	sw, err := s.sweepAt(ctx, c.District, When{})
	if err != nil {
		return VacancyCount{}, errs.Wrap("grid.VacancyCount", err)
	}
	return sw.count(path), nil
}

// count sums a subtree.
func (sw *sweep) count(path string) VacancyCount {
	v := VacancyCount{Doors: sw.open.under(path)}
	lo, hi := sw.open.span(path)
	last := id.Zero
	for i := lo; i < hi; i++ {
		if l := sw.open.leaves[i]; l.Doors > 0 && l.PlaceID != last {
			v.Buildings++
			last = l.PlaceID
		}
	}
	for _, a := range sw.areas {
		if Under(a.Path, path) {
			v.Areas++
		}
	}
	for _, g := range sw.grids {
		if Under(g.Path, path) {
			v.Grids++
		}
	}
	for _, b := range sw.orgs {
		if Under(b.Path, path) {
			v.Organisations++
		}
	}
	return v
}

// sweepAt returns the district's vacancies at an instant, from the last sweep while nothing changed and no period began or ended since.
func (s *Service) sweepAt(ctx context.Context, district int, w When) (*sweep, error) {
	w.AtMs = orNow(w.AtMs, s.nowMs())
	at, key := w.AtMs, sweepKey{district, w.OnDuty}
	places, grants := s.placesVersion.Load(), s.grantsVersion.Load()
	s.vacant.mu.Lock()
	defer s.vacant.mu.Unlock()
	if sw := s.vacant.last[key]; sw != nil && sw.places == places && sw.grants == grants && sw.from <= at && (sw.till == 0 || at < sw.till) {
		return sw, nil
	}
	ix, err := s.leaves(ctx, district)
	if err != nil {
		return nil, err
	}
	sw := &sweep{places: places, grants: grants, from: at, ix: ix}
	err = s.d.Snapshot(ctx, "grid.sweep", func(q db.Queryer) error { return sw.read(ctx, q, district, w) })
	if err != nil {
		return nil, err
	}
	if s.vacant.last == nil {
		s.vacant.last = map[sweepKey]*sweep{}
	}
	s.vacant.last[key] = sw
	return sw, nil
}

func (sw *sweep) read(ctx context.Context, q db.Queryer, district int, w When) error {
	reach, orgPosts, err := readReach(ctx, q, district, w)
	if err != nil {
		return err
	}
	single, err := readSingle(ctx, q, district, w, answering())
	if err != nil {
		return err
	}
	grids, err := openGrids(ctx, q, district)
	if err != nil {
		return err
	}
	areas, err := areasOf(ctx, q, district)
	if err != nil {
		return err
	}
	bindings, err := readOrgBindings(ctx, q, district, w.AtMs)
	if err != nil {
		return err
	}
	if sw.till, err = nextEdge(ctx, q, district, w); err != nil {
		return err
	}
	paths := make(map[id.ID]string, len(grids))
	for _, g := range grids {
		paths[g.ID] = g.Path
	}
	open := slices.Clone(sw.ix.leaves)
	for i, n := range openDoors(sw.ix.leaves, reach, paths, single) {
		open[i].Doors = n
	}
	sw.open = newLeafIndex(open)
	sw.areas = vacantAreas(areas, reach, rootPath(district))
	sw.grids = vacantGrids(grids, reach)
	sw.orgs = unnamed(bindings, orgPosts)
	return nil
}

// answering lists the roles whose posts answer for doors.
func answering() []string {
	var out []string
	for _, r := range Roles() {
		if r.Answers() {
			out = append(out, string(r))
		}
	}
	return out
}
