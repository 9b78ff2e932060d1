package grid

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
)

// Workload tells what hangs on doors, by door; the app gives it.
type Workload func(ctx context.Context, c Caller, doors []Place) (map[id.ID]DoorWork, error)

// SetWorkload registers who knows what hangs on doors; call it before serving.
func (s *Service) SetWorkload(f Workload) { s.workload = f }

// PreviewRedraw says what Redraw would change, and changes nothing.
func (s *Service) PreviewRedraw(ctx context.Context, c Caller, parts []RedrawPart) (*Redrawing, error) {
	r, err := s.planRedraw(ctx, s.d.Read(), c, parts)
	if err == nil {
		err = s.effects(ctx, c, r)
	}
	return r, errs.Wrap("grid.PreviewRedraw", err)
}

// Redraw puts the doors of each part into its grid, in one transaction with
// their history and with everything counted by grid (OnRegrid). No door and
// no history moves. A later part goes before an earlier one. Needs grid.write
// over every grid's area; the doors must lie in that area.
func (s *Service) Redraw(ctx context.Context, c Caller, parts []RedrawPart) (*Redrawing, error) {
	const op = "grid.Redraw"
	var r *Redrawing
	err := s.d.Write(ctx, op, func(tx *db.Tx) error {
		var err error
		if r, err = s.planRedraw(ctx, tx, c, parts); err != nil {
			return err
		}
		return s.applyRedraw(ctx, tx, c, r)
	})
	return r, err
}

// PreviewDoors is PreviewRedraw for one grid.
func (s *Service) PreviewDoors(ctx context.Context, c Caller, gid id.ID, sel Selection) (*Redrawing, error) {
	return s.PreviewRedraw(ctx, c, []RedrawPart{{gid, sel}})
}

// AssignDoors is Redraw for one grid.
func (s *Service) AssignDoors(ctx context.Context, c Caller, gid id.ID, sel Selection) (*Redrawing, error) {
	return s.Redraw(ctx, c, []RedrawPart{{gid, sel}})
}

// Redrawings lists the latest re-drawings of an area, the newest first.
func (s *Service) Redrawings(ctx context.Context, c Caller, at Place, limit int) ([]RedrawRecord, error) {
	const op = "grid.Redrawings"
	if err := c.RequirePlace(op, GridWrite, at.Path); err != nil {
		return nil, err
	}
	list, err := redrawsUnder(ctx, s.d.Read(), c.District, at.Path, limit)
	return list, errs.Wrap(op, err)
}

// PreviewUndo says what taking a re-drawing back would change.
func (s *Service) PreviewUndo(ctx context.Context, c Caller, rid id.ID) (RedrawRecord, *Redrawing, error) {
	rec, r, err := s.planUndo(ctx, s.d.Read(), c, rid)
	if err == nil {
		err = s.effects(ctx, c, r)
	}
	return rec, r, errs.Wrap("grid.PreviewUndo", err)
}

// UndoRedraw takes a re-drawing back by a second one: every door that is still
// where it put it goes to the grid it came from. Doors that were re-drawn
// since, or whose former grid ended, stay and are counted. Conflict where it
// was taken back before.
func (s *Service) UndoRedraw(ctx context.Context, c Caller, rid id.ID) (*Redrawing, error) {
	const op = "grid.UndoRedraw"
	var r *Redrawing
	err := s.d.Write(ctx, op, func(tx *db.Tx) error {
		rec, plan, err := s.planUndo(ctx, tx, c, rid)
		if err != nil {
			return err
		}
		if rec.UndoneBy != id.Zero {
			return errs.E(op, errs.Conflict, "grid.redraw.undone")
		}
		r = plan
		if err := s.applyRedraw(ctx, tx, c, r); err != nil {
			return err
		}
		return markUndone(ctx, tx, c.District, rid, r.ID)
	})
	return r, err
}

func (s *Service) planUndo(ctx context.Context, q db.Queryer, c Caller, rid id.ID) (RedrawRecord, *Redrawing, error) {
	const op = "grid.UndoRedraw"
	rec, err := redrawByID(ctx, q, c.District, rid)
	if err != nil {
		return rec, nil, err
	}
	area, err := placeByID(ctx, q, c.District, rec.AreaID)
	if err != nil {
		return rec, nil, err
	}
	if err := c.RequirePlace(op, GridWrite, area.Path); err != nil {
		return rec, nil, err
	}
	was, err := redrawMoves(ctx, q, c.District, rid)
	if err != nil {
		return rec, nil, err
	}
	places, err := placesByID(ctx, q, c.District, slices.Collect(maps.Keys(was)))
	if err != nil {
		return rec, nil, err
	}
	back := map[id.ID]bool{}
	for _, m := range was {
		back[m.From] = true
	}
	grids, err := gridsByID(ctx, q, c.District, slices.Collect(maps.Keys(back)))
	if err != nil {
		return rec, nil, err
	}
	r := &Redrawing{area: rec.AreaID}
	for pid, m := range was {
		p := places[pid]
		former := grids[m.From]
		open := m.From == id.Zero || former.ID != id.Zero && former.UntilMs == 0
		switch {
		case p.UntilMs == 0 && p.GridID == m.To && open:
			r.add(p, m.From)
		case p.Kind == Door:
			r.Kept++
		}
	}
	r.sort()
	return rec, r, nil
}

