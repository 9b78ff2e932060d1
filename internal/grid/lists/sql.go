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
	Applied int64
	sealed  []byte
	result  []byte
}

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

func setApplied(ctx context.Context, tx *db.Tx, district int, list id.ID, now int64, result []byte) error {
	_, err := tx.ExecContext(ctx, `UPDATE list_in SET applied_ms = $3, result = $4 WHERE district = $1 AND id = $2`, district, int64(list), now, result)
	return err
}

func deleteLists(ctx context.Context, tx *db.Tx, district int, before int64) error {
	_, err := tx.ExecContext(ctx, `DELETE FROM list_in WHERE district = $1 AND created_ms < $2`, district, before)
	return err
}
