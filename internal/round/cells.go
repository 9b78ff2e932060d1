package round

import (
	"context"
	"iter"
	"slices"
	"sort"
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

// cells are the counters of an occurrence at a version, in path order. They lie
// in blocks, so that those of the next version share all blocks in which nothing
// changed.
type cells struct {
	version int64
	n       int
	blocks  [][]cell         // of blockCells each, the last of what is left
	before  []Figures        // before[b] adds up the blocks ahead of b; one more is the whole
	at      map[[2]id.ID]int // where the counter of a leaf and grid stands
}

// blockCells is how many counters a mark copies and a sum adds up at most twice.
const blockCells = 128

func newCells(version int64, list []cell, at map[[2]id.ID]int) *cells {
	c := &cells{version: version, n: len(list), blocks: slices.Collect(slices.Chunk(list, blockCells)), at: at}
	c.before = make([]Figures, len(c.blocks)+1)
	for b, block := range c.blocks {
		c.before[b+1] = c.before[b]
		for _, x := range block {
			c.before[b+1].add(x.Figures)
		}
	}
	return c
}

// cell returns the i-th counter.
func (c *cells) cell(i int) *cell { return &c.blocks[i/blockCells][i%blockCells] }

// within gives the counters from lo up to hi.
func (c *cells) within(lo, hi int) iter.Seq[cell] {
	return func(yield func(cell) bool) {
		for i := lo; i < hi; i++ {
			if !yield(*c.cell(i)) {
				return
			}
		}
	}
}

// ahead adds up the counters ahead of the i-th.
func (c *cells) ahead(i int) Figures {
	b := i / blockCells
	f := c.before[b]
	if rest := i % blockCells; rest > 0 {
		for _, x := range c.blocks[b][:rest] {
			f.add(x.Figures)
		}
	}
	return f
}

// sum adds up the counters from lo up to hi.
func (c *cells) sum(lo, hi int) Figures { return c.ahead(hi).minus(c.ahead(lo)) }

// after returns the counters at a later version, changed by the deltas.
func (c *cells) after(version int64, deltas map[[2]id.ID]counterDelta) *cells {
	next := &cells{version: version, n: c.n, blocks: slices.Clone(c.blocks), before: slices.Clone(c.before), at: c.at}
	copied := map[int]bool{}
	for k, d := range deltas {
		i := c.at[k]
		b := i / blockCells
		if !copied[b] {
			copied[b] = true
			next.blocks[b] = slices.Clone(next.blocks[b])
		}
		f := Figures{Total: d.total, Done: d.done, Exempt: d.exempt, Attempted: d.attempted}
		next.cell(i).Figures.add(f)
		for ; b < len(c.blocks); b++ {
			next.before[b+1].add(f)
		}
	}
	return next
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
	o.cells = o.cells.after(version, sum)
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
	version, err := occVersion(ctx, s.DB.Read(), district, occ) // nobody waits for a lock while the database is asked
	if err != nil {
		return nil, err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	stale := o.leaves == nil || o.real.Elapsed().Seconds() > pathAgeSeconds
	if o.cells != nil && !stale && (o.cells.version >= version || o.advance(version)) {
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
	if keep && o.cells != nil && o.cells.reuse(list) {
		sorted := make([]cell, len(list))
		for _, c := range list {
			i := o.cells.at[[2]id.ID{c.leaf, c.grid}]
			old := o.cells.cell(i)
			c.leafPath, c.gridPath = old.leafPath, old.gridPath
			sorted[i] = c
		}
		return newCells(version, sorted, o.cells.at)
	}
	for i := range list {
		list[i].leafPath, list[i].gridPath = o.leaves[list[i].leaf], o.grids[list[i].grid]
	}
	slices.SortFunc(list, func(a, b cell) int {
		if c := strings.Compare(a.leafPath, b.leafPath); c != 0 {
			return c
		}
		return strings.Compare(a.gridPath, b.gridPath)
	})
	at := make(map[[2]id.ID]int, len(list))
	for i, c := range list {
		at[[2]id.ID{c.leaf, c.grid}] = i
	}
	return newCells(version, list, at)
}

// reuse reports whether the counters are the ones arranged here.
func (c *cells) reuse(list []cell) bool {
	if len(list) != c.n {
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
	lo = sort.Search(c.n, func(i int) bool { return c.cell(i).leafPath >= path })
	hi = sort.Search(c.n, func(i int) bool { return c.cell(i).leafPath >= path+"~" })
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
	for c := range v.cells.within(lo, hi) {
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
		return v.cells.sum(v.cells.span(path))
	}
	v.each(path, func(c cell) { f.add(c.Figures) })
	return f
}
