package duty

import (
	"context"

	"wangge/internal/platform/db"
	"wangge/internal/platform/id"
)

// columns of a Number, in the order of fields.
const columns = "n.area_id, p.name, n.phone, n.hours, n.updated_ms"

func fields(n *Number) []any {
	return []any{&n.AreaID, &n.AreaName, &n.Phone, &n.Hours, &n.UpdatedMs}
}

// numbersOf returns the numbers that the areas have themselves.
func numbersOf(ctx context.Context, q db.Queryer, district int, areas []id.ID) (map[id.ID]Number, error) {
	out := map[id.ID]Number{}
	if len(areas) == 0 {
		return out, nil
	}
	a := db.NewArgs(district)
	list, err := db.List(ctx, q, fields, "SELECT "+columns+" FROM duty_number n JOIN place p ON p.district = n.district AND p.id = n.area_id"+
		" WHERE n.district = $1 AND n.area_id IN "+db.In(a, areas), a.List()...)
	for _, n := range list {
		out[n.AreaID] = n
	}
	return out, err
}

// setNumber writes an area's number; the empty phone takes it away.
func setNumber(ctx context.Context, tx *db.Tx, district int, n Number, account id.ID) error {
	if n.Phone == "" {
		_, err := tx.ExecContext(ctx, "DELETE FROM duty_number WHERE district = $1 AND area_id = $2", district, n.AreaID)
		return err
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO duty_number (district, area_id, phone, hours, account_id, updated_ms) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (district, area_id) DO UPDATE SET phone = excluded.phone, hours = excluded.hours, account_id = excluded.account_id, updated_ms = excluded.updated_ms`,
		district, n.AreaID, n.Phone, n.Hours, account, n.UpdatedMs)
	return err
}
