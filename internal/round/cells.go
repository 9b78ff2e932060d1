package round

import (
	"context"
	"slices"
	"strings"
	"sync"

	"wangge/internal/grid"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/db"
	"wangge/internal/platform/id"
)

// cell is one row of counters with the paths of its leaf and grid.
type cell struct {
	leaf, grid         id.ID
	leafPath, gridPath string
	Figures
}

// cells are the counters of an occurrence at a version, in path order.
type cells struct {
	version int64
	list    []cell
	cum     []Figures        // cum[i] adds up list[:i]
	at      map[[2]id.ID]int // where the counter of a leaf and grid stands
}

// coverCache keeps the counters of the occurrences looked at last, for as long
// as their version stands, and where the leaves lie.
type coverCache struct {
	mu    sync.Mutex
	at    map[id.ID]*occCache
	limit int
}

type occCache struct {
	mu     sync.Mutex
	leaves map[id.ID]string
	grids  map[id.ID]string
	real   clock.Stopwatch
	cells  *cells

	noted   sync.Mutex
	changes map[int64]map[[2]id.ID]counterDelta // by the version they led to
}

// coverChange is what one transaction of this process did to the counters of
// an occurrence, and the version it led to.
type coverChange struct {
	version int64
	deltas  map[[2]id.ID]counterDelta
}

// maxNoted bounds the changes remembered between two looks at an occurrence.
const maxNoted = 2000

func (c *coverCache) init() {
	c.at = map[id.ID]*occCache{}
	c.limit = 32
}

func (c *coverCache) of(occ id.ID) *occCache {
	c.mu.Lock()
	defer c.mu.Unlock()
	o := c.at[occ]
	if o == nil {
		if len(c.at) >= c.limit {
			clear(c.at)
		}
		o = &occCache{}
		c.at[occ] = o
	}
	return o
}

// note remembers a committed change, so that the next look need not read all
// counters again. Changes of other processes are missing here; the gap in the
// versions shows it.
func (c *coverCache) note(occ id.ID, ch coverChange) {
	c.mu.Lock()
	o := c.at[occ]
	c.mu.Unlock()
	if o == nil {
		return
	}
	o.noted.Lock()
	defer o.noted.Unlock()
	if o.changes == nil || len(o.changes) >= maxNoted {
		o.changes = map[int64]map[[2]id.ID]counterDelta{}
	}
	o.changes[ch.version] = ch.deltas
}

// advance brings the cells to the version by the changes noted; false where one
// is missing or touches a counter that is new.
func (o *occCache) advance(version int64) bool {
	o.noted.Lock()
	defer o.noted.Unlock()
	sum := map[[2]id.ID]counterDelta{}
	for v := o.cells.version + 1; v <= version; v++ {
		deltas, ok := o.changes[v]
		if !ok {
			return false
		}
		for k, d := range deltas {
			if _, known := o.cells.at[k]; !known {
				return false
			}
			s := sum[k]
			sum[k] = counterDelta{s.total + d.total, s.done + d.done, s.exempt + d.exempt, s.attempted + d.attempted}
		}
	}
	for v := range o.changes {
		if v <= version {
			delete(o.changes, v)
		}
	}
	next := &cells{version: version, list: slices.Clone(o.cells.list), at: o.cells.at}
	for k, d := range sum {
		next.list[next.at[k]].Figures.add(Figures{Total: d.total, Done: d.done, Exempt: d.exempt, Attempted: d.attempted})
	}
	next.add()
	o.cells = next
	return true
}

// forget drops what is known of where leaves and grids lie.
func (c *coverCache) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = map[id.ID]*occCache{}
}

// pathAge is how long the places of leaves may be kept in memory. News of places
// drops them at once (listen); this only bounds what news that never came could do.
const pathAgeSeconds = 600

