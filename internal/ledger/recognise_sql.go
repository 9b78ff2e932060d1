package ledger

import (
	"context"

	"wangge/internal/grid"
	"wangge/internal/platform/db"
	"wangge/internal/platform/id"
)

// personsByHashes opens the current persons within scope that any of the hashes
// finds.
func (s *Service) personsByHashes(ctx context.Context, c grid.Caller, hashes [][]byte) ([]personRec, error) {
	a := db.NewArgs(c.District)
	where := `k.district = $1 AND p.district = $1 AND d.district = $1 AND k.hash IN ` + db.In(a, hashes) + ` AND p.id = k.person_id AND p.until_ms = 0 AND ` + onDoor
	return s.personsWhere(ctx, s.db.Read(), c, grid.LedgerRead, a, "person_key k CROSS JOIN person p CROSS JOIN place d", where, "")
}

// personsAtDoors opens the current persons within scope behind the doors.
func (s *Service) personsAtDoors(ctx context.Context, c grid.Caller, doors []id.ID) ([]personRec, error) {
	a := db.NewArgs(c.District)
	where := `p.district = $1 AND d.district = $1 AND p.door_id IN ` + db.In(a, ints(doors)) + ` AND p.until_ms = 0 AND ` + onDoor
	return s.personsWhere(ctx, s.db.Read(), c, grid.LedgerRead, a, "person p CROSS JOIN place d", where, "")
}
