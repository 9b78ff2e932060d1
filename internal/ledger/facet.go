package ledger

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"wangge/internal/grid"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
)

// Counts of a community are kept for facetAge. One that is missing is counted
// when it is asked for; of a larger area at most facetInline at once, the rest
// in the background, and the answer says how many communities are still missing.
const (
	facetAge    = 5 * time.Minute
	facetInline = 12
)

// facetCache keeps the counts of communities by path.
type facetCache struct {
	mu      sync.Mutex
	kept    map[string]keptFacets
	running bool
}

type keptFacets struct {
	at     clock.Stopwatch
	counts []FacetCount // by what stands directly below the community
}

func (f *facetCache) get(path string) (k keptFacets, ok, old bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	k, ok = f.kept[path]
	return k, ok, ok && k.at.Elapsed() > facetAge
}

func (f *facetCache) put(path string, counts []FacetCount) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.kept == nil {
		f.kept = map[string]keptFacets{}
	}
	f.kept[path] = keptFacets{clock.Start(), counts}
}

// forget drops the counts of a community.
func (f *facetCache) forget(path string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.kept, path)
}

// forgetAll drops all counts.
func (f *facetCache) forgetAll() {
	f.mu.Lock()
	defer f.mu.Unlock()
	clear(f.kept)
}

// Completeness is how complete the records of a place and its children are.
type Completeness struct {
	Facets   []string     `json:"facets" doc:"What the counts are of, in order"`
	Total    FacetCount   `json:"total"`
	Children []FacetCount `json:"children" doc:"In the order of the list, never by figures"`
	// Missing is how many communities are still being counted; ask again.
	Missing int `json:"missing,omitempty" doc:"Communities still being counted; ask again"`
}

// Completeness counts for a place how many doors meet each facet, in all and by
// what stands directly below: streets, communities or compounds. Counts are at
// most five minutes old.
func (s *Service) Completeness(ctx context.Context, c grid.Caller, place id.ID) (*Completeness, error) {
	return s.completeness(ctx, c, place, true)
}

// completeness is Completeness; without now it counts nothing that is not
// counted already.
func (s *Service) completeness(ctx context.Context, c grid.Caller, place id.ID, now bool) (*Completeness, error) {
	const op = "ledger.Completeness"
	if err := c.Require(op, grid.PlaceRead); err != nil {
		return nil, err
	}
	path, err := s.placePath(ctx, c, place)
	if err != nil {
		return nil, errs.Wrap(op, err)
	}
	out := &Completeness{Total: FacetCount{PlaceID: place, Met: make([]int, len(facets))}, Children: []FacetCount{}}
	for _, f := range facets {
		out.Facets = append(out.Facets, f.Key)
	}
	if !c.CanPlace(grid.PlaceRead, path) {
		return nil, errs.E(op, errs.Denied, "grid.denied.area")
	}
	if len(path) > communityLen {
		doors, err := s.doorsFacts(ctx, c.District, path)
		for _, n := range countFacets(doors, len(path)) {
			out.Total.add(n)
		}
		return out, errs.Wrap(op, err)
	}
	err = s.completeArea(ctx, c.District, path, now, out)
	return out, errs.Wrap(op, err)
}

// completeArea sums the communities below path by the children of the area.
func (s *Service) completeArea(ctx context.Context, district int, path string, now bool, out *Completeness) error {
	width := childWidth(path)
	var err error
	if out.Children, err = s.childrenOf(ctx, district, out.Total.PlaceID); err != nil {
		return err
	}
	at := map[string]*FacetCount{}
	for i := range out.Children {
		out.Children[i].Met = make([]int, len(facets))
		at[out.Children[i].path] = &out.Children[i]
	}
	communities := []FacetCount{{path: path}}
	if len(path) < communityLen {
		if communities, err = s.communitiesBelow(ctx, district, path); err != nil {
			return err
		}
	}
	var later []string
	for _, a := range communities {
		counts, ok, err := s.communityFacets(ctx, district, a.path, now && len(communities) <= facetInline)
		if err != nil {
			return err
		}
		if !ok {
			later = append(later, a.path)
			continue
		}
		for _, n := range counts {
			out.Total.add(n)
			if child := at[n.path[:min(width, len(n.path))]]; child != nil {
				child.add(n)
			}
		}
	}
	out.Missing = len(later)
	s.countLater(district, later)
	return nil
}

