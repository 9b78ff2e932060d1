package grid

import (
	"context"
	"fmt"

	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
)

// PreviewDoors says what AssignDoors would change, and changes nothing.
func (s *Service) PreviewDoors(ctx context.Context, c Caller, gid id.ID, sel Selection) (*Redrawing, error) {
	r, err := s.planRedrawing(ctx, s.d.Read(), c, gid, sel)
	return r, errs.Wrap("grid.PreviewDoors", err)
}

// AssignDoors puts the doors of a selection into a grid, in one transaction
// with their history and with everything counted by grid (OnRegrid). No door
// and no history moves. Needs grid.write over the grid's area; the doors must
// lie in that area.
func (s *Service) AssignDoors(ctx context.Context, c Caller, gid id.ID, sel Selection) (*Redrawing, error) {
	const op = "grid.AssignDoors"
	var r *Redrawing
	err := s.d.Write(ctx, op, func(tx *db.Tx) error {
		var err error
		if r, err = s.planRedrawing(ctx, tx, c, gid, sel); err != nil {
			return err
		}
		if err := s.applyMoves(ctx, tx, c, r.Moves, gid); err != nil {
			return err
		}
		s.placesChanged(tx)
		return s.note(ctx, tx, c, GridWrite, "grid.grid.redraw", "grid", gid, fmt.Sprintf("doors=%d", r.Doors))
	})
	return r, err
}

func (s *Service) planRedrawing(ctx context.Context, q db.Queryer, c Caller, gid id.ID, sel Selection) (*Redrawing, error) {
	const op = "grid.AssignDoors"
	g, err := s.writableGrid(ctx, q, op, c, gid)
	if err != nil {
		return nil, err
	}
	if len(sel.Places)+len(sel.Doors) == 0 {
		return nil, errs.Field(errs.E(op, errs.Invalid, "grid.grid.nothing_chosen"), "places")
	}
	area, err := placeByID(ctx, q, c.District, g.AreaID)
	if err != nil {
		return nil, err
	}
	byID, err := placesByID(ctx, q, c.District, sel.Places)
	if err != nil {
		return nil, err
	}
	var roots []Place
	for _, pid := range sel.Places {
		p, ok := byID[pid]
		if !ok {
			return nil, errs.Field(errs.E(op, errs.NotFound, "grid.place.not_found"), "places")
		}
		roots = append(roots, p)
	}
	moves, paths, same, err := placesToMove(ctx, q, c.District, roots, sel.Doors, g.ID)
	if err != nil {
		return nil, err
	}
	for _, p := range paths {
		if !Under(p, area.Path) {
			return nil, errs.Field(errs.E(op, errs.Invalid, "grid.grid.outside", area.Name), "places")
		}
	}
	r := &Redrawing{Grid: g, Same: same, Moves: moves}
	return r, s.givers(ctx, q, c, r)
}

// givers counts, by former grid, the doors that leave and those that stay.
func (s *Service) givers(ctx context.Context, q db.Queryer, c Caller, r *Redrawing) error {
	leaving := map[id.ID]int{}
	var ids []id.ID
	for _, m := range r.Moves {
		if m.Kind != Door {
			continue
		}
		r.Doors++
		if leaving[m.From] == 0 {
			ids = append(ids, m.From)
		}
		leaving[m.From]++
	}
	grids, err := gridsByID(ctx, q, c.District, ids)
	if err != nil {
		return err
	}
	ix, err := s.leaves(ctx, c.District)
	if err != nil {
		return err
	}
	own := map[id.ID]int{}
	for _, l := range ix.leaves {
		own[l.GridID] += l.Doors
	}
	for _, gid := range ids {
		f := RedrawingFrom{GridID: gid, Name: grids[gid].Name, Doors: leaving[gid]}
		if gid != id.Zero {
			f.Left = max(0, own[gid]-f.Doors)
		}
		r.From = append(r.From, f)
	}
	return nil
}

// applyMoves writes a re-drawing: history first, then the places, then what
// counts by grid.
func (s *Service) applyMoves(ctx context.Context, tx *db.Tx, c Caller, moves []Move, to id.ID) error {
	if len(moves) == 0 {
		return nil
	}
	if err := addGridHistory(ctx, tx, c, moves, s.nowMs()); err != nil {
		return err
	}
	if err := setGrid(ctx, tx, c.District, moves, to); err != nil {
		return err
	}
	for _, hook := range s.regrid {
		if err := hook(ctx, tx, c, moves); err != nil {
			return err
		}
	}
	return nil
}

// GridHistory returns the former grids of a door, oldest first.
func (s *Service) GridHistory(ctx context.Context, c Caller, door id.ID) ([]GridStay, error) {
	if _, err := s.Place(ctx, c, door); err != nil {
		return nil, err
	}
	list, err := gridStays(ctx, s.d.Read(), c.District, door)
	return list, errs.Wrap("grid.GridHistory", err)
}
