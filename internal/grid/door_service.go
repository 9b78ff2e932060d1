package grid

import (
	"context"

	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
)

// AddDoorIn gives, within a transaction of the caller, the door of a label right
// below a place, made if it is not there; made tells. Two who ask for the same
// door at once get the same one. Needs place.write over the place for a new one.
// Errors: Denied, NotFound, Conflict where the place is closed.
func (s *Service) AddDoorIn(ctx context.Context, tx *db.Tx, c Caller, parent id.ID, label string) (door Place, made bool, err error) {
	const op = "grid.AddDoor"
	name, err := cleanName(Door, label)
	if err != nil {
		return Place{}, false, err
	}
	if err := lockPlace(ctx, tx, c.District, parent); err != nil {
		return Place{}, false, errs.Wrap(op, err)
	}
	have, err := childrenOf(ctx, tx, c.District, parent, false)
	if err != nil {
		return Place{}, false, errs.Wrap(op, err)
	}
	for _, p := range have {
		if p.Kind == Door && p.Name == name {
			return p, false, nil
		}
	}
	list, err := s.AddPlacesIn(ctx, tx, c, []NewPlace{{ParentID: parent, Kind: Door, Name: name}})
	if err != nil {
		return Place{}, false, err
	}
	return list[0], true, s.note(ctx, tx, c, PlaceWrite, "grid.place.add", "place", list[0].ID, "")
}
