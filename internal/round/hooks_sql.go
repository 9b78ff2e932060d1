package round

import (
	"context"

	"wangge/internal/platform/db"
	"wangge/internal/platform/id"
)

// among returns where those of the objects are that belong to the selection.
func (sel *selection) among(ctx context.Context, q db.Queryer, objects []id.ID) ([]spot, error) {
	var out []spot
	err := db.Chunks(objects, 800, func(part []id.ID) error {
		a := db.NewArgs(sel.round.district)
		text := "SELECT object_id, door_id, leaf_id, grid_id, path FROM (" + sel.sql(a, "") + ") x WHERE object_id IN " + db.In(a, part) + " ORDER BY path, object_id"
		rows, err := q.QueryContext(ctx, text, a.List()...)
		list, err := collect(rows, err, scanSpot)
		out = append(out, list...)
		return err
	})
	return out, err
}

func touchVersion(ctx context.Context, tx *db.Tx, district int, occ id.ID) error {
	_, err := tx.ExecContext(ctx, "UPDATE occurrence SET version = version + 1 WHERE district = $1 AND id = $2", district, occ)
	return err
}
