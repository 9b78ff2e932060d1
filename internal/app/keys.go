package app

import (
	"context"
	"encoding/hex"

	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/escrow"
	"wangge/internal/platform/id"
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

// keysMoved reads the key folder again when another process made or destroyed
// keys.
func (a *App) keysMoved(ctx context.Context, topic string) {
	if topic != escrow.Topic && topic != db.Everything {
		return
	}
	a.Keys.Reload()
	if err := a.Escrow.Enforce(ctx); err != nil && ctx.Err() == nil {
		a.log().Warn("a destroyed key is still in the key folder", "error", err)
	}
}

// KeyReport is what `wangge admin keys list` prints.
type KeyReport struct {
	Keys   []KeyState    `json:"keys"`
	Copies []escrow.Copy `json:"copies"`
}

// ListKeys returns the keys the database needs and every copy of them on
// record. It changes nothing and may run beside a server.
func ListKeys(ctx context.Context, o Options) (out KeyReport, err error) {
	url, err := o.Config.DatabaseURL()
	if err != nil {
		return out, err
	}
	d, err := db.OpenReadOnly(ctx, url, o.clock(), o.log())
	if err != nil {
		return out, err
	}
	defer d.Close()
	district, err := DistrictOf(ctx, d, o.Config.District)
	if err != nil {
		return out, err
	}
	keys, err := openKeys(o)
	if err != nil {
		return out, err
	}
	if out.Keys, err = keyStates(ctx, d.Read(), keys); err != nil {
		return out, err
	}
	out.Copies, err = (&escrow.Register{District: district, DB: d}).Copies(ctx)
	return out, err
}

// CopiedKeys says what `wangge admin keys escrow` and `print` did.
type CopiedKeys struct {
	Copy   escrow.Copy `json:"copy"`
	Keys   []string    `json:"keys"`
	Master bool        `json:"master"`         // the copy holds the master key too
	Text   string      `json:"text,omitempty"` // the key as a line, of a copy on paper
}

// EscrowKeys writes a copy of the key folder to a folder and records it.
func EscrowKeys(ctx context.Context, o Options, to string, w escrow.Who) (out CopiedKeys, err error) {
	err = withApp(ctx, o, func(a *App) error {
		out.Copy, out.Keys, out.Master, err = a.Escrow.CopyFolder(ctx, to, w)
		return err
	})
	return out, err
}

// PrintKey returns one key as a line of text and records who gets it.
func PrintKey(ctx context.Context, o Options, key string, w escrow.Who) (out CopiedKeys, err error) {
	err = withApp(ctx, o, func(a *App) error {
		out.Copy, out.Text, err = a.Escrow.CopyText(ctx, key, w)
		out.Keys = []string{key}
		return err
	})
	return out, err
}

// EndKeyCopy records that a copy (of all its keys, or of one) is proved gone.
func EndKeyCopy(ctx context.Context, o Options, copyID id.ID, key, by string) error {
	return withApp(ctx, o, func(a *App) error { return a.Escrow.End(ctx, copyID, key, by) })
}

// DestroyKey destroys an emergency's key and returns what became of its copies.
// While rounds of the emergency are open it is Conflict "app.keys.in_use" unless
// force.
func DestroyKey(ctx context.Context, o Options, key, by string, force bool) (list []escrow.Copy, err error) {
	err = withApp(ctx, o, func(a *App) error {
		n, err := openRounds(ctx, a.DB.Read(), a.District, key)
		if err == nil && n > 0 && !force {
			err = errs.E("app.DestroyKey", errs.Conflict, "app.keys.in_use", n, key)
		}
		if err != nil {
			return err
		}
		list, err = a.Escrow.Destroy(ctx, key, by)
		return err
	})
	return list, err
}

// RestoreKey puts a key that was printed back into a folder that lost it, and
// returns its name. It works on the folder alone: without its keys no
// installation opens.
func RestoreKey(ctx context.Context, o Options, text string) (string, error) {
	keys, err := seal.NewKeyring(o.Config.KeyDir(), nil)
	if err != nil {
		return "", db.Fault("app.RestoreKey", err)
	}
	return keys.RestoreText(ctx, text)
}
