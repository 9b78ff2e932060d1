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
// A large area's counts may be older (facetAgeWide), unless somebody changed
// something: a district takes a core half a minute.
const (
	facetAge     = 5 * time.Minute
	facetAgeWide = 15 * time.Minute
	facetInline  = 12
	answersAge   = 10 * time.Second // who answers in a community is asked again after it
)

// facetCache keeps the counts of communities by path.
type facetCache struct {
	mu      sync.Mutex
	kept    map[string]keptFacets
	who     map[string]keptAnswers
	changed map[string]int // how often the records of a community changed, and under "" those of any
	running bool
}

// keptAnswers is who answers for the doors of a community.
type keptAnswers struct {
	at clock.Stopwatch
	answers
}

type keptFacets struct {
	at     clock.Stopwatch
	ms     int64        // the same on the clock
	stale  bool         // somebody changed something since
	counts []FacetCount // by what stands directly below the community
}

// due reports whether counts should be made anew: those that somebody changed
// at once, or for a wide area after a while.
func (k keptFacets) due(wide bool) bool {
	age := k.at.Elapsed()
	if wide {
		return age > facetAgeWide || k.stale && age > facetAge
	}
	return age > facetAge || k.stale
}

func (f *facetCache) get(path string) (keptFacets, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	k, ok := f.kept[path]
	return k, ok
}

// answersIn returns who answers for the doors at and below a path: of a part of
// a community those of all of it, for its grids and posts lie there.
func (s *Service) answersIn(ctx context.Context, district int, path string) (answers, error) {
	path = path[:min(len(path), communityLen)]
	s.facets.mu.Lock()
	k, ok := s.facets.who[path]
	s.facets.mu.Unlock()
	if ok && k.at.Elapsed() < answersAge {
		return k.answers, nil
	}
	began := clock.Start()
	who, err := s.answersBelow(ctx, district, path, s.nowMs())
	if err != nil {
		return answers{}, err
	}
	s.facets.mu.Lock()
	defer s.facets.mu.Unlock()
	if s.facets.who == nil {
		s.facets.who = map[string]keptAnswers{}
	}
	s.facets.who[path] = keptAnswers{began, who}
	return who, nil
}

// turn is how often the records of a community changed until now.
func (f *facetCache) turn(path string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.changed[path] + f.changed[""]
}

// put keeps counts that were begun at a turn: what changed since makes them stale.
func (f *facetCache) put(path string, turn int, k keptFacets) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.kept == nil {
		f.kept = map[string]keptFacets{}
	}
	k.stale = f.changed[path]+f.changed[""] != turn
	f.kept[path] = k
}

// change counts a change of the records of a community; "" is any.
func (f *facetCache) change(path string) {
	if f.changed == nil {
		f.changed = map[string]int{}
	}
	f.changed[path]++
}

// forget marks the counts of a community as changed since.
func (f *facetCache) forget(path string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.change(path)
	if k, ok := f.kept[path]; ok {
		k.stale = true
		f.kept[path] = k
	}
}

// forgetAll marks all counts as changed since.
func (f *facetCache) forgetAll() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.change("")
	for path, k := range f.kept {
		k.stale = true
		f.kept[path] = k
	}
}

// Completeness is how complete the records of a place and its children are.
type Completeness struct {
	Facets   []string     `json:"facets" doc:"What the counts are of, in order"`
	Total    FacetCount   `json:"total"`
	Children []FacetCount `json:"children" doc:"In the order of the list, never by figures"`
	AsOfMs   int64        `json:"as_of_ms" doc:"When the oldest of the figures was counted"`

	Missing     int `json:"missing,omitempty" doc:"Communities still being counted; ask again"`
	Communities int `json:"communities,omitempty" doc:"Communities in all"`
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
	out := &Completeness{Total: FacetCount{PlaceID: place}, Children: []FacetCount{}, AsOfMs: s.nowMs()}
	out.Total.clear()
	if !c.CanPlace(grid.PlaceRead, path) {
		return nil, errs.E(op, errs.Denied, "grid.denied.area")
	}
	if len(path) > communityLen {
		doors, err := s.doorsFacts(ctx, c.District, path)
		for _, n := range countFacets(doors, len(path)) {
			out.Total.add(n)
		}
		out.leaveOut()
		return out, errs.Wrap(op, err)
	}
	err = s.completeArea(ctx, c.District, path, now, out)
	out.leaveOut()
	return out, errs.Wrap(op, err)
}

// leaveOut names the facets and drops those of which there is nothing to say:
// no round asked here.
func (v *Completeness) leaveOut() {
	var list []int
	for k, f := range facets {
		if f.Asks == "" || v.Total.Of[k] > 0 {
			list = append(list, k)
			v.Facets = append(v.Facets, f.Key)
		}
	}
	v.Total.keep(list)
	for i := range v.Children {
		v.Children[i].keep(list)
	}
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
		out.Children[i].clear()
		at[out.Children[i].path] = &out.Children[i]
	}
	communities := []FacetCount{{path: path}}
	if len(path) < communityLen {
		if communities, err = s.communitiesBelow(ctx, district, path); err != nil {
			return err
		}
	}
	wide := len(communities) > facetInline
	var later []string // missing ones first
	var old []string
	for _, a := range communities {
		k, state, err := s.communityFacets(ctx, district, a.path, wide, now && !wide)
		if err != nil {
			return err
		}
		switch state {
		case facetsMissing:
			later = append(later, a.path)
		case facetsDue:
			old = append(old, a.path)
		}
		if state != facetsMissing {
			out.AsOfMs = min(out.AsOfMs, k.ms)
		}
		for _, n := range k.counts {
			out.Total.add(n)
			if child := at[n.path[:min(width, len(n.path))]]; child != nil {
				child.add(n)
			}
		}
	}
	out.Missing, out.Communities = len(later), len(communities)
	s.countLater(district, append(later, old...))
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

// What communityFacets found.
const (
	facetsFresh   = iota
	facetsDue     // given, but to be made anew
	facetsMissing // to be made first
)

// communityFacets returns the counts of a community; with now set it makes those
// that are missing or due.
func (s *Service) communityFacets(ctx context.Context, district int, path string, wide, now bool) (k keptFacets, state int, err error) {
	k, ok := s.facets.get(path)
	switch {
	case ok && !k.due(wide):
		return k, facetsFresh, nil
	case ok && !now:
		return k, facetsDue, nil
	case !now:
		return k, facetsMissing, nil
	}
	k, err = s.countCommunity(ctx, district, path)
	return k, facetsFresh, err
}

func (s *Service) countCommunity(ctx context.Context, district int, path string) (keptFacets, error) {
	turn, k := s.facets.turn(path), keptFacets{at: clock.Start(), ms: s.nowMs()}
	doors, err := s.doorsFacts(ctx, district, path)
	if err != nil {
		return keptFacets{}, err
	}
	k.counts = countFacets(doors, communityLen+levelLen)
	s.facets.put(path, turn, k)
	return k, nil
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
			if _, err := s.countCommunity(context.Background(), district, p); err != nil {
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
		if speaksOf(k, &doors[i]) && !meets(k, &doors[i]) {
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
