package blob

import (
	"context"
	"database/sql"
	"errors"

	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/platform/seal"
)

// tablePhoto as it stands in the AAD of sealed photos.
const tablePhoto = "photo"

// Save seals a prepared photo under the register's key and keeps it in the
// database, so that replicas and backups agree; it returns the photo's id.
func (p Photo) Save(ctx context.Context, tx *db.Tx, keys *seal.Keyring, district int, register string, account id.ID, nowMs int64) (id.ID, error) {
	photo := id.New()
	sealed, err := keys.Seal(register, seal.AAD(register, tablePhoto, photo), p.JPEG)
	if err != nil {
		return id.Zero, err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO photo (district, id, register, width, height, bytes, sealed, account_id, created_ms) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		district, int64(photo), register, p.Width, p.Height, len(p.JPEG), sealed, int64(account), nowMs)
	return photo, err
}

// Load returns the JPEG of a photo. Whether the caller may see it is the
// slice's matter. NotFound (blob.gone) where there is none, or no more.
func Load(ctx context.Context, q db.Queryer, keys *seal.Keyring, district int, photo id.ID) ([]byte, error) {
	const op = "blob.Load"
	var register string
	var sealed []byte
	err := q.QueryRowContext(ctx, `SELECT register, sealed FROM photo WHERE district = $1 AND id = $2`, district, int64(photo)).Scan(&register, &sealed)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, errs.E(op, errs.NotFound, "blob.gone")
	}
	if err != nil {
		return nil, errs.Wrap(op, err)
	}
	return keys.Open(register, seal.AAD(register, tablePhoto, photo), sealed)
}

// Delete removes photos for good.
func Delete(ctx context.Context, tx *db.Tx, district int, photos []id.ID) error {
	return db.Chunks(photos, 500, func(part []id.ID) error {
		a := db.NewArgs(district)
		ids := make([]int64, len(part))
		for i, p := range part {
			ids[i] = int64(p)
		}
		_, err := tx.ExecContext(ctx, `DELETE FROM photo WHERE district = $1 AND id IN `+db.In(a, ids), a.List()...)
		return err
	})
}
