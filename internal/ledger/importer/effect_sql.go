package importer

import (
	"cmp"
	"context"
	"database/sql"
	"slices"

	"wangge/internal/grid"
	"wangge/internal/ledger"
	"wangge/internal/platform/db"
	"wangge/internal/platform/id"
)

// whyChanged is the reason of everything that an undoing leaves.
const whyChanged = "changed"

// keepKept records what the undoing of an import left as it is. Care entries
// and places go with what they belong to.
func keepKept(ctx context.Context, tx *db.Tx, district int, imp id.ID, object string, records []id.ID) error {
	if object != ledger.ObjectPerson && object != ledger.ObjectHousehold {
		return nil
	}
	for _, rec := range records {
		_, err := tx.ExecContext(ctx, `INSERT INTO import_kept (district, import_id, object, object_id, reason) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (district, import_id, object, object_id) DO UPDATE SET reason = excluded.reason`, district, int64(imp), object, int64(rec), whyChanged)
		if err != nil {
			return err
		}
	}
	return nil
}

// keptOf reads what the undoing of an import left, by id.
func keptOf(ctx context.Context, q db.Queryer, district int, imp id.ID) ([]KeptRecord, error) {
	return db.Collect(ctx, q, `SELECT object, object_id FROM import_kept WHERE district = $1 AND import_id = $2 ORDER BY object_id`, []any{district, int64(imp)},
		func(r *sql.Rows) (k KeptRecord, err error) {
			err = r.Scan(&k.Object, (*int64)(&k.ID))
			return k, err
		})
}

// records lists what would be kept, by id.
func (e *Effect) records() []KeptRecord {
	var out []KeptRecord
	for object, list := range e.kept {
		for _, rec := range list {
			out = append(out, KeptRecord{Object: object, ID: rec})
		}
	}
	slices.SortFunc(out, func(a, b KeptRecord) int { return cmp.Compare(a.ID, b.ID) })
	return out
}

// doorsAmong returns those of the places that are doors still there.
func doorsAmong(ctx context.Context, q db.Queryer, district int, places []id.ID) ([]id.ID, error) {
	var out []id.ID
	err := db.Chunks(places, 500, func(part []id.ID) error {
		a := db.NewArgs(district, string(grid.Door))
		nums := make([]int64, len(part))
		for i, v := range part {
			nums[i] = int64(v)
		}
		return db.Each(ctx, q, func(r *sql.Rows) error {
			var v int64
			err := r.Scan(&v)
			out = append(out, id.ID(v))
			return err
		}, `SELECT id FROM place WHERE district = $1 AND kind = $2 AND until_ms = 0 AND id IN `+db.In(a, nums), a.List()...)
	})
	return out, err
}
