package grid

import (
	"context"
	"slices"

	"wangge/internal/platform/id"
)

// smallScope is how many parents of doors a scope may hold for a bare room
// number to be looked for in it: some three communities.
const smallScope = 600

// reach is which places a caller may be shown: those in scope and those above
// something in scope. Doors are asked of the database, which knows them one by one.
type reach struct {
	all   bool
	under []string // subtrees in scope
	paths []string // parents of doors in scope, sorted
	grids map[id.ID]bool
	small bool
}

// reachOf works out what a caller reaches from the posts held.
func (s *Service) reachOf(ctx context.Context, c Caller) (reach, error) {
	r := reach{all: c.system, grids: map[id.ID]bool{}}
	if r.all {
		return r, nil
	}
	ix, err := s.leaves(ctx, c.District)
	if err != nil {
		return r, err
	}
	if err := s.reachGrids(ctx, c, &r); err != nil {
		return r, err
	}
	for _, g := range c.Grants {
		switch {
		case !g.Role.May(PlaceRead):
		case g.ObjectKind == ObjectPlace:
			r.under = append(r.under, g.Path)
		case g.ObjectKind == ObjectDoors:
			paths, err := doorParents(ctx, s.d.Read(), c.District, g.PostID)
			if err != nil {
				return r, err
			}
			r.paths = append(r.paths, paths...)
		}
	}
	size := 0
	for _, l := range ix.leaves {
		if r.grids[l.GridID] {
			r.paths = append(r.paths, l.Path)
		}
	}
	for _, p := range r.under {
		lo, hi := ix.span(p)
		size += hi - lo
	}
	slices.Sort(r.paths)
	r.paths = slices.Compact(r.paths)
	r.small = size+len(r.paths) <= smallScope
	return r, nil
}

// reachGrids adds the grids at or below those the caller's posts are over.
func (s *Service) reachGrids(ctx context.Context, c Caller, r *reach) error {
	for _, g := range c.Grants {
		if g.ObjectKind != ObjectGrid || !g.Role.May(PlaceRead) {
			continue
		}
		list, err := gridsUnder(ctx, s.d.Read(), c.District, g.Path, "", 1000)
		if err != nil {
			return err
		}
		for _, x := range list {
			r.grids[x.ID] = true
		}
	}
	return nil
}

// place reports whether a place may be shown.
func (r reach) place(n *landmark) bool {
	if r.all || n.GridID != id.Zero && r.grids[n.GridID] {
		return true
	}
	for _, u := range r.under {
		if Under(n.Path, u) || Under(u, n.Path) {
			return true
		}
	}
	i, _ := slices.BinarySearch(r.paths, n.Path)
	return i < len(r.paths) && Under(r.paths[i], n.Path)
}
