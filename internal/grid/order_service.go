package grid

import (
	"context"
	"slices"
	"strings"

	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
)

// MoveInOrder puts a place after a sibling in walking order (Zero: first). It
// renumbers the siblings only where no gap is left. Needs place.write.
func (s *Service) MoveInOrder(ctx context.Context, c Caller, pid, after id.ID) error {
	const op = "grid.MoveInOrder"
	return s.d.Write(ctx, op, func(tx *db.Tx) error {
		p, err := s.writable(ctx, tx, op, c, pid)
		if err != nil {
			return err
		}
		if p.Kind.IsArea() {
			return errs.E(op, errs.Invalid, "grid.place.area_order")
		}
		parent, err := placeByID(ctx, tx, c.District, p.ParentID)
		if err != nil {
			return err
		}
		if err := s.reorder(ctx, tx, c, parent, p, after); err != nil {
			return err
		}
		s.placesChanged(tx)
		return s.note(ctx, tx, c, PlaceWrite, "grid.place.order", "place", p.ID, "")
	})
}

func (s *Service) reorder(ctx context.Context, tx *db.Tx, c Caller, parent, p Place, after id.ID) error {
	siblings, err := childrenOf(ctx, tx, c.District, parent.ID, true)
	if err != nil {
		return err
	}
	siblings = slices.DeleteFunc(siblings, func(x Place) bool { return x.ID == p.ID })
	at := 0
	if after != id.Zero {
		at = slices.IndexFunc(siblings, func(x Place) bool { return x.ID == after }) + 1
		if at == 0 {
			return errs.Field(errs.E("grid.MoveInOrder", errs.Invalid, "grid.place.not_sibling"), "after")
		}
	}
	before, next := 0, 0
	if at > 0 {
		before = siblings[at-1].Ordinal
	}
	if at < len(siblings) {
		next = siblings[at].Ordinal
	}
	if o, ok := between(before, next); ok {
		return setOrdinal(ctx, tx, c.District, parent, p, o)
	}
	return renumber(ctx, tx, c.District, parent, slices.Insert(siblings, at, p))
}

// setOrdinal gives a place and what stands below it another ordinal.
func setOrdinal(ctx context.Context, tx *db.Tx, district int, parent, p Place, ordinal int) error {
	path, ok := ChildPath(parent.Path, ordinal)
	if !ok {
		return errs.E("grid.MoveInOrder", errs.Conflict, "grid.place.full", maxOrdinal)
	}
	from := p.Path
	p.Ordinal = ordinal
	if err := updatePlace(ctx, tx, district, p); err != nil || from == path {
		return err
	}
	return movePath(ctx, tx, district, from, path)
}

// renumber gives all siblings fresh ordinals in two passes, so that no two
// ever share a path: first into the upper half of the range, then back down.
func renumber(ctx context.Context, tx *db.Tx, district int, parent Place, list []Place) error {
	step := min(walkStep, maxOrdinal/(2*(len(list)+1)))
	if step < 1 {
		return errs.E("grid.MoveInOrder", errs.Conflict, "grid.place.full", maxOrdinal)
	}
	for i, p := range list {
		parked := parent.Path + "~" + strings.TrimPrefix(p.Path, parent.Path)
		if err := movePath(ctx, tx, district, p.Path, parked); err != nil {
			return err
		}
		list[i].Path = parked
	}
	for i, p := range list {
		if err := setOrdinal(ctx, tx, district, parent, p, (i+1)*step); err != nil {
			return err
		}
	}
	return nil
}
