package lists

import (
	"context"
	"database/sql"
	"errors"

	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
)

// stored is a list as it is kept.
type stored struct {
	ID      id.ID
	Kind    Kind
	Place   id.ID
	Account id.ID
	Created int64
	Applied int64 // when it was written, or began to be
	sealed  []byte
	result  []byte
}

// written reports whether the list was written to its end.
func (l *stored) written() bool { return len(l.result) != 0 }

const storedColumns = `id, kind, place_id, account_id, created_ms, applied_ms, sealed, result`

func (l *stored) fields() []any {
	return []any{&l.ID, &l.Kind, &l.Place, &l.Account, &l.Created, &l.Applied, &l.sealed, &l.result}
}

func insertList(ctx context.Context, tx *db.Tx, district int, l stored) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO list_in (district, id, kind, place_id, account_id, created_ms, applied_ms, sealed, result) VALUES ($1, $2, $3, $4, $5, $6, 0, $7, $8)`,
		district, int64(l.ID), string(l.Kind), int64(l.Place), int64(l.Account), l.Created, l.sealed, []byte{})
	return err
}

func selectList(ctx context.Context, q db.Queryer, district int, list id.ID) (stored, error) {
	var l stored
	err := q.QueryRowContext(ctx, `SELECT `+storedColumns+` FROM list_in WHERE district = $1 AND id = $2`, district, int64(list)).Scan(l.fields()...)
	if errors.Is(err, sql.ErrNoRows) {
		err = errs.E("lists.open", errs.NotFound, "lists.not_found")
	}
	return l, err
}

// claimList marks a list as being written since now. It is false where somebody
// wrote it or is at it; one who began before lost is at it no longer.
func claimList(ctx context.Context, tx *db.Tx, district int, list id.ID, now, lost int64) (bool, error) {
	res, err := tx.ExecContext(ctx, `UPDATE list_in SET applied_ms = $3 WHERE district = $1 AND id = $2 AND length(result) = 0 AND (applied_ms = 0 OR applied_ms < $4)`,
		district, int64(list), now, lost)
	if err != nil {
		return false, err
	}
	n, err := res.RowsAffected()
	return n == 1, err
}

// endClaim keeps what the writing that began at claimed did; without a result
// the list waits as before.
func endClaim(ctx context.Context, tx *db.Tx, district int, list id.ID, claimed, now int64, result []byte) error {
	if result == nil {
		now, result = 0, []byte{}
	}
	_, err := tx.ExecContext(ctx, `UPDATE list_in SET applied_ms = $4, result = $5 WHERE district = $1 AND id = $2 AND applied_ms = $3 AND length(result) = 0`,
		district, int64(list), claimed, now, result)
	return err
}

func deleteLists(ctx context.Context, tx *db.Tx, district int, before int64) error {
	_, err := tx.ExecContext(ctx, `DELETE FROM list_in WHERE district = $1 AND created_ms < $2`, district, before)
	return err
}
