package round

import (
	"context"

	"wangge/internal/grid"
	"wangge/internal/platform/db"
	"wangge/internal/platform/id"
)

// eveningCount counts the targets on the caller's evening list.
func eveningCount(ctx context.Context, q db.Queryer, c grid.Caller, occ id.ID) (n int, err error) {
	a := db.NewArgs(c.District, occ)
	err = q.QueryRowContext(ctx, "SELECT count(*)"+targetFrom+" WHERE t.district = $1 AND t.occurrence_id = $2 AND "+evening+
		" AND "+c.Scope(grid.RoundMark, a, targetScope), a.List()...).Scan(&n)
	return n, db.Fault("round.evening", err)
}

// objectsAt returns the targets of a round that stand at a door or are the
// object itself.
func objectsAt(ctx context.Context, q db.Queryer, district int, r Round, key id.ID) ([]id.ID, error) {
	switch r.TargetKind {
	case Households:
		rows, err := q.QueryContext(ctx, "SELECT id FROM household WHERE district = $1 AND door_id = $2", district, key)
		return collect(rows, err, scanID)
	case Persons:
		rows, err := q.QueryContext(ctx, "SELECT id FROM person WHERE district = $1 AND door_id = $2", district, key)
		return collect(rows, err, scanID)
	}
	return []id.ID{key}, nil
}

// markOfPhoto returns the round's occurrence and the target a photo was marked with.
func markOfPhoto(ctx context.Context, q db.Queryer, district int, mark id.ID) (occ, object, photo id.ID, err error) {
	err = q.QueryRowContext(ctx, "SELECT occurrence_id, object_id, photo_id FROM mark WHERE district = $1 AND id = $2", district, mark).Scan(&occ, &object, &photo)
	return occ, object, photo, missing("round.Photo", err, "round.photo_missing")
}
