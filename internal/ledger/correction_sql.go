package ledger

import (
	"context"

	"wangge/internal/grid"
	"wangge/internal/platform/db"
	"wangge/internal/platform/id"
)

// fixCode is a code that is good.
type fixCode struct {
	id, household id.ID
	until         int64
}

// insertFixCode stores a code and ends the household's unused ones.
func (s *Service) insertFixCode(ctx context.Context, tx *db.Tx, district int, hash []byte, household, account, post id.ID, now, until int64) error {
	if _, err := tx.ExecContext(ctx, `UPDATE correction_code SET expires_ms = $3 WHERE district = $1 AND household_id = $2 AND used_ms = 0 AND expires_ms > $3`, district, int64(household), now); err != nil {
		return err
	}
	return tx.BulkInsert(ctx, "correction_code", []string{"district", "id", "hash", "household_id", "account_id", "post_id", "created_ms", "expires_ms"},
		[][]any{{district, int64(id.New()), hash, int64(household), int64(account), int64(post), now, until}})
}

func (s *Service) fixCode(ctx context.Context, q queryer, district int, hash []byte, now int64) (fixCode, error) {
	var f fixCode
	err := q.QueryRowContext(ctx, `SELECT id, household_id, expires_ms FROM correction_code WHERE district = $1 AND hash = $2 AND used_ms = 0 AND expires_ms > $3`, district, hash, now).
		Scan((*int64)(&f.id), (*int64)(&f.household), &f.until)
	return f, notFound(err)
}

func (s *Service) useFixCode(ctx context.Context, tx *db.Tx, district int, code id.ID, now int64) error {
	res, err := tx.ExecContext(ctx, `UPDATE correction_code SET used_ms = $3 WHERE district = $1 AND id = $2 AND used_ms = 0`, district, int64(code), now)
	if err != nil {
		return err
	}
	return changedOne(res)
}

func (s *Service) insertCorrection(ctx context.Context, tx *db.Tx, district int, r correctionRow) error {
	return tx.BulkInsert(ctx, tableCorrection, []string{"district", "id", "household_id", "source", "register", "sealed", "open_count", "account_id", "post_id", "created_ms", "version"},
		[][]any{{district, int64(r.id), int64(r.household), r.source, r.register, r.blob, r.open, int64(r.account), int64(r.post), r.created, r.version}})
}

func (s *Service) updateCorrection(ctx context.Context, tx *db.Tx, district int, r correctionRow) error {
	res, err := tx.ExecContext(ctx, `UPDATE correction SET sealed = $3, open_count = $4, closed_ms = $5, version = version + 1 WHERE district = $1 AND id = $2 AND version = $6`,
		district, int64(r.id), r.blob, r.open, r.ended, r.version)
	if err != nil {
		return err
	}
	return changedOne(res)
}

const correctionSelect = `SELECT k.id, k.household_id, k.source, k.register, k.sealed, k.open_count, k.account_id, k.post_id, k.created_ms, k.closed_ms, k.version, h.door_id
	FROM correction k JOIN household h ON h.district = k.district AND h.id = k.household_id JOIN place d ON d.district = h.district AND d.id = h.door_id WHERE k.district = $1 AND `

func (r *correctionRow) fields() []any {
	return []any{(*int64)(&r.id), (*int64)(&r.household), &r.source, &r.register, &r.blob, &r.open, (*int64)(&r.account), (*int64)(&r.post), &r.created, &r.ended, &r.version, (*int64)(&r.door)}
}

// correctionRow reads one correction within what the caller may write.
func (s *Service) correctionRow(ctx context.Context, q queryer, c grid.Caller, correction id.ID) (correctionRow, error) {
	a := db.NewArgs(c.District)
	var r correctionRow
	err := q.QueryRowContext(ctx, correctionSelect+`k.id = `+a.Add(int64(correction))+` AND `+c.Scope(grid.LedgerWrite, a, doorCols), a.List()...).Scan(r.fields()...)
	return r, notFound(err)
}

func (s *Service) correctionRows(ctx context.Context, c grid.Caller, under string, closed bool, after id.ID, limit int) ([]correctionRow, error) {
	a := db.NewArgs(c.District)
	where := c.Scope(grid.LedgerWrite, a, doorCols) + underPath(a, under)
	switch {
	case !closed:
		where += ` AND k.closed_ms = 0 ORDER BY k.id`
	case after != id.Zero:
		where += ` AND k.closed_ms > 0 AND k.id < ` + a.Add(int64(after)) + ` ORDER BY k.id DESC`
	default:
		where += ` AND k.closed_ms > 0 ORDER BY k.id DESC`
	}
	return db.List(ctx, s.db.Read(), (*correctionRow).fields, correctionSelect+where+` LIMIT `+a.Add(limit), a.List()...)
}
