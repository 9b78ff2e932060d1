package blob

import (
	"context"
	"database/sql"
	"errors"

	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
)

func insertPhoto(ctx context.Context, tx *db.Tx, district int, m Meta, sealed []byte) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO photo (district, id, register, width, height, bytes, sealed, account_id, created_ms)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`, district, m.ID, m.Register, m.Width, m.Height, m.Bytes, sealed, m.Account, m.At)
	return err
}

func selectPhoto(ctx context.Context, q db.Queryer, district int, photo id.ID) (m Meta, sealed []byte, err error) {
	err = q.QueryRowContext(ctx, `SELECT id, register, width, height, bytes, account_id, created_ms, sealed FROM photo WHERE district = $1 AND id = $2`,
		district, photo).Scan(&m.ID, &m.Register, &m.Width, &m.Height, &m.Bytes, &m.Account, &m.At, &sealed)
	if errors.Is(err, sql.ErrNoRows) {
		err = errs.E("blob.Get", errs.NotFound, "blob.not_found")
	}
	return m, sealed, err
}
