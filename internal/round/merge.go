package round

import (
	"context"

	"wangge/internal/grid"
	"wangge/internal/platform/db"
	"wangge/internal/platform/id"
)

// AreaMerged keeps rounds in step when an area's places go to its successor, in
// the transaction that merges them. Rounds over the area that ended go on over
// its successor, narrowed to the places it had, so that nobody joins their list
// by the merge; what open rounds counted right at the area is counted at its
// successor. It is the hook for grid.Service.OnMerge.
func (s *Service) AreaMerged(ctx context.Context, tx *db.Tx, c grid.Caller, m grid.Merge) error {
	rounds, err := selectRounds(ctx, tx, c.District, " AND r.area_id = $2", db.NewArgs(c.District, m.From.ID))
	if err != nil {
		return err
	}
	for _, r := range rounds {
		if len(r.Filter.PlaceIDs) == 0 {
			r.Filter.PlaceIDs = append([]id.ID{m.From.ID}, m.Moved...)
		}
		if err := moveRound(ctx, tx, r, m.To.ID); err != nil {
			return err
		}
	}
	if err := moveForms(ctx, tx, c.District, m.From.ID, m.To.ID); err != nil {
		return err
	}
	open, err := openOccurrences(ctx, tx, c.District)
	if err != nil {
		return err
	}
	for _, o := range open {
		if err := s.moveLeaf(ctx, tx, c.District, o, m); err != nil {
			return err
		}
	}
	return nil
}

// moveLeaf counts the targets that hung right on the ended area (points, doors
// without a building, posts over places) at its successor. The area itself,
// where it is a target, stays: it stands below its successor.
func (s *Service) moveLeaf(ctx context.Context, tx *db.Tx, district int, o occState, m grid.Merge) error {
	list, err := lockTargetsOn(ctx, tx, district, o.id, m.From.ID)
	if err != nil || len(list) == 0 {
		return err
	}
	b := s.newBook(district)
	b.occs[o.id] = o.round
	b.load(list)
	for _, t := range list {
		if t.ObjectID != m.From.ID {
			b.move(targetKey{o.id, t.ObjectID}, t.DoorID, m.To.ID, t.GridID)
		}
	}
	return b.writeRegrid(ctx, tx)
}