// add takes a place's change into the re-drawing.
func (r *Redrawing) add(p Place, to id.ID) {
	r.Moves = append(r.Moves, Move{PlaceID: p.ID, ParentID: p.ParentID, Kind: p.Kind, From: p.GridID, To: to, path: p.Path})
	if p.Kind == Door {
		r.Doors++
	}
}

func (r *Redrawing) sort() {
	slices.SortFunc(r.Moves, func(a, b Move) int { return cmp.Or(strings.Compare(a.path, b.path), cmp.Compare(a.PlaceID, b.PlaceID)) })
}

func (s *Service) planRedraw(ctx context.Context, q db.Queryer, c Caller, parts []RedrawPart) (*Redrawing, error) {
	const op = "grid.Redraw"
	places, to := map[id.ID]Place{}, map[id.ID]id.ID{}
	r := &Redrawing{}
	for _, part := range parts {
		if part.Grid == id.Zero || part.empty() {
			return nil, errs.Field(errs.E(op, errs.Invalid, "grid.grid.nothing_chosen"), "places")
		}
		g, err := s.writableGrid(ctx, q, op, c, part.Grid)
		if err != nil {
			return nil, err
		}
		area, err := placeByID(ctx, q, c.District, g.AreaID)
		if err != nil {
			return nil, err
		}
		if r.area == id.Zero {
			r.area = area.ID
		}
		chosen, err := s.chosenPlaces(ctx, q, c, part.Selection)
		if err != nil {
			return nil, err
		}
		for _, p := range chosen {
			if !Under(p.Path, area.Path) {
				return nil, errs.Field(errs.E(op, errs.Invalid, "grid.grid.outside", area.Name), "places")
			}
			places[p.ID], to[p.ID] = p, g.ID
		}
	}
	if len(parts) == 0 {
		return nil, errs.Field(errs.E(op, errs.Invalid, "grid.grid.nothing_chosen"), "places")
	}
	for pid, p := range places {
		switch {
		case p.GridID != to[pid]:
			r.add(p, to[pid])
		case p.Kind == Door:
			r.Same++
		}
	}
	r.sort()
	return r, nil
}

// chosenPlaces reads the open physical places that a selection names.
func (s *Service) chosenPlaces(ctx context.Context, q db.Queryer, c Caller, sel Selection) ([]Place, error) {
	const op = "grid.Redraw"
	roots := slices.Clone(sel.Places)
	for _, r := range sel.Ranges {
		roots = append(roots, r.Place)
	}
	byID, err := placesByID(ctx, q, c.District, uniq(roots))
	if err != nil {
		return nil, err
	}
	for _, pid := range append(slices.Clone(sel.Places), roots...) {
		if _, ok := byID[pid]; !ok {
			return nil, errs.Field(errs.E(op, errs.NotFound, "grid.place.not_found"), "places")
		}
	}
	var out []Place
	for _, pid := range sel.Places {
		list, err := physicalUnder(ctx, q, c.District, byID[pid].Path)
		if err != nil {
			return nil, err
		}
		out = append(out, list...)
	}
	for _, r := range sel.Ranges {
		list, err := doorsUnder(ctx, q, c.District, byID[r.Place].Path)
		if err != nil {
			return nil, err
		}
		if list, err = r.within(list); err != nil {
			return nil, err
		}
		out = append(out, list...)
	}
	doors, err := doorsByID(ctx, q, c.District, sel.Doors)
	return append(out, doors...), err
}

// applyRedraw writes a re-drawing: its record, then the doors' history, then
// the places, then what counts by grid.
func (s *Service) applyRedraw(ctx context.Context, tx *db.Tx, c Caller, r *Redrawing) error {
	if len(r.Moves) == 0 {
		return nil
	}
	r.ID = id.New()
	if err := insertRedraw(ctx, tx, c, r, s.nowMs()); err != nil {
		return err
	}
	if err := s.applyMoves(ctx, tx, c, r.Moves); err != nil {
		return err
	}
	s.placesChanged(tx)
	s.grantsChanged(tx)
	return s.note(ctx, tx, c, GridWrite, "grid.grid.redraw", "redraw", r.ID, fmt.Sprintf("doors=%d", r.Doors))
}

// applyMoves gives places their grids, with their history and with what counts
// by grid.
func (s *Service) applyMoves(ctx context.Context, tx *db.Tx, c Caller, moves []Move) error {
	if len(moves) == 0 {
		return nil
	}
	if err := addGridHistory(ctx, tx, c, moves, s.nowMs()); err != nil {
		return err
	}
	if err := setGrid(ctx, tx, c.District, moves); err != nil {
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
