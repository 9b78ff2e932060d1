package round

import (
	"context"
	"slices"
	"strings"
	"sync"

	"wangge/internal/grid"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
)

// NodeRef names a node of either tree: a place or a grid. Both Zero mean the
// round's whole area.
type NodeRef struct {
	Place id.ID
	Grid  id.ID
	// ByGrid asks for the grids below a place instead of the places.
	ByGrid bool
}

// Node is a node of the coverage of a round with its figures.
type Node struct {
	ID     id.ID  `json:"id"`
	Parent id.ID  `json:"parent_id,omitempty"`
	Kind   string `json:"kind"`
	Name   string `json:"name"`
	Path   string `json:"path"`
	Grid   bool   `json:"grid,omitempty" doc:"A node of the grid tree"`
	Figures
}

// CoverageView is a node's figures with those of its children. Own are the
// targets right at the node: Node = Own + Σ Children.
type CoverageView struct {
	RoundID  id.ID   `json:"round_id"`
	Version  int64   `json:"version" doc:"Grows with every change; equal versions are equal figures"`
	AtMs     int64   `json:"at_ms"`
	Node     Node    `json:"node"`
	Children []Node  `json:"children"`
	Own      Figures `json:"own" doc:"Targets right at the node, in no child"`
}

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
}

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

// forget drops what is known of where leaves and grids lie.
func (c *coverCache) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = map[id.ID]*occCache{}
}

