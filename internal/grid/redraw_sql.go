package grid

import (
	"context"
	"database/sql"

	"wangge/internal/platform/db"
	"wangge/internal/platform/id"
)

// physicalUnder reads the open physical places at and below a path, in walking order.
func physicalUnder(ctx context.Context, q db.Queryer, district int, path string) ([]Place, error) {
	return queryPlaces(ctx, q, `p.district = $1 AND p.until_ms = 0 AND p.path >= $2 AND p.path < $3
		AND p.kind NOT IN ('province', 'city', 'county', 'street', 'community') ORDER BY p.path`, db.NewArgs(district, path, path+pathEnd))
}

// doorsUnder reads the open doors at and below a path, in walking order.
func doorsUnder(ctx context.Context, q db.Queryer, district int, path string) ([]Place, error) {
	return queryPlaces(ctx, q, "p.district = $1 AND p.until_ms = 0 AND p.kind = 'door' AND p.path >= $2 AND p.path < $3 ORDER BY p.path",
		db.NewArgs(district, path, path+pathEnd))
}

// doorsByID reads those of the ids that are open doors.
func doorsByID(ctx context.Context, q db.Queryer, district int, ids []id.ID) ([]Place, error) {
	var out []Place
	err := db.Chunks(ids, 500, func(part []id.ID) error {
		a := db.NewArgs(district)
		list, err := queryPlaces(ctx, q, "p.district = $1 AND p.until_ms = 0 AND p.kind = 'door' AND p.id IN "+db.In(a, nums(part)), a)
		out = append(out, list...)
		return err
	})
	return out, err
}

// doorsOfGrids reads the open doors whose lowest grid is one of the grids.
func doorsOfGrids(ctx context.Context, q db.Queryer, district int, grids []id.ID) ([]Place, error) {
	var out []Place
	err := db.Chunks(grids, 200, func(part []id.ID) error {
		a := db.NewArgs(district)
		list, err := queryPlaces(ctx, q, "p.district = $1 AND p.grid_id <> 0 AND p.grid_id IN "+db.In(a, nums(part))+" AND p.until_ms = 0 AND p.kind = 'door'", a)
		out = append(out, list...)
		return err
	})
	return out, err
}

// setGrid gives places their lowest grid.
func setGrid(ctx context.Context, tx *db.Tx, district int, moves []Move) error {
	byGrid := map[id.ID][]int64{}
	for _, m := range moves {
		byGrid[m.To] = append(byGrid[m.To], int64(m.PlaceID))
	}
	for to, places := range byGrid {
		err := db.Chunks(places, 500, func(part []int64) error {
			a := db.NewArgs(district, int64(to))
			_, err := tx.ExecContext(ctx, "UPDATE place SET grid_id = $2 WHERE district = $1 AND id IN "+db.In(a, part), a.List()...)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// insertRedraw keeps a re-drawing with its moves.
func insertRedraw(ctx context.Context, tx *db.Tx, c Caller, r *Redrawing, now int64) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO redraw (district, id, area_id, doors, at_ms, account_id) VALUES ($1, $2, $3, $4, $5, $6)`,
		c.District, int64(r.ID), int64(r.area), r.Doors, now, int64(c.AccountID))
	if err != nil {
		return err
	}
	rows := make([][]any, len(r.Moves))
	for i, m := range r.Moves {
		rows[i] = []any{c.District, int64(r.ID), int64(m.PlaceID), int64(m.From), int64(m.To)}
	}
	return tx.BulkInsert(ctx, "redraw_move", []string{"district", "redraw_id", "place_id", "from_grid", "to_grid"}, rows)
}

// markUndone notes which re-drawing took one back.
func markUndone(ctx context.Context, tx *db.Tx, district int, rid, by id.ID) error {
	_, err := tx.ExecContext(ctx, `UPDATE redraw SET undone_by = $3 WHERE district = $1 AND id = $2`, district, int64(rid), int64(by))
	return err
}

const redrawSelect = `SELECT r.id, r.area_id, r.doors, r.at_ms, r.account_id, r.undone_by FROM redraw r `

func (r *RedrawRecord) targets() []any {
	return []any{&r.ID, &r.AreaID, &r.Doors, &r.AtMs, &r.AccountID, &r.UndoneBy}
}

func redrawByID(ctx context.Context, q db.Queryer, district int, rid id.ID) (RedrawRecord, error) {
	var r RedrawRecord
	if err := q.QueryRowContext(ctx, redrawSelect+"WHERE r.district = $1 AND r.id = $2", district, int64(rid)).Scan(r.targets()...); err != nil {
		return r, notFound("grid.Redrawing", err, "grid.redraw.not_found")
	}
	return r, nil
}

// redrawsUnder reads the latest re-drawings of areas at or below a path.
func redrawsUnder(ctx context.Context, q db.Queryer, district int, path string, limit int) ([]RedrawRecord, error) {
	return db.List(ctx, q, (*RedrawRecord).targets, redrawSelect+`JOIN place a ON a.district = r.district AND a.id = r.area_id
		WHERE r.district = $1 AND a.path >= $2 AND a.path < $3 ORDER BY r.id DESC LIMIT $4`, district, path, path+pathEnd, limit)
}

// redrawMoves reads which places a re-drawing moved, from and to which grid.
func redrawMoves(ctx context.Context, q db.Queryer, district int, rid id.ID) (map[id.ID]Move, error) {
	out := map[id.ID]Move{}
	err := db.Each(ctx, q, func(rows *sql.Rows) error {
		var m Move
		err := rows.Scan(&m.PlaceID, &m.From, &m.To)
		out[m.PlaceID] = m
		return err
	}, `SELECT place_id, from_grid, to_grid FROM redraw_move WHERE district = $1 AND redraw_id = $2`, district, int64(rid))
	return out, err
}
