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

// As they stand in the AAD of sealed photos and of their places.
const (
	tablePhoto = "photo"
	tablePlace = "photo_place"
)

// Save seals a prepared photo under the register's key and keeps it in the
// database, so that replicas and backups agree; it returns the photo's id.
func (p Photo) Save(ctx context.Context, tx *db.Tx, keys *seal.Keyring, district int, register string, account id.ID, nowMs int64) (id.ID, error) {
	photo := id.New()
	sealed, err := keys.Seal(register, seal.AAD(register, tablePhoto, photo), p.JPEG)
	if err != nil {
		return id.Zero, err
	}
	var place any // NULL where it was not asked for
	if p.place != nil {
		if place, err = keys.SealJSON(register, seal.AAD(register, tablePlace, photo), p.place); err != nil {
			return id.Zero, err
		}
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO photo (district, id, register, width, height, bytes, sealed, place, account_id, created_ms) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		district, int64(photo), register, p.Width, p.Height, len(p.JPEG), sealed, place, int64(account), nowMs)
	return photo, err
}

// Places returns the places of those of some photos of which it was asked for;
// one whose key was destroyed is left out. Whether the caller may see them is
// the slice's matter.
func Places(ctx context.Context, q db.Queryer, keys *seal.Keyring, district int, photos []id.ID) (map[id.ID]Place, error) {
	const op = "blob.Places"
	type row struct {
		id       id.ID
		register string
		sealed   []byte
	}
	out := map[id.ID]Place{}
	err := db.Chunks(photos, 500, func(part []id.ID) error {
		a := db.NewArgs(district)
		rows, err := db.List(ctx, q, func(r *row) []any { return []any{&r.id, &r.register, &r.sealed} },
			`SELECT id, register, place FROM photo WHERE district = $1 AND place IS NOT NULL AND id IN `+db.In(a, part), a.List()...)
		for _, r := range rows {
			var p Place
			bad := keys.OpenJSON(r.register, seal.AAD(r.register, tablePlace, r.id), r.sealed, &p)
			if bad == nil {
				out[r.id] = p
			} else if !errs.Is(bad, errs.NotFound) {
				return bad
			}
		}
		return err
	})
	return out, errs.Wrap(op, err)
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
