package grid

import (
	"context"
	"database/sql"

	"wangge/internal/platform/db"
	"wangge/internal/platform/id"
)

// openIn counts the open physical places of an area itself, those of the areas
// below it left out.
func openIn(ctx context.Context, q db.Queryer, district int, area Place) (int, error) {
	var n int
	err := q.QueryRowContext(ctx, `SELECT COUNT(*) FROM place WHERE district = $1 AND until_ms = 0 AND path > $2 AND path < $3 AND area_id = $4 AND id <> $4`,
		district, area.Path, area.Path+pathEnd, int64(area.ID)).Scan(&n)
	return n, err
}

// postsOver counts the running posts over a place itself.
func postsOver(ctx context.Context, q db.Queryer, district int, place id.ID, now int64) (int, error) {
	var n int
	err := q.QueryRowContext(ctx, `SELECT COUNT(*) FROM post WHERE district = $1 AND object_id = $2 AND object_kind = 'place' AND (until_ms = 0 OR until_ms > $3)`,
		district, int64(place), now).Scan(&n)
	return n, err
}

// endPostsOver ends the posts over a place.
func endPostsOver(ctx context.Context, tx *db.Tx, district int, place id.ID, now int64) error {
	_, err := tx.ExecContext(ctx, `UPDATE post SET until_ms = $3 WHERE district = $1 AND object_id = $2 AND object_kind = 'place' AND (until_ms = 0 OR until_ms > $3)`,
		district, int64(place), now)
	return err
}

// successorsOf reads the decided successors: new code by old code.
func successorsOf(ctx context.Context, q db.Queryer, district int) (map[string]string, error) {
	out := map[string]string{}
	err := db.Each(ctx, q, func(rows *sql.Rows) error {
		var from, to string
		err := rows.Scan(&from, &to)
		out[from] = to
		return err
	}, `SELECT old_code, new_code FROM area_successor WHERE district = $1`, district)
	return out, err
}

// setSuccessor keeps a decision, or withdraws it where to is empty.
func setSuccessor(ctx context.Context, tx *db.Tx, c Caller, from, to string, now int64) error {
	if to == "" {
		_, err := tx.ExecContext(ctx, `DELETE FROM area_successor WHERE district = $1 AND old_code = $2`, c.District, from)
		return err
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO area_successor (district, old_code, new_code, account_id, decided_ms) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (district, old_code) DO UPDATE SET new_code = excluded.new_code, account_id = excluded.account_id, decided_ms = excluded.decided_ms`,
		c.District, from, to, int64(c.AccountID), now)
	return err
}

// updateArea writes what a national list may change of an area.
func updateArea(ctx context.Context, tx *db.Tx, district int, p Place) error {
	_, err := tx.ExecContext(ctx, `UPDATE place SET name = $3, alias = $4, code = $5, parent_id = $6, ordinal = $7, subkind = $8, until_ms = $9 WHERE district = $1 AND id = $2`,
		district, int64(p.ID), p.Name, p.Alias, p.Code, int64(p.ParentID), p.Ordinal, p.Subkind, p.UntilMs)
	return err
}

// moveArea gives an area, what hangs on it (not on areas below it) and its
// grids another path.
func moveArea(ctx context.Context, tx *db.Tx, district int, area id.ID, from, to string) error {
	for _, table := range []string{"place", "grid"} {
		_, err := tx.ExecContext(ctx, `UPDATE `+table+` SET path = $3 || substr(path, $4) WHERE district = $1 AND path >= $2 AND path < $5 AND area_id = $6`,
			district, from, to, len(from)+1, from+pathEnd, int64(area))
		if err != nil {
			return err
		}
	}
	return nil
}

// endedIn reads the closed areas that stand right below an area.
func endedIn(ctx context.Context, q db.Queryer, district int, area id.ID) ([]Place, error) {
	return queryPlaces(ctx, q, "p.district = $1 AND p.parent_id = $2 AND p.until_ms <> 0 AND p.kind IN ('street', 'community')", db.NewArgs(district, int64(area)))
}

// endedAreas reads the areas at or below a path that ended, by their codes.
func endedAreas(ctx context.Context, q db.Queryer, district int, path string) ([]Place, error) {
	return queryPlaces(ctx, q, "p.district = $1 AND p.path >= $2 AND p.path < $3 AND p.until_ms <> 0 AND p.kind IN ('street', 'community') ORDER BY p.code, p.id",
		db.NewArgs(district, path, path+pathEnd))
}

// areaByCode reads the open area with a code.
func areaByCode(ctx context.Context, q db.Queryer, district int, code string) (Place, error) {
	return onePlace(ctx, q, "p.district = $1 AND p.code = $2 AND p.code <> '' AND p.until_ms = 0", db.NewArgs(district, code))
}

// handOver gives a physical place and what stands below it to another area.
func handOver(ctx context.Context, tx *db.Tx, district int, p Place, from string) error {
	if _, err := tx.ExecContext(ctx, `UPDATE place SET path = $3 || substr(path, $4), area_id = $6 WHERE district = $1 AND path >= $2 AND path < $5`,
		district, from, p.Path, len(from)+1, from+pathEnd, int64(p.AreaID)); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, `UPDATE place SET parent_id = $3, name = $4, ordinal = $5 WHERE district = $1 AND id = $2`,
		district, int64(p.ID), int64(p.ParentID), p.Name, p.Ordinal)
	return err
}

// handOverGrid gives a top grid and the grids below it to another area.
func handOverGrid(ctx context.Context, tx *db.Tx, district int, g Grid, from string) error {
	if _, err := tx.ExecContext(ctx, `UPDATE grid SET path = $3 || substr(path, $4), area_id = $6 WHERE district = $1 AND path >= $2 AND path < $5`,
		district, from, g.Path, len(from)+1, from+pathEnd, int64(g.AreaID)); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, `UPDATE grid SET name = $3, ordinal = $4 WHERE district = $1 AND id = $2`, district, int64(g.ID), g.Name, g.Ordinal)
	return err
}

// topGrids reads the top grids of an area, closed ones too.
func topGrids(ctx context.Context, q db.Queryer, district int, area id.ID) ([]Grid, error) {
	return queryGrids(ctx, q, "g.district = $1 AND g.area_id = $2 AND g.parent_id = 0 ORDER BY g.path", district, int64(area))
}

// endGrids ends the grids of an area from now on.
func endGrids(ctx context.Context, tx *db.Tx, district int, area id.ID, now int64) error {
	_, err := tx.ExecContext(ctx, `UPDATE grid SET until_ms = $3 WHERE district = $1 AND area_id = $2 AND until_ms = 0`, district, int64(area), now)
	return err
}

// handOverRest gives an area's organisations, teams and bindings to its successor.
func handOverRest(ctx context.Context, tx *db.Tx, district int, from, to id.ID) error {
	for _, text := range []string{
		`UPDATE organisation SET area_id = $3 WHERE district = $1 AND area_id = $2`,
		`UPDATE team SET area_id = $3 WHERE district = $1 AND area_id = $2`,
		`UPDATE binding SET object_id = $3 WHERE district = $1 AND object_id = $2 AND object_kind = 'place'`,
	} {
		if _, err := tx.ExecContext(ctx, text, district, int64(from), int64(to)); err != nil {
			return err
		}
	}
	return nil
}

// addFormerName keeps what an area was called until now.
func addFormerName(ctx context.Context, tx *db.Tx, c Caller, was Place, why string, now int64) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO place_past (district, id, place_id, name, code, parent_id, why, from_ms, until_ms, account_id)
		VALUES ($1, $2, $3, $4, $5, $6, $7, COALESCE((SELECT MAX(x.until_ms) FROM place_past x WHERE x.district = $1 AND x.place_id = $3), $8), $9, $10)`,
		c.District, int64(id.New()), int64(was.ID), was.Name, was.Code, int64(was.ParentID), why, was.FromMs, now, int64(c.AccountID))
	return err
}

