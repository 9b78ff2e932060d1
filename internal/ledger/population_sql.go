package ledger

import (
	"context"
	"strconv"

	"wangge/internal/grid"
	"wangge/internal/platform/db"
)

// selectPopulation counts households and those living in them below path, in
// scope, by the first width bytes of the doors' paths.
func selectPopulation(ctx context.Context, q db.Queryer, c grid.Caller, path string, width int) (map[string]Count, error) {
	lo, hi := db.PathRange(path)
	args := db.NewArgs(c.District, lo, hi)
	group := "substr(d.path, 1, " + strconv.Itoa(width) + ")"
	rows, err := q.QueryContext(ctx, `SELECT `+group+`, count(*), coalesce(sum(h.living_count), 0)
		FROM place d JOIN household h ON h.district = d.district AND h.door_id = d.id AND h.until_ms = 0
		WHERE d.district = $1 AND d.path >= $2 AND d.path < $3 AND d.kind = 'door' AND `+c.Scope(grid.PlaceRead, args, doorCols)+`
		GROUP BY `+group, args.List()...)
	if err != nil {
		return nil, db.Fault("ledger.Population", err)
	}
	defer rows.Close()
	out := map[string]Count{}
	for rows.Next() {
		var at string
		var n Count
		if err := rows.Scan(&at, &n.Households, &n.Persons); err != nil {
			return nil, err
		}
		out[at] = n
	}
	return out, rows.Err()
}