// counters returns the counters of an occurrence at its present version.
func (s *Service) counters(ctx context.Context, district int, occ id.ID) (*cells, error) {
	o := s.cover.of(occ)
	o.mu.Lock()
	defer o.mu.Unlock()
	version, err := occVersion(ctx, s.DB.Read(), district, occ)
	if err != nil {
		return nil, err
	}
	stale := o.leaves == nil || o.real.Elapsed().Seconds() > pathAgeSeconds
	if o.cells != nil && o.cells.version == version && !stale {
		return o.cells, nil
	}
	if o.cells != nil && !stale && o.cells.version < version && o.advance(version) {
		return o.cells, nil
	}
	var list []cell
	err = s.DB.Snapshot(ctx, "round.counters", func(q db.Queryer) (err error) { // version and counters of one instant
		if version, err = occVersion(ctx, q, district, occ); err == nil {
			list, err = selectCounters(ctx, q, district, occ, len(o.leaves))
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	if stale || !o.covers(list) {
		if err := s.readPaths(ctx, district, occ, o); err != nil {
			return nil, err
		}
	}
	o.cells = o.arrange(version, list, !stale)
	return o.cells, nil
}

// arrange puts counters in path order. While the counters are the same ones as
// before, their places in the order are known (keep) and nothing is sorted.
func (o *occCache) arrange(version int64, list []cell, keep bool) *cells {
	next := &cells{version: version}
	if keep && o.cells != nil && o.cells.reuse(list) {
		next.list, next.at = make([]cell, len(list)), o.cells.at
		for _, c := range list {
			i := next.at[[2]id.ID{c.leaf, c.grid}]
			old := &o.cells.list[i]
			c.leafPath, c.gridPath = old.leafPath, old.gridPath
			next.list[i] = c
		}
	} else {
		for i := range list {
			list[i].leafPath, list[i].gridPath = o.leaves[list[i].leaf], o.grids[list[i].grid]
		}
		slices.SortFunc(list, func(a, b cell) int {
			if c := strings.Compare(a.leafPath, b.leafPath); c != 0 {
				return c
			}
			return strings.Compare(a.gridPath, b.gridPath)
		})
		next.list, next.at = list, make(map[[2]id.ID]int, len(list))
		for i, c := range list {
			next.at[[2]id.ID{c.leaf, c.grid}] = i
		}
	}
	next.add()
	return next
}

// add fills the running sums.
func (c *cells) add() {
	c.cum = make([]Figures, len(c.list)+1)
	for i, x := range c.list {
		c.cum[i+1] = c.cum[i]
		c.cum[i+1].add(x.Figures)
	}
}

// reuse reports whether the counters are the ones arranged here.
func (c *cells) reuse(list []cell) bool {
	if len(list) != len(c.list) {
		return false
	}
	for _, x := range list {
		if _, ok := c.at[[2]id.ID{x.leaf, x.grid}]; !ok {
			return false
		}
	}
	return true
}

// covers reports whether the paths of all counters are known.
func (o *occCache) covers(list []cell) bool {
	for _, c := range list {
		if _, ok := o.leaves[c.leaf]; !ok {
			return false
		}
		if _, ok := o.grids[c.grid]; c.grid != id.Zero && !ok {
			return false
		}
	}
	return true
}

func (s *Service) readPaths(ctx context.Context, district int, occ id.ID, o *occCache) error {
	leaves, err := leafPaths(ctx, s.DB.Read(), district, occ)
	if err != nil {
		return err
	}
	grids, err := gridPaths(ctx, s.DB.Read(), district)
	if err != nil {
		return err
	}
	o.leaves, o.grids, o.real = leaves, grids, clock.Start()
	return nil
}

// span returns where the cells lie whose leaf is in the subtree of path.
func (c *cells) span(path string) (lo, hi int) {
	lo, _ = slices.BinarySearchFunc(c.list, path, func(x cell, p string) int { return strings.Compare(x.leafPath, p) })
	hi, _ = slices.BinarySearchFunc(c.list, path+"~", func(x cell, p string) int { return strings.Compare(x.leafPath, p) })
	return lo, hi
}

// view is what one caller sees of an occurrence's counters.
type view struct {
	cells   *cells
	all     bool     // the whole occurrence
	places  []string // paths of subtrees
	grids   []string // paths of grid subtrees
	byDoors []cell   // targets of named doors, outside the others
}

// viewOf narrows the counters to the caller's scope.
func (s *Service) viewOf(ctx context.Context, c grid.Caller, p grid.Permission, occ id.ID) (*view, error) {
	cs, err := s.counters(ctx, c.District, occ)
	if err != nil {
		return nil, err
	}
	v, named := narrowed(c, p, cs)
	if !named || v.all {
		return v, nil
	}
	list, err := namedDoorCells(ctx, s.DB.Read(), c, p, occ)
	if err != nil {
		return nil, err
	}
	for _, x := range list {
		if !v.sees(x) {
			v.byDoors = append(v.byDoors, x)
		}
	}
	return v, nil
}

// narrowed is what the caller's places and grids show of counters; named says
// that a post of the caller is for named doors besides.
func narrowed(c grid.Caller, p grid.Permission, cs *cells) (v *view, named bool) {
	v = &view{cells: cs, all: c.IsSystem()}
	for _, g := range c.Grants {
		if !g.Role.May(p) {
			continue
		}
		switch g.ObjectKind {
		case grid.ObjectPlace:
			v.places = append(v.places, g.Path)
		case grid.ObjectGrid:
			v.grids = append(v.grids, g.Path)
		case grid.ObjectDoors:
			named = true
		}
	}
	return v, named
}

// sees reports whether a whole cell lies in the caller's places or grids.
func (v *view) sees(c cell) bool {
	if v.all || hasPrefixOf(c.leafPath, v.places) {
		return true
	}
	return c.gridPath != "" && hasPrefixOf(c.gridPath, v.grids)
}

func hasPrefixOf(path string, roots []string) bool {
	return slices.ContainsFunc(roots, func(r string) bool { return strings.HasPrefix(path, r) })
}

// each calls fn with every visible cell in the subtree of a place.
func (v *view) each(path string, fn func(cell)) {
	whole := v.all || hasPrefixOf(path, v.places)
	lo, hi := v.cells.span(path)
	for _, c := range v.cells.list[lo:hi] {
		if whole || v.sees(c) {
			fn(c)
		}
	}
	for _, c := range v.byDoors {
		if strings.HasPrefix(c.leafPath, path) {
			fn(c)
		}
	}
}

// sum adds up the subtree of a place.
func (v *view) sum(path string) (f Figures) {
	if len(v.byDoors) == 0 && (v.all || hasPrefixOf(path, v.places)) {
		lo, hi := v.cells.span(path)
		return v.cells.cum[hi].minus(v.cells.cum[lo])
	}
	v.each(path, func(c cell) { f.add(c.Figures) })
	return f
}
