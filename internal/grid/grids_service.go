package grid

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
)

// Grid returns a grid that covers something in the caller's scope, or NotFound.
func (s *Service) Grid(ctx context.Context, c Caller, gid id.ID) (Grid, error) {
	const op = "grid.Grid"
	if err := c.Require(op, PlaceRead); err != nil {
		return Grid{}, err
	}
	g, err := gridByID(ctx, s.d.Read(), c.District, gid)
	if err != nil {
		return g, err
	}
	if !c.CanGrid(PlaceRead, g.Path) {
		return Grid{}, errs.E(op, errs.NotFound, "grid.grid.not_found")
	}
	return g, nil
}

// CanGrid reports whether the permission covers a grid: an area grant above
// it, or a grid grant above or at it.
func (c Caller) CanGrid(p Permission, path string) bool {
	if c.system {
		return true
	}
	for _, g := range c.Grants {
		if g.Role.May(p) && (g.ObjectKind == ObjectPlace || g.ObjectKind == ObjectGrid) && g.Path != "" && Under(path, g.Path) {
			return true
		}
	}
	return false
}

// OpenGrids returns the open grids of a kind in the caller's district, by path.
// That they are there is no secret; what lies in them is scoped where it is read.
func (s *Service) OpenGrids(ctx context.Context, c Caller, kind GridKind) ([]Grid, error) {
	list, err := openGrids(ctx, s.d.Read(), c.District)
	return slices.DeleteFunc(list, func(g Grid) bool { return g.Kind != kind }), errs.Wrap("grid.OpenGrids", err)
}

// Grids returns the open grids of an area and of what lies in it, in the order
// of their paths, that the caller covers; after is the path of the last one
// seen, limit at most 1,000.
func (s *Service) Grids(ctx context.Context, c Caller, area Place, after string, limit int) ([]GridNode, error) {
	const op = "grid.Grids"
	if err := c.Require(op, PlaceRead); err != nil {
		return nil, err
	}
	list, err := gridsUnder(ctx, s.d.Read(), c.District, area.Path, after, min(max(limit, 1), 1000))
	if err != nil {
		return nil, errs.Wrap(op, err)
	}
	list = slices.DeleteFunc(list, func(g Grid) bool { return !c.CanGrid(PlaceRead, g.Path) })
	return s.gridNodes(ctx, c, list)
}

func (s *Service) gridNodes(ctx context.Context, c Caller, list []Grid) ([]GridNode, error) {
	counts, err := s.gridDoors(ctx, c.District)
	if err != nil {
		return nil, err
	}
	sw, err := s.sweepAt(ctx, c.District, When{})
	if err != nil {
		return nil, err
	}
	vacant := map[id.ID]bool{}
	for _, g := range sw.grids {
		vacant[g.ID] = true
	}
	var areas []id.ID
	for _, g := range list {
		areas = append(areas, g.AreaID)
	}
	names, err := placesByID(ctx, s.d.Read(), c.District, uniq(areas))
	if err != nil {
		return nil, err
	}
	out := make([]GridNode, len(list))
	for i, g := range list {
		out[i] = GridNode{Grid: g, Area: names[g.AreaID].Name, Doors: counts[g.Path], Vacant: vacant[g.ID]}
	}
	return out, nil
}

func uniq(ids []id.ID) []id.ID {
	return slices.Compact(slices.Sorted(slices.Values(ids)))
}

// gridDoors counts the doors of every grid by its path, those of the grids below
// included. The map is shared: do not change it.
func (s *Service) gridDoors(ctx context.Context, district int) (map[string]int, error) {
	ix, err := s.leaves(ctx, district)
	if err != nil {
		return nil, err
	}
	return ix.below, nil
}

func doorsBelow(grids []Grid, leaves []Leaf) map[string]int {
	own := map[id.ID]int{}
	for _, l := range leaves {
		own[l.GridID] += l.Doors
	}
	out := make(map[string]int, len(grids))
	for _, g := range grids {
		for n := len(g.Path); n > strings.IndexByte(g.Path, 'g')+1; n -= segment {
			out[g.Path[:n]] += own[g.ID]
		}
	}
	return out
}

// AddGrid adds one grid and returns it. Needs grid.write over its area.
func (s *Service) AddGrid(ctx context.Context, c Caller, n NewGrid) (Grid, error) {
	const op = "grid.AddGrid"
	var out []Grid
	err := s.d.Write(ctx, op, func(tx *db.Tx) error {
		var err error
		if out, err = s.AddGridsIn(ctx, tx, c, []NewGrid{n}); err != nil {
			return err
		}
		return s.note(ctx, tx, c, GridWrite, "grid.grid.add", "grid", out[0].ID, "")
	})
	if err != nil {
		return Grid{}, err
	}
	return out[0], nil
}

// AddGridsIn adds grids within a transaction of the caller, who audits it.
// A block stands alone or below a block, a basic grid below a block or alone,
// a micro-grid below any.
func (s *Service) AddGridsIn(ctx context.Context, tx *db.Tx, c Caller, list []NewGrid) ([]Grid, error) {
	made := make(map[id.ID]Grid, len(list))
	next := map[[2]id.ID]int{}
	areas := map[id.ID]Place{}
	out := make([]Grid, 0, len(list))
	for _, n := range list {
		g, err := s.planGrid(ctx, tx, c, n, made, areas)
		if err != nil {
			return nil, err
		}
		key := [2]id.ID{g.AreaID, g.ParentID}
		if g.ParentID != id.Zero {
			key[0] = id.Zero
		}
		if _, known := next[key]; !known {
			if next[key], err = lastOrdinal(ctx, tx, c.District, g.AreaID, g.ParentID); err != nil {
				return nil, err
			}
		}
		next[key]++
		g.Ordinal = next[key]
		path, ok := GridPath(g.Path, g.Ordinal)
		if !ok {
			return nil, errs.E("grid.AddGrid", errs.Conflict, "grid.place.full", maxOrdinal)
		}
		g.Path = path
		made[g.ID] = g
		out = append(out, g)
	}
	if err := insertGrids(ctx, tx, c.District, out); err != nil {
		return nil, err
	}
	s.placesChanged(tx)
	return out, nil
}

