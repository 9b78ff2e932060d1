package db

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"io"
	"net/url"
	"os"
	"path/filepath"

	"wangge/internal/platform/errs"
)

// Copied describes a backup that was written and verified.
type Copied struct {
	File   string `json:"file"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"` // also in File + SumSuffix, as sha256sum -c reads it
	Schema int64  `json:"schema"` // the highest migration that ran in it
}

// SumSuffix ends the name of the file beside a backup that holds its checksum.
const SumSuffix = ".sha256"

// Backup writes a consistent copy of a SQLite database into the file path,
// which must not exist; writers go on meanwhile, in this process or in another.
// Everything committed before the call is in it. The copy is read back
// (integrity, version) and on disk before it gets its name, so that a file of
// that name is a whole backup; its checksum lies beside it. Errors: Conflict
// "db.backup_exists", Unavailable "db.no_room" before anything is written, and
// on PostgreSQL, which has its own tools, Invalid "db.backup_engine".
func (d *DB) Backup(ctx context.Context, path string) (Copied, error) {
	const op = "db.Backup"
	if d.engine != SQLite {
		return Copied{}, errs.E(op, errs.Invalid, "db.backup_engine")
	}
	if _, err := os.Lstat(path); err == nil {
		return Copied{}, errs.E(op, errs.Conflict, "db.backup_exists", path)
	}
	var pages, size int64
	if err := d.read.QueryRowContext(ctx, "SELECT page_count, page_size FROM pragma_page_count, pragma_page_size").Scan(&pages, &size); err != nil {
		return Copied{}, Fault(op, err)
	}
	dir := filepath.Dir(path)
	if err := roomIn(dir, pages*size); err != nil {
		return Copied{}, Fault(op, err)
	}
	tmp, err := reserve(dir)
	if err != nil {
		return Copied{}, Fault(op, err)
	}
	defer os.Remove(tmp)
	if err := vacuumInto(ctx, d.path, tmp); err != nil {
		return Copied{}, Fault(op, err)
	}
	out := Copied{File: path}
	if out.Schema, err = verifyFile(ctx, tmp); err != nil {
		return Copied{}, Fault(op, err)
	}
	if out.SHA256, out.Bytes, err = settle(tmp); err != nil {
		return Copied{}, Fault(op, err)
	}
	return out, Fault(op, name(tmp, out))
}

// unfinished names files that are not whole yet.
const unfinished = ".wangge-unfinished-*"

// reserve makes an empty file in dir that only its owner reads.
func reserve(dir string) (string, error) {
	f, err := os.CreateTemp(dir, unfinished)
	if err != nil {
		return "", err
	}
	return f.Name(), f.Close()
}

// vacuumInto copies the database file from into the empty file to, as of one
// instant.
func vacuumInto(ctx context.Context, from, to string) error {
	p, err := sql.Open("sqlite", "file:"+(&url.URL{Path: from}).EscapedPath()+"?_pragma=busy_timeout(10000)")
	if err != nil {
		return err
	}
	defer p.Close()
	_, err = p.ExecContext(ctx, "VACUUM INTO $1", to)
	return err
}

// verifyFile reads every page of a database file that nobody writes and returns
// its schema's version. A damaged one is Invalid "db.backup_damaged", a file
// that is none of ours "db.backup_foreign".
func verifyFile(ctx context.Context, path string) (version int64, err error) {
	const op = "db.verify"
	if fresh, err := inspectFile(path); fresh || errs.Is(err, errs.Invalid) {
		return 0, errs.E(op, errs.Invalid, "db.backup_foreign", path)
	} else if err != nil {
		return 0, err
	}
	p, err := sql.Open("sqlite", "file:"+(&url.URL{Path: path}).EscapedPath()+"?mode=ro&immutable=1")
	if err != nil {
		return 0, err
	}
	defer p.Close()
	var found string
	if err := p.QueryRowContext(ctx, "PRAGMA integrity_check(1)").Scan(&found); err != nil && ctx.Err() != nil {
		return 0, ctx.Err()
	} else if err != nil {
		found = err.Error()
	}
	if found == "ok" {
		err = p.QueryRowContext(ctx, "SELECT COALESCE(MAX(version_id), 0) FROM "+versionTable).Scan(&version)
		if err == nil {
			return version, nil
		}
		found = err.Error()
	}
	return 0, errs.E(op, errs.Invalid, "db.backup_damaged", path, found)
}

// settle makes the file durable and returns its checksum and size.
func settle(path string) (sum string, size int64, err error) {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return "", 0, err
	}
	defer f.Close()
	if err := f.Sync(); err != nil {
		return "", 0, err
	}
	info, err := f.Stat()
	if err != nil {
		return "", 0, err
	}
	sum, err = sumOf(f)
	return sum, info.Size(), err
}

func sumOf(r io.Reader) (string, error) {
	h := sha256.New()
	_, err := io.Copy(h, r)
	return hex.EncodeToString(h.Sum(nil)), err
}

// spare is what a disk keeps free beside a copy, for what grows meanwhile.
const spare = 16 << 20

// roomIn refuses with "db.no_room" where need bytes and some to spare do not
// fit into the folder dir.
func roomIn(dir string, need int64) error {
	free, err := freeIn(dir)
	if err == nil && free < need+spare {
		err = errs.E("db.room", errs.Unavailable, "db.no_room", dir, free>>20, (need+spare)>>20)
	}
	return err
}

// name gives a finished copy its name, never over another file, and then its
// checksum's file the name beside it: only who has the name says its sum.
func name(tmp string, c Copied) error {
	sum, err := writeSum(c)
	if err != nil {
		return err
	}
	defer os.Remove(sum)
	err = os.Link(tmp, c.File)
	switch {
	case errors.Is(err, os.ErrExist):
		err = errs.E("db.Backup", errs.Conflict, "db.backup_exists", c.File)
	case err != nil: // a file system without links
		err = os.Rename(tmp, c.File)
	}
	if err != nil {
		return err
	}
	if err := os.Rename(sum, c.File+SumSuffix); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(c.File))
}

// writeSum writes a backup's checksum durably into a file without a name yet.
func writeSum(c Copied) (tmp string, err error) {
	f, err := os.CreateTemp(filepath.Dir(c.File), unfinished)
	if err != nil {
		return "", err
	}
	_, err = f.WriteString(c.SHA256 + "  " + filepath.Base(c.File) + "\n")
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		os.Remove(f.Name())
	}
	return f.Name(), err
}

func syncFolder(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}