// formerNames reads the former names by the words after WHERE, oldest first.
func formerNames(ctx context.Context, q db.Queryer, where string, args ...any) ([]FormerName, error) {
	return db.List(ctx, q, func(f *FormerName) []any {
		return []any{&f.PlaceID, &f.Name, &f.Code, &f.ParentID, &f.Why, &f.FromMs, &f.UntilMs, &f.AccountID}
	}, `SELECT p.place_id, p.name, p.code, p.parent_id, p.why, p.from_ms, p.until_ms, p.account_id FROM place_past p WHERE `+where+` ORDER BY p.until_ms, p.id`, args...)
}

// takenOver reads what the areas were called that an area took over.
func takenOver(ctx context.Context, q db.Queryer, district int, area id.ID) ([]FormerName, error) {
	return formerNames(ctx, q, `p.district = $1 AND p.why = 'merged' AND p.place_id IN
		(SELECT x.id FROM place x WHERE x.district = $1 AND x.parent_id = $2 AND x.until_ms <> 0)`, district, int64(area))
}

// areasBelow counts the open areas below one.
func areasBelow(ctx context.Context, q db.Queryer, district int, area Place) (int, error) {
	var n int
	err := q.QueryRowContext(ctx, `SELECT COUNT(*) FROM place WHERE district = $1 AND until_ms = 0 AND path > $2 AND path < $3 AND kind IN ('street', 'community')`,
		district, area.Path, area.Path+pathEnd).Scan(&n)
	return n, err
}

// formerCodes reads the codes that areas bore before: of a merged area, for
// the one that took over.
func formerCodes(ctx context.Context, q db.Queryer, district int) (map[id.ID][]string, error) {
	out := map[id.ID][]string{}
	err := db.Each(ctx, q, func(rows *sql.Rows) error {
		var pid id.ID
		var code string
		err := rows.Scan(&pid, &code)
		out[pid] = append(out[pid], code)
		return err
	}, `SELECT CASE WHEN p.why = 'merged' THEN a.parent_id ELSE a.id END, p.code FROM place_past p
		JOIN place a ON a.district = p.district AND a.id = p.place_id WHERE p.district = $1 AND p.code <> '' AND p.why <> 'renamed'`, district)
	return out, err
}
