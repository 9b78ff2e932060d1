package round

import (
	"context"
	"database/sql"

	"wangge/internal/grid"
	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
)

// OpenAt counts, by door, the outstanding targets of open rounds at the doors
// of some places (units, groups, buildings). Needs round.read somewhere; the
// doors are those the caller asked the grid for.
func (s *Service) OpenAt(ctx context.Context, c grid.Caller, leaves []id.ID) (map[id.ID]int, error) {
	const op = "round.OpenAt"
	if err := c.Require(op, grid.RoundRead); err != nil {
		return nil, err
	}
	open, err := openOccurrences(ctx, s.DB.Read(), c.District)
	if err != nil {
		return nil, errs.Wrap(op, err)
	}
	out := map[id.ID]int{}
	for _, o := range open {
		err := db.Chunks(leaves, 400, func(part []id.ID) error {
			a := db.NewArgs(c.District, o.id)
			return db.Each(ctx, s.DB.Read(), func(rows *sql.Rows) error {
				var door id.ID
				var n int
				err := rows.Scan(&door, &n)
				out[door] += n
				return err
			}, "SELECT t.door_id, COUNT(*) FROM target t WHERE t.district = $1 AND t.occurrence_id = $2 AND t.state IN (0, 1) AND t.door_id <> 0 AND t.leaf_id IN "+
				db.In(a, part)+" GROUP BY t.door_id", a.List()...)
		})
		if err != nil {
			return nil, errs.Wrap(op, err)
		}
	}
	return out, nil
}
