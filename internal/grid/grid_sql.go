package grid

import (
	"context"
	"database/sql"

	"wangge/internal/platform/db"
	"wangge/internal/platform/id"
)

var gridColumns = []string{"district", "id", "parent_id", "area_id", "kind", "name", "code", "ordinal", "path", "from_ms", "until_ms"}

const gridSelect = `SELECT g.id, g.parent_id, g.area_id, g.kind, g.name, g.code, g.ordinal, g.path, g.from_ms, g.until_ms FROM grid g WHERE `

func (g *Grid) targets() []any {
	return []any{&g.ID, &g.ParentID, &g.AreaID, &g.Kind, &g.Name, &g.Code, &g.Ordinal, &g.Path, &g.FromMs, &g.UntilMs}
}

func queryGrids(ctx context.Context, q db.Queryer, where string, args ...any) ([]Grid, error) {
	return db.List(ctx, q, (*Grid).targets, gridSelect+where, args...)
}

func gridByID(ctx context.Context, q db.Queryer, district int, gid id.ID) (Grid, error) {
	var g Grid
	err := q.QueryRowContext(ctx, gridSelect+"g.district = $1 AND g.id = $2", district, int64(gid)).Scan(g.targets()...)
	if err != nil {
		return g, notFound("grid.Grid", err, "grid.grid.not_found")
	}
	return g, nil
}

func openGrids(ctx context.Context, q db.Queryer, district int) ([]Grid, error) {
	return queryGrids(ctx, q, "g.district = $1 AND g.until_ms = 0 ORDER BY g.path", district)
}

func gridsUnder(ctx context.Context, q db.Queryer, district int, path, after string, limit int) ([]Grid, error) {
	return queryGrids(ctx, q, "g.district = $1 AND g.until_ms = 0 AND g.path >= $2 AND g.path < $3 AND g.path > $4 ORDER BY g.path LIMIT $5",
		district, path, path+pathEnd, after, limit)
}

func gridsByID(ctx context.Context, q db.Queryer, district int, ids []id.ID) (map[id.ID]Grid, error) {
	out := map[id.ID]Grid{}
	err := db.Chunks(ids, 500, func(part []id.ID) error {
		a := db.NewArgs(district)
		list, err := queryGrids(ctx, q, "g.district = $1 AND g.id IN "+db.In(a, nums(part)), a.List()...)
		for _, g := range list {
			out[g.ID] = g
		}
		return err
	})
	return out, err
}

// lastOrdinals returns the highest ordinal used below each parent (a grid, or
// an area for top grids), closed grids too.
func lastOrdinal(ctx context.Context, q db.Queryer, district int, area, parent id.ID) (int, error) {
	var n int
	err := q.QueryRowContext(ctx, `SELECT COALESCE(MAX(ordinal), 0) FROM grid WHERE district = $1 AND parent_id = $2 AND (parent_id <> 0 OR area_id = $3)`,
		district, int64(parent), int64(area)).Scan(&n)
	return n, err
}

func insertGrids(ctx context.Context, tx *db.Tx, district int, list []Grid) error {
	rows := make([][]any, len(list))
	for i, g := range list {
		rows[i] = []any{district, int64(g.ID), int64(g.ParentID), int64(g.AreaID), string(g.Kind), g.Name, g.Code, g.Ordinal, g.Path, g.FromMs, g.UntilMs}
	}
	return tx.BulkInsert(ctx, "grid", gridColumns, rows)
}

func updateGrid(ctx context.Context, tx *db.Tx, district int, g Grid) error {
	_, err := tx.ExecContext(ctx, `UPDATE grid SET name = $3, code = $4, until_ms = $5 WHERE district = $1 AND id = $2`,
		district, int64(g.ID), g.Name, g.Code, g.UntilMs)
	return err
}

// placesOfGrid reads what is in a grid.
func placesOfGrid(ctx context.Context, q db.Queryer, district int, gid, to id.ID) ([]Move, error) {
	list, err := queryPlaces(ctx, q, "p.district = $1 AND p.grid_id = $2 AND p.grid_id <> 0 AND p.until_ms = 0 ORDER BY p.path", db.NewArgs(district, int64(gid)))
	moves := make([]Move, len(list))
	for i, p := range list {
		moves[i] = Move{PlaceID: p.ID, ParentID: p.ParentID, Kind: p.Kind, From: gid, To: to}
	}
	return moves, err
}

// addGridHistory closes the doors' stay in their former grids.
func addGridHistory(ctx context.Context, tx *db.Tx, c Caller, moves []Move, now int64) error {
	return db.Chunks(moves, 500, func(part []Move) error {
		var ids []int64
		for _, m := range part {
			if m.Kind == Door && m.From != id.Zero {
				ids = append(ids, int64(m.PlaceID))
			}
		}
		since, err := gridSince(ctx, tx, c.District, ids)
		if err != nil {
			return err
		}
		var rows [][]any
		for _, m := range part {
			if m.Kind == Door && m.From != id.Zero {
				rows = append(rows, []any{c.District, int64(id.New()), int64(m.PlaceID), int64(m.From), since[m.PlaceID], now, int64(c.AccountID)})
			}
		}
		return tx.BulkInsert(ctx, "grid_history", []string{"district", "id", "door_id", "grid_id", "from_ms", "until_ms", "account_id"}, rows)
	})
}

// gridSince returns from when each door is in its present grid: the end of its
// last stay elsewhere, else its own beginning.
func gridSince(ctx context.Context, q db.Queryer, district int, doors []int64) (map[id.ID]int64, error) {
	out := map[id.ID]int64{}
	if len(doors) == 0 {
		return out, nil
	}
	a := db.NewArgs(district)
	err := db.Each(ctx, q, func(rows *sql.Rows) error {
		var pid id.ID
		var ms int64
		err := rows.Scan(&pid, &ms)
		out[pid] = ms
		return err
	}, `SELECT p.id, COALESCE((SELECT MAX(h.until_ms) FROM grid_history h WHERE h.district = p.district AND h.door_id = p.id), p.from_ms)
		FROM place p WHERE p.district = $1 AND p.id IN `+db.In(a, doors), a.List()...)
	return out, err
}

// GridStay is a door's past stay in a grid.
type GridStay struct {
	GridID    id.ID `json:"grid_id"`
	FromMs    int64 `json:"from_ms"`
	UntilMs   int64 `json:"until_ms"`
	AccountID id.ID `json:"account_id"`
}

func gridStays(ctx context.Context, q db.Queryer, district int, door id.ID) ([]GridStay, error) {
	return db.List(ctx, q, func(st *GridStay) []any {
		return []any{&st.GridID, &st.FromMs, &st.UntilMs, &st.AccountID}
	}, `SELECT grid_id, from_ms, until_ms, account_id FROM grid_history WHERE district = $1 AND door_id = $2 ORDER BY until_ms, id`, district, int64(door))
}
