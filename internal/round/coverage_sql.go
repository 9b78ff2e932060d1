package round

import (
	"context"

	"wangge/internal/grid"
	"wangge/internal/platform/db"
	"wangge/internal/platform/id"
)

func occVersion(ctx context.Context, q db.Queryer, district int, occ id.ID) (v int64, err error) {
	err = q.QueryRowContext(ctx, "SELECT version FROM occurrence WHERE district = $1 AND id = $2", district, occ).Scan(&v)
	return v, missing("round.version", err, "round.missing")
}

// selectCounters reads the counters of an occurrence. Two figures come packed
// in one column each: the drivers' cost is by the column.
func selectCounters(ctx context.Context, q db.Queryer, district int, occ id.ID, expect int) ([]cell, error) {
	rows, err := q.QueryContext(ctx, "SELECT leaf_id, grid_id, CAST(total AS BIGINT) * 2147483648 + done, CAST(exempt AS BIGINT) * 2147483648 + attempted"+
		" FROM counter WHERE district = $1 AND occurrence_id = $2 AND total > 0", district, occ)
	if err != nil {
		return nil, db.Fault("round.counters", err)
	}
	defer rows.Close()
	const low = 1<<31 - 1
	out := make([]cell, 0, expect+16)
	var leaf, gridID, a, b int64
	dest := []any{&leaf, &gridID, &a, &b}
	for rows.Next() {
		if err := rows.Scan(dest...); err != nil {
			return nil, err
		}
		f := Figures{Total: int(a >> 31), Done: int(a & low), Exempt: int(b >> 31), Attempted: int(b & low)}
		f.Outstanding = f.Total - f.Done - f.Exempt
		out = append(out, cell{leaf: id.ID(leaf), grid: id.ID(gridID), Figures: f})
	}
	return out, db.Fault("round.counters", rows.Err())
}

func leafPaths(ctx context.Context, q db.Queryer, district int, occ id.ID) (map[id.ID]string, error) {
	rows, err := q.QueryContext(ctx, "SELECT p.id, p.path FROM counter c JOIN place p ON p.district = c.district AND p.id = c.leaf_id WHERE c.district = $1 AND c.occurrence_id = $2", district, occ)
	out := map[id.ID]string{}
	_, err = collect(rows, err, func(scan scanner) (struct{}, error) {
		var v id.ID
		var path string
		err := scan(&v, &path)
		out[v] = path
		return struct{}{}, err
	})
	return out, err
}

// topGrids returns the top grids that answer for doors below the path or
// belong to an area at or above it, in path order.
func topGrids(ctx context.Context, q db.Queryer, district int, path string) ([]place, error) {
	rows, err := q.QueryContext(ctx, "SELECT "+gridCols+" FROM grid g WHERE g.district = $1 AND g.parent_id = 0 AND g.until_ms = 0 ORDER BY g.path", district)
	return collect(rows, err, scanPlace)
}

// namedDoorCells counts the targets of the doors a caller's posts are named for.
func namedDoorCells(ctx context.Context, q db.Queryer, c grid.Caller, p grid.Permission, occ id.ID) ([]cell, error) {
	a := db.NewArgs(c.District, occ)
	rows, err := q.QueryContext(ctx, "SELECT t.leaf_id, t.grid_id, lp.path, COALESCE(g.path, ''), count(*), SUM(CASE WHEN t.state = 2 THEN 1 ELSE 0 END),"+
		" SUM(CASE WHEN t.state = 3 THEN 1 ELSE 0 END), SUM(CASE WHEN t.state = 1 THEN 1 ELSE 0 END)"+
		" FROM place d JOIN target t ON t.district = d.district AND t.occurrence_id = $2 AND t.leaf_id = d.parent_id AND t.door_id = d.id"+
		" JOIN place lp ON lp.district = t.district AND lp.id = t.leaf_id LEFT JOIN grid g ON g.district = t.district AND g.id = t.grid_id"+
		" WHERE d.district = $1 AND d.id IN (SELECT pd.door_id FROM post_door pd WHERE pd.district = $1 AND pd.post_id IN "+db.In(a, namedPosts(c, p))+")"+
		" GROUP BY t.leaf_id, t.grid_id, lp.path, g.path", a.List()...)
	return collect(rows, err, func(scan scanner) (x cell, err error) {
		err = scan(&x.leaf, &x.grid, &x.leafPath, &x.gridPath, &x.Total, &x.Done, &x.Exempt, &x.Attempted)
		x.Outstanding = x.Total - x.Done - x.Exempt
		return x, err
	})
}

// namedDone returns the targets below a path that are done at the doors a
// caller's posts are named for, and that no place or grid of the caller holds.
func namedDone(ctx context.Context, q db.Queryer, c grid.Caller, p grid.Permission, occ id.ID, path string) ([]id.ID, error) {
	a := db.NewArgs(c.District, occ, path, path+"~")
	rows, err := q.QueryContext(ctx, "SELECT t.object_id FROM place d JOIN target t ON t.district = d.district AND t.occurrence_id = $2 AND t.leaf_id = d.parent_id AND t.door_id = d.id"+
		" WHERE d.district = $1 AND d.path >= $3 AND d.path < $4 AND t.state = 2"+
		" AND d.id IN (SELECT pd.door_id FROM post_door pd WHERE pd.district = $1 AND pd.post_id IN "+db.In(a, namedPosts(c, p))+")"+
		" AND NOT "+c.Scope(p, a, grid.Columns{Path: "d.path", Grid: "t.grid_id"})+" ORDER BY t.object_id", a.List()...)
	return collect(rows, err, scanID)
}

// areaPathLen is the length of a community's path; longer ones are below it.
const areaPathLen = 12

// selectAnswerCounts sums the counts of answers below a path.
func selectAnswerCounts(ctx context.Context, q db.Queryer, c grid.Caller, occ id.ID, path string) ([]ChoiceCount, error) {
	return sumAnswers(ctx, q, c, "answer_count", "occurrence_id", occ, path)
}

// sumAnswers sums counts of answers below a path: of a table, those of one owner
// (an occurrence, a cut-off).
func sumAnswers(ctx context.Context, q db.Queryer, c grid.Caller, table, owned string, owner id.ID, path string) ([]ChoiceCount, error) {
	a := db.NewArgs(c.District, owner, path, path+"~")
	scope := c.Scope(grid.RoundRead, a, grid.Columns{Path: "p.path", Grid: "n.grid_id"})
	// CROSS JOIN keeps SQLite to the order written: of a whole area the few
	// counts come first, since its places are the many (700 ms before, at
	// 717,000 places); of a building its places do.
	from := table + " n CROSS JOIN place p"
	if len(path) > areaPathLen {
		from = "place p CROSS JOIN " + table + " n"
	}
	rows, err := q.QueryContext(ctx, "SELECT n.field, n.choice, SUM(n.n) FROM "+from+" WHERE p.district = $1 AND p.id = n.leaf_id"+
		" AND n.district = $1 AND n."+owned+" = $2 AND p.path >= $3 AND p.path < $4 AND "+scope+" GROUP BY n.field, n.choice ORDER BY n.field, n.choice", a.List()...)
	return collect(rows, err, func(scan scanner) (x ChoiceCount, err error) {
		err = scan(&x.Field, &x.Choice, &x.N)
		return x, err
	})
}
