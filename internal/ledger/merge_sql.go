package ledger

import (
	"context"
	"database/sql"

	"wangge/internal/platform/db"
	"wangge/internal/platform/id"
)

func (s *Service) insertMerge(ctx context.Context, tx *db.Tx, district int, m mergeRow) error {
	return tx.BulkInsert(ctx, tableMerge, []string{"district", "id", "keep_id", "drop_id", "keep_version", "drop_version", "register", "sealed", "account_id", "post_id", "at_ms"},
		[][]any{{district, int64(m.id), int64(m.keep), int64(m.drop), m.keepVersion, m.dropVersion, m.register, m.blob, int64(m.account), int64(m.post), m.atMs}})
}

const mergeSelect = `SELECT id, keep_id, drop_id, keep_version, drop_version, register, sealed, account_id, post_id, at_ms, undone_ms FROM person_merge WHERE district = $1 AND `

func scanMerge(row interface{ Scan(...any) error }) (mergeRow, error) {
	var m mergeRow
	err := row.Scan((*int64)(&m.id), (*int64)(&m.keep), (*int64)(&m.drop), &m.keepVersion, &m.dropVersion, &m.register, &m.blob, (*int64)(&m.account), (*int64)(&m.post), &m.atMs, &m.undoneMs)
	return m, notFound(err)
}

func (s *Service) merge(ctx context.Context, q db.Queryer, district int, merge id.ID) (mergeRow, error) {
	return scanMerge(q.QueryRowContext(ctx, mergeSelect+`id = $2`, district, int64(merge)))
}

// merges reads the merges into a record, newest first.
func (s *Service) merges(ctx context.Context, q db.Queryer, district int, keep id.ID) ([]mergeRow, error) {
	return db.Collect(ctx, q, mergeSelect+`keep_id = $2 ORDER BY id DESC LIMIT 20`, []any{district, int64(keep)}, func(r *sql.Rows) (mergeRow, error) { return scanMerge(r) })
}

// endMerge marks a merge as undone and takes out the line that said where the
// dropped record had lived: it lives there again.
func (s *Service) endMerge(ctx context.Context, tx *db.Tx, district int, merge, residence id.ID, at int64) error {
	res, err := tx.ExecContext(ctx, `UPDATE person_merge SET undone_ms = $3 WHERE district = $1 AND id = $2 AND undone_ms = 0`, district, int64(merge), at)
	if err == nil {
		err = changedOne(res)
	}
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `DELETE FROM residence WHERE district = $1 AND id = $2`, district, int64(residence))
	return err
}

// versionsOf returns the versions of two records.
func (s *Service) versionsOf(ctx context.Context, q db.Queryer, district int, a, b id.ID) (va, vb int, err error) {
	err = q.QueryRowContext(ctx, `SELECT x.version, y.version FROM person x CROSS JOIN person y WHERE x.district = $1 AND y.district = $1 AND x.id = $2 AND y.id = $3`,
		district, int64(a), int64(b)).Scan(&va, &vb)
	return va, vb, notFound(err)
}

// handItems gives entries of a list to another record.
func (s *Service) handItems(ctx context.Context, tx *db.Tx, district int, table string, items []id.ID, to id.ID) error {
	if len(items) == 0 {
		return nil
	}
	a := db.NewArgs(district)
	_, err := tx.ExecContext(ctx, `UPDATE `+table+` SET person_id = `+a.Add(int64(to))+` WHERE district = $1 AND id IN `+db.In(a, ints(items)), a.List()...)
	return err
}

// keptApart returns the pairs among persons that somebody found to be two
// people, as smaller and larger id.
func (s *Service) keptApart(ctx context.Context, q db.Queryer, district int, persons []id.ID) (map[[2]id.ID]bool, error) {
	out := map[[2]id.ID]bool{}
	err := db.Chunks(persons, 500, func(part []id.ID) error {
		a := db.NewArgs(district)
		pairs, err := db.Collect(ctx, q, `SELECT a_id, b_id FROM person_apart WHERE district = $1 AND a_id IN `+db.In(a, ints(part)), a.List(), func(r *sql.Rows) ([2]id.ID, error) {
			var x, y int64
			err := r.Scan(&x, &y)
			return [2]id.ID{id.ID(x), id.ID(y)}, err
		})
		for _, p := range pairs {
			out[p] = true
		}
		return err
	})
	return out, err
}

func (s *Service) insertApart(ctx context.Context, tx *db.Tx, district int, a, b, account id.ID, at int64) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO person_apart (district, a_id, b_id, account_id, at_ms) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (district, a_id, b_id) DO NOTHING`,
		district, int64(min(a, b)), int64(max(a, b)), int64(account), at)
	return err
}
