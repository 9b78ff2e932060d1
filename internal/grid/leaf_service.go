package grid

import (
	"context"
	"slices"
	"sync"

	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
)

// Leaf is the doors of one parent place in one lowest grid: what figures are
// summed from.
type Leaf struct {
	PlaceID id.ID  // the doors' parent
	Path    string // its path
	GridID  id.ID  // lowest grid; Zero where none
	Doors   int
}

// leafIndex is all leaves of a district in walking order with running sums, so
// that a node's doors are one difference.
type leafIndex struct {
	district int
	version  int64
	leaves   []Leaf
	sums     []int          // sums[i] = doors of leaves[:i]
	below    map[string]int // doors of every grid by its path, those of the grids below included
}

type indexCache struct {
	mu sync.Mutex
	ix map[int]*leafIndex
}

// Leaves returns the leaves at or below a path, in walking order. The slice is
// shared: do not change it.
func (s *Service) Leaves(ctx context.Context, c Caller, path string) ([]Leaf, error) {
	ix, err := s.leaves(ctx, c.District)
	if err != nil {
		return nil, err
	}
	lo, hi := ix.span(path)
	return ix.leaves[lo:hi], nil
}

// leaves returns the index of the present version; it is read again (some 60 ms
// for 640,000 doors) when places or grids changed.
func (s *Service) leaves(ctx context.Context, district int) (*leafIndex, error) {
	version := s.placesVersion.Load()
	s.index.mu.Lock()
	defer s.index.mu.Unlock()
	if ix := s.index.ix[district]; ix != nil && ix.version >= version {
		return ix, nil
	}
	list, err := readLeaves(ctx, s.d.Read(), district)
	if err != nil {
		return nil, err
	}
	grids, err := openGrids(ctx, s.d.Read(), district)
	if err != nil {
		return nil, err
	}
	ix := newLeafIndex(list)
	ix.below = doorsBelow(grids, list)
	ix.district, ix.version = district, version
	if s.index.ix == nil {
		s.index.ix = map[int]*leafIndex{}
	}
	s.index.ix[district] = ix
	return ix, nil
}

func newLeafIndex(list []Leaf) *leafIndex {
	ix := &leafIndex{leaves: list, sums: make([]int, len(list)+1)}
	for i, l := range list {
		ix.sums[i+1] = ix.sums[i] + l.Doors
	}
	return ix
}

// span returns the leaves of a subtree as a range of indexes.
func (ix *leafIndex) span(path string) (lo, hi int) {
	byPath := func(l Leaf, p string) int {
		if l.Path < p {
			return -1
		}
		return 1
	}
	lo, _ = slices.BinarySearchFunc(ix.leaves, path, byPath)
	hi, _ = slices.BinarySearchFunc(ix.leaves, path+pathEnd, byPath)
	return lo, hi
}

// DoorCounts counts the doors at and below places, by their ids. The caller has
// decided that they may be spoken of.
func (s *Service) DoorCounts(ctx context.Context, c Caller, places []Place) (map[id.ID]int, error) {
	ix, err := s.leaves(ctx, c.District)
	if err != nil {
		return nil, errs.Wrap("grid.DoorCounts", err)
	}
	out := make(map[id.ID]int, len(places))
	for _, p := range places {
		out[p.ID] = ix.under(p.Path)
	}
	return out, nil
}

// under sums the doors of a subtree.
func (ix *leafIndex) under(path string) int {
	lo, hi := ix.span(path)
	return ix.sums[hi] - ix.sums[lo]
}

// doors counts the doors of a place; a door is itself one.
func (ix *leafIndex) doors(p Place) int {
	if p.Kind == Door {
		return 1
	}
	return ix.under(p.Path)
}