// planGrid checks a new grid; its Path is its parent's or its area's.
func (s *Service) planGrid(ctx context.Context, q db.Queryer, c Caller, n NewGrid, made map[id.ID]Grid, areas map[id.ID]Place) (Grid, error) {
	const op = "grid.AddGrid"
	g := Grid{ID: n.ID, ParentID: n.ParentID, AreaID: n.AreaID, Kind: n.Kind, Code: n.Code, FromMs: s.nowMs()}
	if g.ID == id.Zero {
		g.ID = id.New()
	}
	if gridRank[g.Kind] == 0 {
		return g, errs.Field(errs.E(op, errs.Invalid, "error.bad_choice"), "kind")
	}
	var err error
	if g.Name, err = cleanName(Point, n.Name); err != nil {
		return g, err
	}
	if g.ParentID != id.Zero {
		parent, ok := made[g.ParentID]
		if !ok {
			if parent, err = gridByID(ctx, q, c.District, g.ParentID); err != nil {
				return g, errs.Field(err, "parent_id")
			}
		}
		if parent.UntilMs != 0 || gridRank[parent.Kind] > gridRank[g.Kind] || parent.Kind == g.Kind && g.Kind != BlockGrid {
			return g, errs.Field(errs.E(op, errs.Invalid, "grid.grid.bad_parent"), "parent_id")
		}
		g.AreaID, g.Path = parent.AreaID, parent.Path
	}
	area, ok := areas[g.AreaID]
	if !ok {
		if area, err = placeByID(ctx, q, c.District, g.AreaID); err != nil {
			return g, errs.Field(err, "area_id")
		}
		areas[g.AreaID] = area
	}
	if !area.Kind.IsArea() {
		return g, errs.Field(errs.E(op, errs.Invalid, "grid.grid.bad_area"), "area_id")
	}
	if g.Path == "" {
		g.Path = area.Path
	}
	return g, c.RequirePlace(op, GridWrite, area.Path)
}

// RenameGrid changes a grid's name and code. Needs grid.write over its area.
func (s *Service) RenameGrid(ctx context.Context, c Caller, gid id.ID, name, code string) error {
	return s.d.Write(ctx, "grid.RenameGrid", func(tx *db.Tx) error { return s.RenameGridIn(ctx, tx, c, gid, name, code) })
}

// RenameGridIn is RenameGrid within a transaction of the caller.
func (s *Service) RenameGridIn(ctx context.Context, tx *db.Tx, c Caller, gid id.ID, name, code string) error {
	g, err := s.writableGrid(ctx, tx, "grid.RenameGrid", c, gid)
	if err != nil {
		return err
	}
	if g.Name, err = cleanName(Point, name); err != nil {
		return err
	}
	g.Code = strings.TrimSpace(code)
	s.placesChanged(tx)
	if err := updateGrid(ctx, tx, c.District, g); err != nil {
		return err
	}
	return s.note(ctx, tx, c, GridWrite, "grid.grid.edit", "grid", g.ID, "")
}

func (s *Service) writableGrid(ctx context.Context, q db.Queryer, op string, c Caller, gid id.ID) (Grid, error) {
	g, err := gridByID(ctx, q, c.District, gid)
	if err != nil {
		return g, err
	}
	if err := c.RequirePlace(op, GridWrite, g.Path); err != nil {
		return g, err
	}
	if g.UntilMs != 0 {
		return g, errs.E(op, errs.Conflict, "grid.grid.closed")
	}
	return g, nil
}

// CloseGrid ends a grid from now on: its doors fall to the grid above it (or
// to none), rounds' counters with them. Grids below it must be closed first.
// Needs grid.write over its area.
func (s *Service) CloseGrid(ctx context.Context, c Caller, gid id.ID) error {
	const op = "grid.CloseGrid"
	return s.d.Write(ctx, op, func(tx *db.Tx) error {
		g, err := s.writableGrid(ctx, tx, op, c, gid)
		if err != nil {
			return err
		}
		below, err := gridsUnder(ctx, tx, c.District, g.Path, g.Path, 1)
		if err != nil {
			return err
		}
		if len(below) > 0 {
			return errs.E(op, errs.Conflict, "grid.grid.not_empty")
		}
		moves, err := placesOfGrid(ctx, tx, c.District, g.ID, g.ParentID)
		if err != nil {
			return err
		}
		if err := s.applyMoves(ctx, tx, c, moves); err != nil {
			return err
		}
		g.UntilMs = s.nowMs()
		if err := updateGrid(ctx, tx, c.District, g); err != nil {
			return err
		}
		s.placesChanged(tx)
		s.grantsChanged(tx)
		return s.note(ctx, tx, c, GridWrite, "grid.grid.close", "grid", g.ID, fmt.Sprintf("moved=%d", len(moves)))
	})
}
