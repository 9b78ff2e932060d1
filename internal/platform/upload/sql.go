package upload

import (
	"context"
	"database/sql"
	"errors"

	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
)

// row is a file as it is kept. AppliedMs is when it was carried out, or began
// to be.
type row struct {
	File
	account id.ID
	sealed  []byte
}

const columns = `id, kind, place_id, account_id, created_ms, applied_ms, sealed, result`

func (r *row) fields() []any {
	return []any{&r.ID, &r.Kind, &r.Place, &r.account, &r.CreatedMs, &r.AppliedMs, &r.sealed, &r.result}
}

func insertFile(ctx context.Context, tx *db.Tx, who Owner, f File, sealed []byte) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO list_in (district, id, kind, place_id, account_id, created_ms, applied_ms, sealed, result) VALUES ($1, $2, $3, $4, $5, $6, 0, $7, $8)`,
		who.District, int64(f.ID), f.Kind, int64(f.Place), int64(who.Account), f.CreatedMs, sealed, []byte{})
	return err
}

func selectFile(ctx context.Context, q db.Queryer, district int, file id.ID) (row, error) {
	var r row
	err := q.QueryRowContext(ctx, `SELECT `+columns+` FROM list_in WHERE district = $1 AND id = $2`, district, int64(file)).Scan(r.fields()...)
	if errors.Is(err, sql.ErrNoRows) {
		err = errs.E("upload.Open", errs.NotFound, "upload.not_found")
	}
	return r, err
}

// latestFiles reads the files of an account, newest first.
func latestFiles(ctx context.Context, q db.Queryer, who Owner, kinds []string, n int) ([]row, error) {
	a := db.NewArgs(who.District, int64(who.Account), n)
	return db.List(ctx, q, (*row).fields, `SELECT `+columns+` FROM list_in WHERE district = $1 AND account_id = $2 AND kind IN `+db.In(a, kinds)+` ORDER BY id DESC LIMIT $3`, a.List()...)
}

// claimFile marks a file as being carried out since now. It is false where that
// was done or somebody is at it; one who began before lost is at it no longer.
func claimFile(ctx context.Context, tx *db.Tx, district int, file id.ID, now, lost int64) (bool, error) {
	return db.One(tx.ExecContext(ctx, `UPDATE list_in SET applied_ms = $3 WHERE district = $1 AND id = $2 AND length(result) = 0 AND (applied_ms = 0 OR applied_ms < $4)`,
		district, int64(file), now, lost))
}

// endClaim keeps what the carrying out that began at claimed did; without a
// result the file waits as before.
func endClaim(ctx context.Context, tx *db.Tx, district int, file id.ID, claimed, now int64, result []byte) error {
	if result == nil {
		now, result = 0, []byte{}
	}
	_, err := tx.ExecContext(ctx, `UPDATE list_in SET applied_ms = $4, result = $5 WHERE district = $1 AND id = $2 AND applied_ms = $3 AND length(result) = 0`,
		district, int64(file), claimed, now, result)
	return err
}

func deleteOlder(ctx context.Context, tx *db.Tx, district int, before int64) error {
	_, err := tx.ExecContext(ctx, `DELETE FROM list_in WHERE district = $1 AND created_ms < $2`, district, before)
	return err
}
