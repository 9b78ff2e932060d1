package app

import (
	"context"
	"encoding/hex"

	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/seal"
)

// Keyring opens the keys and makes the standing register's key if there is none.
func Keyring(ctx context.Context, dir string) (*seal.Keyring, error) {
	keys, err := seal.NewKeyring(dir, nil)
	if err != nil {
		return nil, err
	}
	if !keys.Has(seal.Standing) {
		if err := keys.Create(ctx, seal.Standing); err != nil && !errs.Is(err, errs.Conflict) {
			return nil, err
		}
	}
	return keys, nil
}

// keyringOf opens the keys of a database. All processes on it use one key folder,
// or copies of it: a folder without its standing key, or with another one, is
// refused (Invalid, "app.keys_lost", "app.keys_other"), where two keys would each
// seal what the other cannot open. The first keys it is opened with are noted.
func keyringOf(ctx context.Context, d *db.DB, dir string) (*seal.Keyring, error) {
	const op = "app.keyring"
	noted, err := notedKeys(ctx, d.Read())
	if err != nil {
		return nil, err
	}
	if noted != "" {
		have, err := seal.OpenKeyring(dir)
		if errs.Is(err, errs.NotFound) || err == nil && !have.Has(seal.Standing) {
			return nil, errs.E(op, errs.Invalid, "app.keys_lost", dir)
		}
		if err != nil {
			return nil, err
		}
	}
	keys, err := Keyring(ctx, dir)
	if err != nil {
		return nil, err
	}
	mine := hex.EncodeToString(keys.Hash(seal.Standing, "database", "standing"))
	if noted == "" {
		err = d.Write(ctx, op, func(tx *db.Tx) (err error) {
			if err = noteKeys(ctx, tx, mine); err == nil {
				noted, err = notedKeys(ctx, tx)
			}
			return err
		})
	}
	if err == nil && noted != mine {
		err = errs.E(op, errs.Invalid, "app.keys_other", dir)
	}
	return keys, err
}