// childWidth is the length of the paths directly below an area.
func childWidth(path string) int {
	for _, n := range []int{4, 6, 9, communityLen, communityLen + levelLen} {
		if len(path) < n {
			return n
		}
	}
	return len(path) + levelLen
}

// communityFacets returns the counts of a community; ok is false where they
// must be made first and now is not set. Old ones are given and made anew.
func (s *Service) communityFacets(ctx context.Context, district int, path string, now bool) (counts []FacetCount, ok bool, err error) {
	k, ok, old := s.facets.get(path)
	if ok && !old {
		return k.counts, true, nil
	}
	if ok && !now {
		s.countLater(district, []string{path})
		return k.counts, true, nil
	}
	if !now {
		return nil, false, nil
	}
	doors, err := s.doorsFacts(ctx, district, path)
	if err != nil {
		return nil, false, err
	}
	counts = countFacets(doors, communityLen+levelLen)
	s.facets.put(path, counts)
	return counts, true, nil
}

// countLater counts communities in the background, one after the other; what
// fails is counted when it is asked for again.
func (s *Service) countLater(district int, paths []string) {
	s.facets.mu.Lock()
	busy := s.facets.running || len(paths) == 0
	if !busy {
		s.facets.running = true
	}
	s.facets.mu.Unlock()
	if busy {
		return
	}
	go func() {
		defer func() {
			s.facets.mu.Lock()
			s.facets.running = false
			s.facets.mu.Unlock()
		}()
		for _, p := range paths {
			if _, _, err := s.communityFacets(context.Background(), district, p, true); err != nil {
				return
			}
		}
	}()
}

// MaxLacking bounds one list of doors that lack a facet.
const MaxLacking = 500

// LackingDoor is a door whose records lack something.
type LackingDoor struct {
	ID   id.ID  `json:"id"`
	Door string `json:"door"`
}

// Lacking lists the doors below a place (a community or less) whose records
// lack a facet, in walking order, at most MaxLacking; more reports that there
// are others. It needs a post over them that sees addresses: the list says
// where nobody is recorded. It has no export.
func (s *Service) Lacking(ctx context.Context, c grid.Caller, place id.ID, facet string) (list []LackingDoor, more bool, err error) {
	const op = "ledger.Lacking"
	k := slices.IndexFunc(facets, func(f Facet) bool { return f.Key == facet })
	if k < 0 {
		return nil, false, errs.Field(errs.E(op, errs.Invalid, "error.bad_choice"), "facet")
	}
	path, err := s.placePath(ctx, c, place)
	if err != nil {
		return nil, false, errs.Wrap(op, err)
	}
	wide := seeing(c, grid.FieldAddress)
	if !c.IsSystem() && !wide.CanPlace(grid.LedgerRead, path) {
		return nil, false, errs.E(op, errs.Denied, "ledger.facet.denied")
	}
	if len(path) < communityLen {
		return nil, false, errs.Field(errs.E(op, errs.Invalid, "ledger.facet.wide"), "place")
	}
	doors, err := s.doorsFacts(ctx, c.District, path)
	if err != nil {
		return nil, false, errs.Wrap(op, err)
	}
	var ids []id.ID
	for i := range doors {
		if !facets[k].met(&doors[i]) {
			ids = append(ids, doors[i].id)
		}
	}
	if more = len(ids) > MaxLacking; more {
		ids = ids[:MaxLacking]
	}
	texts, err := s.doorTexts(ctx, c.District, ids)
	list = make([]LackingDoor, len(ids))
	for i, d := range ids {
		list[i] = LackingDoor{d, strings.TrimSpace(texts[d].text)}
	}
	return list, more, errs.Wrap(op, err)
}
