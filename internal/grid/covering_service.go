package grid

import (
	"context"
	"slices"
	"strings"

	"wangge/internal/platform/id"
)

// maxCovering is how many grids the page of a place lists; above it the list of
// grids itself is the place to look.
const maxCovering = 12

// Covering is a grid that answers for doors of a place, with who is in post on it.
type Covering struct {
	GridNode
	Here  int // doors of the place that it answers for
	Posts []PostView
}

// covering lists the lowest grids of a place's doors; none where there are too
// many to name.
func (s *Service) covering(ctx context.Context, c Caller, at Place) ([]Covering, error) {
	leaves, err := s.Leaves(ctx, c, at.Path)
	if err != nil {
		return nil, err
	}
	here := map[id.ID]int{}
	for _, l := range leaves {
		if l.GridID != id.Zero {
			here[l.GridID] += l.Doors
		}
	}
	if len(here) == 0 || len(here) > maxCovering {
		return nil, nil
	}
	var ids []id.ID
	for gid := range here {
		ids = append(ids, gid)
	}
	grids, err := gridsByID(ctx, s.d.Read(), c.District, ids)
	if err != nil {
		return nil, err
	}
	var list []Grid
	for _, g := range grids {
		if c.CanGrid(PlaceRead, g.Path) {
			list = append(list, g)
		}
	}
	slices.SortFunc(list, func(a, b Grid) int { return strings.Compare(a.Path, b.Path) })
	nodes, err := s.gridNodes(ctx, c, list)
	if err != nil {
		return nil, err
	}
	posts, err := s.PostsOn(ctx, c, ids...)
	if err != nil {
		return nil, err
	}
	out := make([]Covering, len(nodes))
	for i, n := range nodes {
		out[i] = Covering{GridNode: n, Here: here[n.ID]}
		for _, p := range posts {
			if p.ObjectID == n.ID {
				out[i].Posts = append(out[i].Posts, p)
			}
		}
	}
	return out, nil
}
