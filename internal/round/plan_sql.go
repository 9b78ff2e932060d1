package round

import (
	"context"

	"wangge/internal/grid"
	"wangge/internal/platform/db"
	"wangge/internal/platform/id"
)

// selectHands returns who holds posts now, with the path of what each is for (of
// named doors the first of them), and what the rosters say of this hour.
func selectHands(ctx context.Context, q db.Queryer, district int, now int64) ([]hand, error) {
	held := "SELECT w.path, h.account_id, p.role, " + grid.DutyColumns("$2", "h.account_id") +
		" FROM post p JOIN holder h ON h.district = p.district AND h.post_id = p.id AND h.from_ms <= $2 AND (h.until_ms = 0 OR h.until_ms > $2)"
	const inForce = " WHERE p.district = $1 AND (p.until_ms = 0 OR p.until_ms > $2) AND p.object_kind = "
	rows, err := q.QueryContext(ctx, held+" JOIN place w ON w.district = p.district AND w.id = p.object_id"+inForce+"'place'"+
		" UNION ALL "+held+" JOIN grid g ON g.district = p.district AND g.id = p.object_id JOIN place w ON w.district = g.district AND w.id = g.area_id"+inForce+"'grid'"+
		" UNION ALL "+held+" JOIN place w ON w.district = p.district AND w.id ="+
		" (SELECT MIN(pd.door_id) FROM post_door pd WHERE pd.district = p.district AND pd.post_id = p.id)"+inForce+"'doors'", district, now)
	return collect(rows, err, func(scan scanner) (h hand, err error) {
		var rostered, on int
		err = scan(&h.path, &h.account, &h.role, &rostered, &on)
		h.rostered, h.off = rostered == 1, rostered == 1 && on == 0
		return h, err
	})
}

// communityPaths lists the communities in order; that they have codes lets the
// index of codes find them among a district's places.
func communityPaths(ctx context.Context, q db.Queryer, district int) ([]string, error) {
	rows, err := q.QueryContext(ctx, "SELECT path FROM place WHERE district = $1 AND code <> '' AND kind = 'community' AND until_ms = 0 ORDER BY path", district)
	return collect(rows, err, func(scan scanner) (v string, err error) {
		err = scan(&v)
		return v, err
	})
}

// eveningBelow counts the targets below a path on the evening list. The list is
// short: CROSS JOIN has SQLite walk it, and not every place below the path.
func eveningBelow(ctx context.Context, q db.Queryer, c grid.Caller, occ id.ID, path string) (n int, err error) {
	a := db.NewArgs(c.District, occ)
	err = q.QueryRowContext(ctx, "SELECT count(*) FROM target t CROSS JOIN place lp WHERE lp.district = t.district AND lp.id = t.leaf_id"+
		" AND t.district = $1 AND t.occurrence_id = $2 AND "+evening+" AND lp.path >= "+a.Add(path)+" AND lp.path < "+a.Add(path+"~")+" AND "+c.Scope(grid.RoundRead, a, targetScope), a.List()...).Scan(&n)
	return n, db.Fault("round.evening", err)
}
