package db

import (
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"runtime"

	_ "modernc.org/sqlite" // the driver "sqlite"

	"wangge/internal/platform/errs"
)

// openSQLite opens the file: one connection that writes, a pool that reads.
func (d *DB) openSQLite(ctx context.Context, loc location, readOnly bool) error {
	const op = "db.Open"
	fresh, err := inspectFile(loc.path)
	if err != nil {
		return err
	}
	if fresh && readOnly {
		return errs.E(op, errs.NotFound, "db.missing", loc.path)
	}
	if !readOnly {
		if err := d.openWriter(ctx, loc.path, fresh); err != nil {
			return err
		}
	}
	d.read, err = sql.Open("sqlite", liteDSN(loc.path, "query_only(1)", "cache_size(-8000)"))
	if err != nil {
		return err
	}
	n := min(maxReaders, max(4, 2*runtime.NumCPU()))
	d.read.SetMaxOpenConns(n)
	d.read.SetMaxIdleConns(n)
	return d.read.PingContext(ctx)
}

func (d *DB) openWriter(ctx context.Context, path string, fresh bool) error {
	if fresh {
		undo, err := makeFolder(filepath.Dir(path))
		if err != nil {
			return err
		}
		d.undo = undo
	}
	release, err := lockFile(path + ".lock")
	if err != nil {
		return err
	}
	d.release = release
	if fresh {
		folder := d.undo
		d.undo = func() {
			for _, end := range []string{"", "-wal", "-shm", "-journal", ".lock"} {
				os.Remove(path + end)
			}
			folder()
		}
	}
	if fresh {
		if err := createFile(ctx, path); err != nil {
			return err
		}
	}
	d.write, err = sql.Open("sqlite", liteDSN(path, "cache_size(-64000)", fmt.Sprintf("wal_autocheckpoint(%d)", forcePages), "journal_size_limit(134217728)"))
	if err != nil {
		return err
	}
	d.write.SetMaxOpenConns(1)
	d.gate = newGate(1)
	d.writer = &liteWriter{pool: d.write}
	if err := d.writer.grab(ctx); err != nil {
		return err
	}
	return d.startCopier(d.stopCtx, path)
}

// liteDSN names the file with the settings every connection has. The file is not
// mapped into memory: measured, that reads no faster, and each connection would
// count its pages again.
func liteDSN(path string, pragmas ...string) string {
	v := url.Values{}
	for _, p := range append([]string{
		"busy_timeout(10000)", "journal_mode(WAL)", "synchronous(FULL)",
		"foreign_keys(1)", "temp_store(MEMORY)",
	}, pragmas...) {
		v.Add("_pragma", p)
	}
	return "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + v.Encode()
}

// inspectFile reads the header of the file without opening it as a database.
// fresh means there is nothing yet. A file that is not ours is refused.
func inspectFile(path string) (fresh bool, err error) {
	const op = "db.Open"
	f, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	defer f.Close()
	head := make([]byte, 100)
	n, err := io.ReadFull(f, head)
	if n == 0 && errors.Is(err, io.EOF) {
		return true, nil
	}
	if err != nil || string(head[:16]) != "SQLite format 3\x00" || binary.BigEndian.Uint32(head[68:]) != applicationID {
		return false, errs.E(op, errs.Invalid, "db.foreign", path)
	}
	return false, nil
}

// createFile makes a database file that only its owner reads and marks it as
// ours in its header, before the write-ahead log is switched on, so that the
// mark is in the file itself whatever happens next.
func createFile(ctx context.Context, path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	dsn := "file:" + (&url.URL{Path: path}).EscapedPath() + "?_pragma=synchronous(FULL)"
	p, err := sql.Open("sqlite", dsn)
	if err != nil {
		return err
	}
	defer p.Close()
	_, err = p.ExecContext(ctx, fmt.Sprintf("PRAGMA application_id = %d", applicationID))
	return err
}

// liteWriter is the one connection that writes, with its prepared statements.
type liteWriter struct {
	pool  *sql.DB
	conn  *sql.Conn
	stmts *stmtCache
}

// grab takes the connection out of its pool for good.
func (w *liteWriter) grab(ctx context.Context) error {
	c, err := w.pool.Conn(ctx)
	if err != nil {
		return err
	}
	w.conn, w.stmts = c, newStmtCache(c)
	return nil
}

// close gives the connection back to its pool.
func (w *liteWriter) close() error {
	if w.conn == nil {
		return nil
	}
	w.stmts.close()
	err := w.conn.Close()
	w.conn = nil
	return err
}

// drop closes the connection for good: its state is unknown. The next write
// opens another. The statements go first, while their connection still lives.
func (w *liteWriter) drop() {
	w.stmts.close()
	discard(w.conn)
	w.conn.Close()
	w.conn = nil
}
