package round

import (
	"context"

	"wangge/internal/grid"
	"wangge/internal/platform/db"
	"wangge/internal/platform/id"
)

// selectHands returns who holds posts now, with the path of what each is for: of
// named doors the first of them.
func selectHands(ctx context.Context, q db.Queryer, district int, now int64) ([]hand, error) {
	const held = " FROM post po JOIN holder h ON h.district = po.district AND h.post_id = po.id AND h.from_ms <= $2 AND (h.until_ms = 0 OR h.until_ms > $2)"
	const inForce = " WHERE po.district = $1 AND (po.until_ms = 0 OR po.until_ms > $2) AND po.object_kind = "
	rows, err := q.QueryContext(ctx, "SELECT p.path, h.account_id, po.role"+held+" JOIN place p ON p.district = po.district AND p.id = po.object_id"+inForce+"'place'"+
		" UNION ALL SELECT p.path, h.account_id, po.role"+held+" JOIN grid g ON g.district = po.district AND g.id = po.object_id JOIN place p ON p.district = g.district AND p.id = g.area_id"+inForce+"'grid'"+
		" UNION ALL SELECT p.path, h.account_id, po.role"+held+" JOIN place p ON p.district = po.district AND p.id ="+
		" (SELECT MIN(pd.door_id) FROM post_door pd WHERE pd.district = po.district AND pd.post_id = po.id)"+inForce+"'doors'", district, now)
	return collect(rows, err, func(scan scanner) (h hand, err error) {
		err = scan(&h.path, &h.account, &h.role)
		return h, err
	})
}

func communityPaths(ctx context.Context, q db.Queryer, district int) ([]string, error) {
	rows, err := q.QueryContext(ctx, "SELECT path FROM place WHERE district = $1 AND kind = 'community' AND until_ms = 0 ORDER BY path", district)
	return collect(rows, err, func(scan scanner) (v string, err error) {
		err = scan(&v)
		return v, err
	})
}

// eveningBelow counts the targets below a path on the evening list.
func eveningBelow(ctx context.Context, q db.Queryer, c grid.Caller, occ id.ID, path string) (n int, err error) {
	a := db.NewArgs(c.District, occ)
	err = q.QueryRowContext(ctx, "SELECT count(*)"+targetFrom+" WHERE t.district = $1 AND t.occurrence_id = $2 AND t.state = 1 AND t.attempts >= "+a.Add(EveningAfter)+
		" AND lp.path >= "+a.Add(path)+" AND lp.path < "+a.Add(path+"~")+" AND "+c.Scope(grid.RoundRead, a, targetScope), a.List()...).Scan(&n)
	return n, db.Fault("round.evening", err)
}
