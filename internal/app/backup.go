package app

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/seal"
)

// BackupReport says what `wangge backup` wrote.
type BackupReport struct {
	db.Copied
	Keys   []string `json:"keys"` // the keys it is sealed with, which are not in it
	TookMs int64    `json:"took_ms"`
}

// Backup writes a verified copy of the SQLite database into the file to, or
// into the folder to under a name with district and time. A server may be
// running on the database.
func Backup(ctx context.Context, o Options, to string) (BackupReport, error) {
	began := o.clock().Now()
	var out BackupReport
	url, err := o.Config.DatabaseURL()
	if err != nil {
		return out, err
	}
	d, err := db.OpenAsIs(ctx, url, o.clock(), o.log())
	if err != nil {
		return out, err
	}
	defer d.Close()
	if out.Keys, err = registersOf(ctx, d.Read()); err != nil {
		return out, err
	}
	if info, err := os.Stat(to); err == nil && info.IsDir() {
		district, err := DistrictOf(ctx, d, o.Config.District)
		if err != nil {
			return out, err
		}
		to = filepath.Join(to, fmt.Sprintf("wangge-%06d-%s.db", district, began.UTC().Format("20060102T150405Z")))
	} else if info, err := os.Stat(filepath.Dir(to)); err != nil || !info.IsDir() {
		return out, errs.E("app.Backup", errs.NotFound, "escrow.no_folder", filepath.Dir(to))
	}
	out.Copied, err = d.Backup(ctx, to)
	out.TookMs = o.clock().Now().Sub(began).Round(time.Millisecond).Milliseconds()
	return out, err
}

// RestoreReport says what `wangge restore` did and found.
type RestoreReport struct {
	db.Restored
	Keys  []KeyState `json:"keys"`
	Check Report     `json:"check"`
}

// MissingKeys names the keys without which parts of the database cannot be read.
func (r RestoreReport) MissingKeys() string {
	var list []string
	for _, k := range r.Keys {
		if k.State == keyMissing {
			list = append(list, k.Key)
		}
	}
	return strings.Join(list, " ")
}

// Restore puts a backup in the place of the SQLite database of the settings,
// after it was read whole, migrated and checked with the keys at hand. With
// findings it fails with ErrFound, and nothing was changed.
func Restore(ctx context.Context, o Options, from string, force bool, lang string) (RestoreReport, error) {
	var out RestoreReport
	url, err := o.Config.DatabaseURL()
	if err != nil {
		return out, err
	}
	keys, err := openKeys(o)
	if err != nil {
		return out, err
	}
	out.Restored, err = db.Restore(ctx, db.Restoring{From: from, URL: url, Force: force, Clock: o.clock(), Log: o.log(), Accept: func(d *db.DB) error {
		if out.Keys, err = keyStates(ctx, d.Read(), keys); err != nil {
			return err
		}
		if err := refuseForeign(out.Keys, o.Config.KeyDir()); err != nil {
			return err
		}
		if out.Check, err = CheckDB(ctx, d, keys, lang); err == nil && !out.Check.Clean {
			err = ErrFound
		}
		return err
	}})
	return out, err
}

// openKeys opens the key folder for reading; nil where there is none.
func openKeys(o Options) (*seal.Keyring, error) {
	keys, err := seal.OpenKeyring(o.Config.KeyDir())
	if errs.Is(err, errs.NotFound) {
		return nil, nil
	}
	return keys, err
}

// refuseForeign refuses keys of another installation.
func refuseForeign(states []KeyState, dir string) error {
	for _, k := range states {
		if k.State == keyForeign {
			return errs.E("app.keys", errs.Invalid, "app.keys_other", dir)
		}
	}
	return nil
}
