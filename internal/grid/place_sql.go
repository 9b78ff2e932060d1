package grid

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strings"

	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
)

var placeColumns = []string{"district", "id", "parent_id", "area_id", "kind", "subkind", "name", "alias", "code", "ordinal", "floor", "path", "grid_id", "from_ms", "until_ms"}

const placeSelect = `p.id, p.parent_id, p.area_id, p.kind, p.subkind, p.name, p.alias, p.code, p.ordinal, p.floor, p.path, p.grid_id, p.from_ms, p.until_ms`

func (p Place) row(district int) []any {
	return []any{district, int64(p.ID), int64(p.ParentID), int64(p.AreaID), string(p.Kind), p.Subkind, p.Name, p.Alias, p.Code,
		p.Ordinal, p.Floor, p.Path, int64(p.GridID), p.FromMs, p.UntilMs}
}

func (p *Place) targets() []any {
	return []any{&p.ID, &p.ParentID, &p.AreaID, &p.Kind, &p.Subkind, &p.Name, &p.Alias, &p.Code, &p.Ordinal, &p.Floor, &p.Path, &p.GridID, &p.FromMs, &p.UntilMs}
}

// queryPlaces reads places by the words after FROM place p.
func queryPlaces(ctx context.Context, q db.Queryer, where string, args *db.Args) ([]Place, error) {
	return db.List(ctx, q, (*Place).targets, "SELECT "+placeSelect+" FROM place p WHERE "+where, args.List()...)
}

// onePlace reads one place or gives NotFound.
func onePlace(ctx context.Context, q db.Queryer, where string, args *db.Args) (Place, error) {
	var p Place
	row := q.QueryRowContext(ctx, "SELECT "+placeSelect+" FROM place p WHERE "+where, args.List()...)
	if err := row.Scan(p.targets()...); err != nil {
		return p, notFound("grid.Place", err, "grid.place.not_found")
	}
	return p, nil
}

// errNoRows is what a query for one row gives when there is none.
var errNoRows = sql.ErrNoRows

func notFound(op string, err error, key string) error {
	if errors.Is(err, sql.ErrNoRows) {
		return errs.E(op, errs.NotFound, key)
	}
	return errs.Wrap(op, db.Fault(op, err))
}

func placeByID(ctx context.Context, q db.Queryer, district int, pid id.ID) (Place, error) {
	return onePlace(ctx, q, "p.district = $1 AND p.id = $2", db.NewArgs(district, int64(pid)))
}

func placesByID(ctx context.Context, q db.Queryer, district int, ids []id.ID) (map[id.ID]Place, error) {
	out := make(map[id.ID]Place, len(ids))
	err := db.Chunks(ids, 500, func(part []id.ID) error {
		a := db.NewArgs(district)
		list, err := queryPlaces(ctx, q, "p.district = $1 AND p.id IN "+db.In(a, nums(part)), a)
		for _, p := range list {
			out[p.ID] = p
		}
		return err
	})
	return out, err
}

func placesByPath(ctx context.Context, q db.Queryer, district int, paths []string) ([]Place, error) {
	a := db.NewArgs(district)
	return queryPlaces(ctx, q, "p.district = $1 AND p.path IN "+db.In(a, paths)+" ORDER BY p.path", a)
}

func childrenOf(ctx context.Context, q db.Queryer, district int, parent id.ID, closed bool) ([]Place, error) {
	where := "p.district = $1 AND p.parent_id = $2"
	if !closed {
		where += " AND p.until_ms = 0"
	}
	return queryPlaces(ctx, q, where+" ORDER BY p.ordinal, p.path", db.NewArgs(district, int64(parent)))
}

// lockPlace holds a place until the transaction's end, so that what is added
// below it is added by one at a time.
func lockPlace(ctx context.Context, tx *db.Tx, district int, p id.ID) error {
	var there id.ID
	err := tx.QueryRowContext(ctx, "SELECT id FROM place WHERE district = $1 AND id = $2"+tx.ForUpdate(), district, p).Scan(&there)
	if errors.Is(err, sql.ErrNoRows) {
		return errs.E("grid.place", errs.NotFound, "grid.place.no_parent")
	}
	return err
}

