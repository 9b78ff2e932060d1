package grid

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"wangge/internal/platform/db"
)

// readLeaves reads the doors of a district counted by parent and lowest grid,
// from the index of open doors alone, in the order of the parents' paths. CROSS
// JOIN keeps SQLite from walking all places instead of the few parents.
func readLeaves(ctx context.Context, q db.Queryer, district int) ([]Leaf, error) {
	out, err := db.List(ctx, q, func(l *Leaf) []any {
		return []any{&l.PlaceID, &l.Path, &l.GridID, &l.Doors}
	}, `SELECT x.parent_id, l.path, x.grid_id, x.n FROM
		(SELECT parent_id, grid_id, COUNT(*) AS n FROM place WHERE district = $1 AND kind = 'door' AND until_ms = 0 GROUP BY parent_id, grid_id) x
		CROSS JOIN place l WHERE l.district = $1 AND l.id = x.parent_id`, district)
	slices.SortFunc(out, func(a, b Leaf) int {
		return cmp.Or(strings.Compare(a.Path, b.Path), cmp.Compare(a.GridID, b.GridID))
	})
	return out, err
}
