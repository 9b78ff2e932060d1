package inspection

import (
	"context"

	"wangge/internal/grid"
	"wangge/internal/platform/db"
	"wangge/internal/platform/id"
)

const inspectionSelect = `SELECT i.id, i.area_id, i.path, i.object, i.seed, i.population, i.fields, i.post_id, i.account_id, i.created_ms,
	(SELECT COUNT(*) FROM inspection_item m WHERE m.district = i.district AND m.inspection_id = i.id),
	(SELECT COUNT(*) FROM inspection_item m WHERE m.district = i.district AND m.inspection_id = i.id AND m.outcome <> '' AND m.outcome <> 'absent'),
	(SELECT COUNT(*) FROM inspection_item m JOIN task t ON t.district = m.district AND t.id = m.task_id WHERE m.district = i.district AND m.inspection_id = i.id AND t.open = 1)
	FROM inspection i WHERE i.district = $1`

func inspectionFields(i *Inspection) []any {
	return []any{&i.ID, &i.AreaID, &i.path, &i.Object, &i.Seed, &i.Population, &i.fields, &i.PostID, &i.AccountID, &i.CreatedMs, &i.Drawn, &i.Visited, &i.Open}
}

// selectInspections lists those within the caller's scope below a path, the
// latest first.
func selectInspections(ctx context.Context, q db.Queryer, c grid.Caller, path string, limit int) ([]Inspection, error) {
	a := db.NewArgs(c.District)
	text := inspectionSelect + " AND i.path >= " + a.Add(path) + " AND i.path < " + a.Add(path+"~") +
		" AND " + c.Scope(permission, a, grid.Columns{Path: "i.path"}) + " ORDER BY i.id DESC LIMIT " + a.Add(limit)
	return db.List(ctx, q, inspectionFields, text, a.List()...)
}

func selectInspection(ctx context.Context, q db.Queryer, district int, inspection id.ID) ([]Inspection, error) {
	return db.List(ctx, q, inspectionFields, inspectionSelect+" AND i.id = $2", district, inspection)
}

const itemSelect = `SELECT m.id, m.inspection_id, m.place_id, m.post_id, m.visits, m.outcome, m.task_id, COALESCE(t.open, 0)
	FROM inspection_item m LEFT JOIN task t ON t.district = m.district AND t.id = m.task_id WHERE m.district = $1`

func itemFields(m *Item) []any {
	return []any{&m.ID, &m.InspectionID, &m.PlaceID, &m.PostID, &m.Visits, &m.Outcome, &m.TaskID, &m.taskOpen}
}

func selectItems(ctx context.Context, q db.Queryer, district int, inspection id.ID) ([]Item, error) {
	return db.List(ctx, q, itemFields, itemSelect+" AND m.inspection_id = $2 ORDER BY m.ordinal", district, inspection)
}

func selectItem(ctx context.Context, q db.Queryer, district int, item id.ID) ([]Item, error) {
	return db.List(ctx, q, itemFields, itemSelect+" AND m.id = $2", district, item)
}

func selectVisits(ctx context.Context, q db.Queryer, district int, item id.ID) ([]Visit, error) {
	return db.List(ctx, q, func(v *Visit) []any {
		return []any{&v.Seq, &v.AtMs, &v.AccountID, &v.PostID, &v.Outcome, &v.TaskID, &v.sealed, &v.Photos}
	}, `SELECT v.seq, v.at_ms, v.account_id, v.post_id, v.outcome, v.task_id, v.sealed,
		(SELECT COUNT(*) FROM inspection_photo p WHERE p.district = v.district AND p.item_id = v.item_id AND p.seq = v.seq)
		FROM inspection_visit v WHERE v.district = $1 AND v.item_id = $2 ORDER BY v.seq`, district, item)
}

func insertInspection(ctx context.Context, tx *db.Tx, district int, i Inspection, items []Item) error {
	_, err := tx.ExecContext(ctx, "INSERT INTO inspection (district, id, area_id, path, object, seed, population, fields, post_id, account_id, created_ms) VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11)",
		district, i.ID, i.AreaID, i.path, string(i.Object), i.Seed, i.Population, i.fields, i.PostID, i.AccountID, i.CreatedMs)
	if err != nil {
		return err
	}
	rows := make([][]any, len(items))
	for n, m := range items {
		rows[n] = []any{district, int64(m.ID), int64(i.ID), n + 1, int64(m.PlaceID), int64(m.PostID)}
	}
	return tx.BulkInsert(ctx, "inspection_item", []string{"district", "id", "inspection_id", "ordinal", "place_id", "post_id"}, rows)
}

// insertVisit records a visit of an item; false: another was recorded first.
func insertVisit(ctx context.Context, tx *db.Tx, district int, m Item, v Visit) (bool, error) {
	res, err := tx.ExecContext(ctx, "UPDATE inspection_item SET visits = $3, outcome = $4, task_id = $5 WHERE district = $1 AND id = $2 AND visits = $6",
		district, m.ID, v.Seq, string(v.Outcome), v.TaskID, m.Visits)
	if err != nil {
		return false, err
	}
	if n, err := res.RowsAffected(); n == 0 || err != nil {
		return false, err
	}
	_, err = tx.ExecContext(ctx, "INSERT INTO inspection_visit (district, item_id, seq, at_ms, account_id, post_id, outcome, task_id, sealed) VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9)",
		district, m.ID, v.Seq, v.AtMs, v.AccountID, v.PostID, string(v.Outcome), v.TaskID, v.sealed)
	return true, err
}

// selectFindings reads the latest visits that found something, of lists drawn in
// an area.
func selectFindings(ctx context.Context, q db.Queryer, c grid.Caller, path string, limit int) ([]Finding, error) {
	lo, hi := db.PathRange(path)
	a := db.NewArgs(c.District, lo, hi, limit)
	return db.List(ctx, q, func(f *Finding) []any {
		return []any{&f.ItemID, &f.Seq, &f.PlaceID, &f.PostID, &f.AtMs, &f.sealed, &f.Open}
	}, `SELECT v.item_id, v.seq, m.place_id, m.post_id, v.at_ms, v.sealed, COALESCE(t.open, 0) FROM inspection_visit v
		JOIN inspection_item m ON m.district = v.district AND m.id = v.item_id
		JOIN inspection i ON i.district = m.district AND i.id = m.inspection_id
		LEFT JOIN task t ON t.district = v.district AND t.id = v.task_id
		WHERE v.district = $1 AND i.path >= $2 AND i.path < $3 AND v.outcome = 'found' AND `+c.Scope(permission, a, grid.Columns{Path: "i.path"})+`
		ORDER BY v.at_ms DESC, v.item_id LIMIT $4`, a.List()...)
}

func insertPhotos(ctx context.Context, tx *db.Tx, district int, item id.ID, seq int, photos []id.ID) error {
	if len(photos) == 0 {
		return nil
	}
	rows := make([][]any, len(photos))
	for i, p := range photos {
		rows[i] = []any{district, int64(item), seq, i + 1, int64(p)}
	}
	return tx.BulkInsert(ctx, "inspection_photo", []string{"district", "item_id", "seq", "n", "photo_id"}, rows)
}

// selectPhoto reads the id of a visit's n-th photo; none where there is none.
func selectPhoto(ctx context.Context, q db.Queryer, district int, item id.ID, seq, n int) ([]id.ID, error) {
	return db.List(ctx, q, func(p *id.ID) []any { return []any{p} },
		"SELECT photo_id FROM inspection_photo WHERE district = $1 AND item_id = $2 AND seq = $3 AND n = $4", district, item, seq, n)
}