// pathAge is how long the places of leaves may be kept in memory; places
// seldom move.
const pathAgeSeconds = 30

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
	list, err := selectCounters(ctx, s.DB.Read(), district, occ, len(o.leaves))
	if err != nil {
		return nil, err
	}
	if stale || !o.covers(list) {
		if err := s.readPaths(ctx, district, occ, o); err != nil {
			return nil, err
		}
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
	o.cells = &cells{version: version, list: list}
	return o.cells, nil
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

// under returns the cells whose leaf lies in the subtree of path.
func (c *cells) under(path string) []cell {
	lo, _ := slices.BinarySearchFunc(c.list, path, func(x cell, p string) int { return strings.Compare(x.leafPath, p) })
	hi, _ := slices.BinarySearchFunc(c.list, path+"~", func(x cell, p string) int { return strings.Compare(x.leafPath, p) })
	return c.list[lo:hi]
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
	v := &view{cells: cs, all: c.IsSystem()}
	named := false
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
	for _, c := range v.cells.under(path) {
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
	v.each(path, func(c cell) { f.add(c.Figures) })
	return f
}

// Coverage returns the figures of a node of a round and of its children, on
// either tree, as far as the caller's posts reach.
func (s *Service) Coverage(ctx context.Context, c grid.Caller, round id.ID, ref NodeRef) (CoverageView, error) {
	const op = "round.Coverage"
	if err := c.Require(op, grid.RoundRead); err != nil {
		return CoverageView{}, err
	}
	info, err := s.info(ctx, c.District, round)
	if err != nil {
		return CoverageView{}, err
	}
	if info.round.OccurrenceID == id.Zero {
		return CoverageView{}, errs.E(op, errs.Conflict, "round.not_open")
	}
	v, err := s.viewOf(ctx, c, grid.RoundRead, info.round.OccurrenceID)
	if err != nil {
		return CoverageView{}, err
	}
	out := CoverageView{RoundID: round, Version: v.cells.version, AtMs: s.now()}
	switch {
	case ref.Grid != id.Zero:
		err = s.coverGrid(ctx, v, info.round, ref.Grid, &out)
	case ref.ByGrid:
		err = s.coverAreaByGrid(ctx, v, info.round, ref.Place, &out)
	default:
		err = s.coverPlace(ctx, v, info.round, ref.Place, &out)
	}
	return out, err
}

func nodeOf(p place, grid bool) Node {
	return Node{ID: p.ID, Parent: p.ParentID, Kind: p.Kind, Name: p.Name, Path: p.Path, Grid: grid}
}

func (s *Service) coverPlace(ctx context.Context, v *view, r Round, at id.ID, out *CoverageView) error {
	if at == id.Zero {
		at = r.AreaID
	}
	p, err := selectPlace(ctx, s.DB.Read(), r.district, at)
	if err != nil {
		return err
	}
	list, err := children(ctx, s.DB.Read(), r.district, at)
	if err != nil {
		return err
	}
	out.Node = nodeOf(p, false)
	out.Node.Figures = v.sum(p.Path)
	out.Own = out.Node.Figures
	for _, ch := range list {
		n := nodeOf(ch, false)
		n.Figures = v.sum(ch.Path)
		out.append(n)
	}
	return nil
}

// append adds a child with targets and takes its figures out of the node's own.
func (o *CoverageView) append(n Node) {
	if n.Total == 0 {
		return
	}
	o.Children = append(o.Children, n)
	o.Own = o.Own.minus(n.Figures)
}

func (f Figures) minus(g Figures) Figures {
	return Figures{Total: f.Total - g.Total, Done: f.Done - g.Done, Exempt: f.Exempt - g.Exempt,
		Attempted: f.Attempted - g.Attempted, Outstanding: f.Outstanding - g.Outstanding}
}

// coverAreaByGrid shows a place with the top grids that answer for it.
func (s *Service) coverAreaByGrid(ctx context.Context, v *view, r Round, at id.ID, out *CoverageView) error {
	if at == id.Zero {
		at = r.AreaID
	}
	p, err := selectPlace(ctx, s.DB.Read(), r.district, at)
	if err != nil {
		return err
	}
	out.Node = nodeOf(p, false)
	sums := map[id.ID]*Figures{}
	tops, err := topGrids(ctx, s.DB.Read(), r.district, p.Path)
	if err != nil {
		return err
	}
	v.each(p.Path, func(c cell) {
		out.Node.add(c.Figures)
		if top := topOf(tops, c.gridPath); top != nil {
			if sums[top.ID] == nil {
				sums[top.ID] = &Figures{}
			}
			sums[top.ID].add(c.Figures)
		}
	})
	out.Own = out.Node.Figures
	for _, g := range tops {
		if f := sums[g.ID]; f != nil {
			n := nodeOf(g, true)
			n.Figures = *f
			out.append(n)
		}
	}
	return nil
}

// topOf returns the top grid that holds the grid with the path; tops are in
// path order.
func topOf(tops []place, path string) *place {
	i, exact := slices.BinarySearchFunc(tops, path, func(g place, p string) int { return strings.Compare(g.Path, p) })
	if exact {
		return &tops[i]
	}
	if path == "" || i == 0 || !strings.HasPrefix(path, tops[i-1].Path) {
		return nil
	}
	return &tops[i-1]
}

func (s *Service) coverGrid(ctx context.Context, v *view, r Round, at id.ID, out *CoverageView) error {
	g, err := selectGrid(ctx, s.DB.Read(), r.district, at)
	if err != nil {
		return err
	}
	list, err := gridsBelow(ctx, s.DB.Read(), r.district, at, id.Zero)
	if err != nil {
		return err
	}
	out.Node = nodeOf(g, true)
	sums := make([]Figures, len(list))
	v.each("", func(c cell) {
		if !strings.HasPrefix(c.gridPath, g.Path) {
			return
		}
		out.Node.add(c.Figures)
		if i := slices.IndexFunc(list, func(ch place) bool { return strings.HasPrefix(c.gridPath, ch.Path) }); i >= 0 {
			sums[i].add(c.Figures)
		}
	})
	out.Own = out.Node.Figures
	for i, ch := range list {
		n := nodeOf(ch, true)
		n.Figures = sums[i]
		out.append(n)
	}
	return nil
}

// Total returns the figures of a round over everything the caller sees.
func (s *Service) Total(ctx context.Context, c grid.Caller, round id.ID) (Figures, error) {
	if err := c.Require("round.Total", grid.RoundRead); err != nil {
		return Figures{}, err
	}
	info, err := s.info(ctx, c.District, round)
	if err != nil || info.round.OccurrenceID == id.Zero {
		return Figures{}, err
	}
	v, err := s.viewOf(ctx, c, grid.RoundRead, info.round.OccurrenceID)
	if err != nil {
		return Figures{}, err
	}
	return v.sum(""), nil
}

// AnswerCounts returns how often each choice was answered below a place (Zero:
// the round's area), as far as the caller's places and grids reach.
func (s *Service) AnswerCounts(ctx context.Context, c grid.Caller, round, at id.ID) ([]ChoiceCount, error) {
	if err := c.Require("round.AnswerCounts", grid.RoundRead); err != nil {
		return nil, err
	}
	info, err := s.info(ctx, c.District, round)
	if err != nil {
		return nil, err
	}
	path := info.round.AreaPath
	if at != id.Zero {
		p, err := selectPlace(ctx, s.DB.Read(), c.District, at)
		if err != nil {
			return nil, err
		}
		path = p.Path
	}
	return selectAnswerCounts(ctx, s.DB.Read(), c, info.round.OccurrenceID, path)
}
