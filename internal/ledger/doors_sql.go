package ledger

import (
	"context"
	"database/sql"

	"wangge/internal/grid"
	"wangge/internal/platform/db"
	"wangge/internal/platform/id"
)

// HouseholdsAt counts the current households behind each of the doors that the
// caller may see; doors with none are left out.
func (s *Service) HouseholdsAt(ctx context.Context, c grid.Caller, doors []id.ID) (map[id.ID]int, error) {
	out := map[id.ID]int{}
	err := db.Chunks(doors, 500, func(part []id.ID) error {
		a := db.NewArgs(c.District)
		return db.Each(ctx, s.db.Read(), func(rows *sql.Rows) error {
			var door, n int64
			err := rows.Scan(&door, &n)
			out[id.ID(door)] = int(n)
			return err
		}, `SELECT d.id, COUNT(*) FROM place d JOIN household h ON h.district = d.district AND h.door_id = d.id AND h.until_ms = 0 AND h.kind <> 'vacant'
			WHERE d.district = $1 AND d.id IN `+db.In(a, ints(part))+` AND `+c.Scope(grid.PlaceRead, a, doorCols)+` GROUP BY d.id`, a.List()...)
	})
	return out, err
}
