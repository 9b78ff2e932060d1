package db

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"

	"wangge/internal/platform/clock"
	"wangge/internal/platform/errs"
)

// Restoring says what Restore is to do.
type Restoring struct {
	From  string // the backup's file
	URL   string // where the database shall be: a SQLite URL
	Force bool   // an existing database is set aside instead of refused
	Clock clock.Clock
	Log   *slog.Logger
	// Accept looks at the copy, migrated to this program's version, before it
	// takes its place; an error of it leaves everything as it was.
	Accept func(d *DB) error
}

// Restored says what Restore did.
type Restored struct {
	File     string `json:"file"`
	Bytes    int64  `json:"bytes"`
	Schema   int64  `json:"schema"`              // of the backup
	SetAside string `json:"set_aside,omitempty"` // where the database that was there is now
}

// Restore puts a backup in the place of a SQLite database. It reads all of the
// backup first, against its checksum where one lies beside it, works on a copy
// in the folder of the target, and lets the copy take its name only at the end:
// whatever fails before leaves nothing behind. A database that is there is
// Conflict "db.restore_exists" unless Force, "db.locked" while a server has it.
func Restore(ctx context.Context, r Restoring) (out Restored, err error) {
	const op = "db.Restore"
	loc, err := parseURL(r.URL)
	if err != nil {
		return out, err
	}
	if loc.engine != SQLite {
		return out, errs.E(op, errs.Invalid, "db.backup_engine")
	}
	out.File = loc.path
	if out.Schema, out.Bytes, err = inspectBackup(ctx, r.From); err != nil {
		return out, Fault(op, err)
	}
	if there(loc.path) && !r.Force {
		return out, errs.E(op, errs.Conflict, "db.restore_exists", loc.path)
	}
	undo, err := makeFolder(filepath.Dir(loc.path))
	if err != nil {
		return out, Fault(op, err)
	}
	if err := r.into(ctx, loc.path, &out); err != nil {
		undo()
		return out, Fault(op, err)
	}
	return out, nil
}

// into does the work once the backup is known to be whole and the folder there.
func (r Restoring) into(ctx context.Context, path string, out *Restored) error {
	dir := filepath.Dir(path)
	if err := roomIn(dir, 2*out.Bytes); err != nil { // migrating needs room beside the copy
		return err
	}
	release, err := lockFile(path + ".lock")
	if err != nil {
		return err
	}
	defer release()
	tmp, err := reserve(dir)
	if err != nil {
		return err
	}
	defer func() {
		for _, end := range []string{"", "-wal", "-shm", ".lock"} {
			os.Remove(tmp + end)
		}
	}()
	if err := copyFile(r.From, tmp); err != nil {
		return err
	}
	if err := r.ready(ctx, tmp); err != nil {
		return err
	}
	if _, _, err := settle(tmp); err != nil {
		return err
	}
	if out.SetAside, err = setAside(path, clock.Ms(r.Clock.Now())); err != nil {
		return err
	}
	if err := os.Rename(tmp, path); err != nil {
		return err
	}
	return syncFolder(dir)
}

// ready migrates the copy and has it accepted; closing writes its log back.
func (r Restoring) ready(ctx context.Context, tmp string) error {
	d, err := Open(ctx, FileURL(tmp), r.Clock, r.Log)
	if err != nil {
		return err
	}
	err = d.Migrate(ctx)
	if err == nil && r.Accept != nil {
		err = r.Accept(d)
	}
	if cerr := d.Close(); err == nil {
		err = cerr
	}
	return err
}

// inspectBackup reads the whole backup and returns its version and size.
func inspectBackup(ctx context.Context, path string) (version, size int64, err error) {
	const op = "db.Restore"
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return 0, 0, errs.E(op, errs.NotFound, "db.backup_missing", path)
	case err != nil:
		return 0, 0, err
	case !info.Mode().IsRegular():
		return 0, 0, errs.E(op, errs.Invalid, "db.backup_foreign", path)
	}
	if err := compareSum(path); err != nil {
		return 0, 0, err
	}
	version, err = verifyFile(ctx, path)
	return version, info.Size(), err
}

// compareSum compares the file with the checksum beside it, if there is one.
func compareSum(path string) error {
	text, err := os.ReadFile(path + SumSuffix)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	sum, err := sumOf(f)
	if err == nil && !bytes.HasPrefix(text, []byte(sum)) {
		err = errs.E("db.Restore", errs.Invalid, "db.backup_sum", path)
	}
	return err
}

// there reports whether path is a database, or anything else, already.
func there(path string) bool {
	info, err := os.Lstat(path)
	return err == nil && (info.Size() > 0 || !info.Mode().IsRegular())
}

// makeFolder makes dir and returns how to take back what was made.
func makeFolder(dir string) (undo func(), err error) {
	var made []string
	for at := dir; ; at = filepath.Dir(at) {
		if _, err := os.Lstat(at); err == nil || at == filepath.Dir(at) {
			break
		}
		made = append(made, at)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	return func() {
		if len(made) == 0 {
			return
		}
		if left, err := filepath.Glob(filepath.Join(dir, "*.lock")); err == nil {
			for _, name := range left {
				os.Remove(name)
			}
		}
		for _, at := range made {
			os.Remove(at) // what holds anything stays
		}
	}, nil
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	if cerr := out.Close(); err == nil {
		err = cerr
	}
	return err
}

// setAside renames a database with its log to a name that tells when. The
// database goes first: a log without one is thrown away by SQLite, while a new
// database must never meet the old one's log.
func setAside(path string, ms int64) (string, error) {
	to := ""
	for _, end := range []string{"", "-wal", "-shm"} {
		aside := path + ".replaced-" + strconv.FormatInt(ms, 10) + end
		err := os.Rename(path+end, aside)
		switch {
		case errors.Is(err, os.ErrNotExist):
		case err != nil:
			return to, err
		case end == "":
			to = aside
		}
	}
	return to, nil
}