// subtreePage reads places of a subtree in walking order, after a path.
func subtreePage(ctx context.Context, q db.Queryer, c Caller, root, after string, kinds []Kind, limit int) ([]Place, error) {
	a := db.NewArgs(c.District)
	where := "p.district = $1 AND p.until_ms = 0 AND p.path >= " + a.Add(root) + " AND p.path < " + a.Add(root+pathEnd)
	if after != "" {
		where += " AND p.path > " + a.Add(after)
	}
	if len(kinds) > 0 {
		where += " AND p.kind IN " + db.In(a, strs(kinds))
	}
	where += " AND " + c.Scope(PlaceRead, a, Columns{Path: "p.path", Grid: "p.grid_id", Door: "p.id"})
	return queryPlaces(ctx, q, where+" ORDER BY p.path LIMIT "+a.Add(limit), a)
}

// scopedCounts counts, for each child segment below parent, the doors in the
// caller's scope; a child without a place in scope has no entry.
func scopedCounts(ctx context.Context, q db.Queryer, c Caller, parent string, width int) (map[string]int, error) {
	a := db.NewArgs(c.District)
	text := "SELECT substr(p.path, 1, " + a.Add(width) + "), SUM(CASE WHEN p.kind = 'door' THEN 1 ELSE 0 END) FROM place p" +
		" WHERE p.district = $1 AND p.until_ms = 0 AND p.path > " + a.Add(parent) + " AND p.path < " + a.Add(parent+pathEnd) +
		" AND " + c.Scope(PlaceRead, a, Columns{Path: "p.path", Grid: "p.grid_id", Door: "p.id"}) + " GROUP BY 1"
	out := map[string]int{}
	err := db.Each(ctx, q, func(rows *sql.Rows) error {
		var path string
		var n int
		err := rows.Scan(&path, &n)
		out[path] = n
		return err
	}, text, a.List()...)
	return out, err
}

// anyInScope reports whether some place of the subtree lies in the scope.
func anyInScope(ctx context.Context, q db.Queryer, c Caller, perm Permission, path string) (bool, error) {
	a := db.NewArgs(c.District)
	text := "SELECT 1 FROM place p WHERE p.district = $1 AND p.path >= " + a.Add(path) + " AND p.path < " + a.Add(path+pathEnd) +
		" AND " + c.Scope(perm, a, Columns{Path: "p.path", Grid: "p.grid_id", Door: "p.id"}) + " LIMIT 1"
	var one int
	err := q.QueryRowContext(ctx, text, a.List()...).Scan(&one)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}

func insertPlaces(ctx context.Context, tx *db.Tx, district int, list []Place) error {
	return db.Chunks(list, 20000, func(part []Place) error {
		rows := make([][]any, len(part))
		for i, p := range part {
			rows[i] = p.row(district)
		}
		return tx.BulkInsert(ctx, "place", placeColumns, rows)
	})
}

func updatePlace(ctx context.Context, tx *db.Tx, district int, p Place) error {
	_, err := tx.ExecContext(ctx, `UPDATE place SET name = $3, alias = $4, subkind = $5, floor = $6, ordinal = $7, path = $8, until_ms = $9
		WHERE district = $1 AND id = $2`, district, int64(p.ID), p.Name, p.Alias, p.Subkind, p.Floor, p.Ordinal, p.Path, p.UntilMs)
	return err
}

// movePath gives a subtree another path.
func movePath(ctx context.Context, tx *db.Tx, district int, from, to string) error {
	_, err := tx.ExecContext(ctx, `UPDATE place SET path = $3 || substr(path, $4) WHERE district = $1 AND path >= $2 AND path < $5`,
		district, from, to, len(from)+1, from+pathEnd)
	return err
}

// openBelow counts the places not closed below a path, itself left out.
func openBelow(ctx context.Context, q db.Queryer, district int, path string) (int, error) {
	var n int
	err := q.QueryRowContext(ctx, `SELECT COUNT(*) FROM place WHERE district = $1 AND until_ms = 0 AND path > $2 AND path < $3`,
		district, path, path+pathEnd).Scan(&n)
	return n, err
}

// areasOf reads the open areas of the district, by the index of codes alone,
// in the order of their paths.
func areasOf(ctx context.Context, q db.Queryer, district int) ([]Place, error) {
	list, err := queryPlaces(ctx, q, "p.district = $1 AND p.code > '' AND p.code <> '' AND p.until_ms = 0 AND p.kind IN ('province','city','county','street','community')",
		db.NewArgs(district))
	slices.SortFunc(list, func(a, b Place) int { return strings.Compare(a.Path, b.Path) })
	return list, err
}

func nums(ids []id.ID) []int64 {
	out := make([]int64, len(ids))
	for i, v := range ids {
		out[i] = int64(v)
	}
	return out
}

func strs[T ~string](list []T) []string {
	out := make([]string, len(list))
	for i, v := range list {
		out[i] = string(v)
	}
	return out
}
