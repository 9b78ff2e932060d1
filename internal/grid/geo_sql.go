package grid

import (
	"context"
	"database/sql"

	"wangge/internal/platform/db"
	"wangge/internal/platform/id"
)

func writeShape(ctx context.Context, tx *db.Tx, district int, place id.ID, datum, text string, now int64) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO area_geometry (district, place_id, datum, geojson, updated_ms) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (district, place_id) DO UPDATE SET datum = excluded.datum, geojson = excluded.geojson, updated_ms = excluded.updated_ms`,
		district, int64(place), datum, text, now)
	return err
}

// shapesOf reads the outlines of the children of a place.
func shapesOf(ctx context.Context, q db.Queryer, district int, parent id.ID) (texts map[id.ID]string, datum string, err error) {
	texts = map[id.ID]string{}
	err = db.Each(ctx, q, func(r *sql.Rows) error {
		var pid id.ID
		var text string
		err := r.Scan(&pid, &datum, &text)
		texts[pid] = text
		return err
	}, `SELECT g.place_id, g.datum, g.geojson FROM area_geometry g JOIN place p ON p.district = g.district AND p.id = g.place_id
		WHERE g.district = $1 AND p.parent_id = $2`, district, int64(parent))
	return texts, datum, err
}
