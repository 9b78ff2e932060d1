package grid

import (
	"context"
	"maps"
	"slices"
	"strings"

	"wangge/internal/platform/id"
)

// effects fills in every grid that gives or takes, before and after.
func (s *Service) effects(ctx context.Context, c Caller, r *Redrawing) error {
	to := map[id.ID]id.ID{}
	touched := map[id.ID]bool{}
	for _, m := range r.Moves {
		to[m.PlaceID] = m.To
		if m.Kind == Door {
			touched[m.From], touched[m.To] = true, true
		}
	}
	delete(touched, id.Zero)
	ids := slices.Collect(maps.Keys(touched))
	grids, err := gridsByID(ctx, s.d.Read(), c.District, ids)
	if err != nil {
		return err
	}
	doors, err := doorsOfGrids(ctx, s.d.Read(), c.District, ids)
	if err != nil {
		return err
	}
	for _, m := range r.Moves { // doors that were in no grid
		if m.Kind == Door && m.From == id.Zero {
			doors = append(doors, Place{ID: m.PlaceID, ParentID: m.ParentID, Kind: Door})
		}
	}
	var work map[id.ID]DoorWork
	if s.workload != nil {
		if work, err = s.workload(ctx, c, doors); err != nil {
			return err
		}
	}
	sums := map[id.ID]*GridEffect{}
	for gid := range touched {
		sums[gid] = &GridEffect{ID: gid, Name: grids[gid].Name}
	}
	for _, d := range doors {
		after, moved := to[d.ID]
		if !moved {
			after = d.GridID
		}
		sums[d.GridID].count(work[d.ID], func(c *Change) *int { return &c.Before })
		sums[after].count(work[d.ID], func(c *Change) *int { return &c.After })
	}
	below, err := s.gridDoors(ctx, c.District)
	if err != nil {
		return err
	}
	for _, gid := range slices.SortedFunc(maps.Keys(touched), func(a, b id.ID) int { return strings.Compare(grids[a].Path, grids[b].Path) }) {
		e := sums[gid]
		if e.Posts, err = s.PostsOn(ctx, c, gid); err != nil {
			return err
		}
		left := below[grids[gid].Path] // with the grids below it, whose doors its posts answer for too
		for other, x := range sums {
			if Under(grids[other].Path, grids[gid].Path) {
				left += x.Doors.After - x.Doors.Before
			}
		}
		e.Idle = len(e.Posts) > 0 && left == 0
		e.Nobody = e.Doors.After > 0 && !slices.ContainsFunc(e.Posts, func(p PostView) bool { return p.Filled })
		r.Grids = append(r.Grids, *e)
	}
	return s.withoutGrid(ctx, c, r)
}

// count adds a door to one side of a grid's figures; a nil effect is no grid.
func (e *GridEffect) count(w DoorWork, side func(*Change) *int) {
	if e == nil {
		return
	}
	*side(&e.Doors)++
	*side(&e.Households) += w.Households
	*side(&e.Open) += w.Open
}

// withoutGrid counts the doors of the area that are in no grid, before and after.
func (s *Service) withoutGrid(ctx context.Context, c Caller, r *Redrawing) error {
	area, err := placeByID(ctx, s.d.Read(), c.District, r.area)
	if err != nil {
		return err
	}
	leaves, err := s.Leaves(ctx, c, area.Path)
	if err != nil {
		return err
	}
	for _, l := range leaves {
		if l.GridID == id.Zero {
			r.Without.Before += l.Doors
		}
	}
	r.Without.After = r.Without.Before
	for _, m := range r.Moves {
		switch {
		case m.Kind != Door:
		case m.From == id.Zero:
			r.Without.After--
		case m.To == id.Zero:
			r.Without.After++
		}
	}
	return nil
}
