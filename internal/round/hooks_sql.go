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

// drift returns what belongs to the selection and is not on the list, and what
// is outstanding on the list and no longer there: a place that was closed, a
// household or person that left, also one that a correction opened again where
// it no longer lives.
func (sel *selection) drift(ctx context.Context, q db.Queryer, now int64, limit int) (fresh []spot, gone []id.ID, err error) {
	r := sel.round
	a := db.NewArgs(r.district)
	occ := a.Add(r.OccurrenceID)
	rows, err := q.QueryContext(ctx, "SELECT x.object_id, x.door_id, x.leaf_id, x.grid_id, x.path FROM ("+sel.sql(a, "")+") x LEFT JOIN target t ON t.district = $1 AND t.occurrence_id = "+occ+
		" AND t.object_id = x.object_id WHERE t.object_id IS NULL ORDER BY x.path, x.object_id LIMIT "+a.Add(limit), a.List()...)
	if fresh, err = collect(rows, err, scanSpot); err != nil {
		return nil, nil, err
	}
	a = db.NewArgs(r.district, r.OccurrenceID, now)
	table, left := "place", ""
	away := func() string {
		return " OR EXISTS (SELECT 1 FROM place d WHERE d.district = x.district AND d.id = x.door_id AND (d.path < " + a.Add(r.AreaPath) + " OR d.path >= " + a.Add(r.AreaPath+"~") + "))"
	}
	switch r.TargetKind {
	case Households:
		table, left = "household", " OR x.kind = 'vacant'"+away()
	case Persons:
		table, left = "person", " OR x.lives_here = 0"+away()
	case Posts:
		table = "post"
	}
	rows, err = q.QueryContext(ctx, "SELECT t.object_id FROM target t JOIN "+table+" x ON x.district = t.district AND x.id = t.object_id"+
		" WHERE t.district = $1 AND t.occurrence_id = $2 AND t.state IN (0, 1) AND (x.until_ms <> 0 AND x.until_ms <= $3"+left+") ORDER BY t.object_id LIMIT "+a.Add(limit), a.List()...)
	gone, err = collect(rows, err, scanID)
	return fresh, gone, err
}
