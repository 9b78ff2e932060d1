package db

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"io/fs"
	"net"
	"os"
	"syscall"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"

	"wangge/internal/platform/errs"
)

// Result codes of SQLite that are told apart (sqlite.org/rescode.html).
const (
	liteReadOnly   = 8
	liteInterrupt  = 9
	liteIOErr      = 10
	liteCorrupt    = 11
	liteFull       = 13
	liteCantOpen   = 14
	liteBusy       = 5
	liteLocked     = 6
	liteNotADB     = 26
	liteUnique     = 2067
	litePrimaryKey = 1555
	liteForeignKey = 787
)

// fault says how an error of a driver is shown to the caller.
type fault struct {
	kind errs.Kind
	key  string
}

var pgFaults = map[string]fault{
	"23505": {errs.Conflict, "db.duplicate"},
	"23503": {errs.Conflict, "db.referenced"},
	"28P01": {errs.Unavailable, "db.password"},
	"28000": {errs.Unavailable, "db.password"},
	"3D000": {errs.Unavailable, "db.no_database"},
	"53100": {errs.Unavailable, "db.disk_full"},
	"53200": {errs.Unavailable, "db.busy"},
	"53300": {errs.Unavailable, "db.busy"},
	"55P03": {errs.Unavailable, "db.busy"},
	"40001": {errs.Unavailable, "db.busy"},
	"40P01": {errs.Unavailable, "db.busy"},
	"57014": {errs.Unavailable, "db.timeout"},
	"57P01": {errs.Unavailable, "db.unreachable"},
	"57P02": {errs.Unavailable, "db.unreachable"},
	"57P03": {errs.Unavailable, "db.unreachable"},
	"42501": {errs.Unavailable, "db.no_rights"},
	"25006": {errs.Unavailable, "db.no_writes"},
}

var liteFaults = map[int]fault{
	liteUnique:     {errs.Conflict, "db.duplicate"},
	litePrimaryKey: {errs.Conflict, "db.duplicate"},
	liteForeignKey: {errs.Conflict, "db.referenced"},
	liteReadOnly:   {errs.Unavailable, "db.no_writes"},
	liteInterrupt:  {errs.Unavailable, "db.timeout"},
	liteIOErr:      {errs.Unavailable, "db.disk_error"},
	liteCorrupt:    {errs.Unavailable, "db.corrupt"},
	liteFull:       {errs.Unavailable, "db.disk_full"},
	liteCantOpen:   {errs.Unavailable, "db.cannot_open"},
	liteBusy:       {errs.Unavailable, "db.busy"},
	liteLocked:     {errs.Unavailable, "db.busy"},
	liteNotADB:     {errs.Invalid, "db.foreign"},
}

func init() {
	errs.Know(func(err error) (errs.Kind, string, bool) {
		f, ok := classify(err)
		return f.kind, f.key, ok
	})
}

// Fault gives a driver's error the kind and message a person can act on; an
// error of the house, sql.ErrNoRows and nil pass unchanged.
func Fault(op string, err error) error {
	if err == nil || errors.Is(err, sql.ErrNoRows) {
		return err
	}
	var own *errs.Error
	if errors.As(err, &own) {
		return err
	}
	f, ok := classify(err)
	if !ok {
		return errs.Wrap(op, err)
	}
	return &errs.Error{Op: op, Kind: f.kind, Key: f.key, Err: err}
}

func classify(err error) (fault, bool) {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		f, ok := pgFaults[pg.Code]
		return f, ok
	}
	var lite *sqlite.Error
	if errors.As(err, &lite) {
		f, ok := liteFaults[lite.Code()]
		if !ok {
			f, ok = liteFaults[lite.Code()&0xff]
		}
		return f, ok
	}
	var connect *pgconn.ConnectError
	switch {
	case errors.As(err, &connect) && !errors.Is(err, context.Canceled):
		return fault{errs.Unavailable, "db.unreachable"}, true
	case errors.Is(err, context.DeadlineExceeded):
		return fault{errs.Unavailable, "db.timeout"}, true
	case errors.Is(err, context.Canceled):
		return fault{errs.Unavailable, "db.cancelled"}, true
	case errors.Is(err, syscall.ENOSPC):
		return fault{errs.Unavailable, "db.disk_full"}, true
	case errors.Is(err, os.ErrPermission), errors.As(err, new(*fs.PathError)): // a file's fault is nobody's network's
		return fault{errs.Unavailable, "db.cannot_open"}, true
	}
	if unreachable(err) {
		return fault{errs.Unavailable, "db.unreachable"}, true
	}
	return fault{}, false
}

// unreachable reports whether err says that the server did not answer.
func unreachable(err error) bool {
	var network net.Error
	return errors.As(err, &network) || errors.Is(err, driver.ErrBadConn) ||
		errors.Is(err, sql.ErrConnDone) || errors.Is(err, net.ErrClosed) || errors.Is(err, io.ErrUnexpectedEOF) || pgconn.SafeToRetry(err)
}

// IsDuplicate reports whether err is the violation of a unique key. Inside a
// transaction PostgreSQL takes no further statement after it: use ON CONFLICT,
// or Tx.Savepoint, where the transaction goes on.
func IsDuplicate(err error) bool {
	var own *errs.Error
	if errors.As(err, &own) && own.Key == "db.duplicate" {
		return true
	}
	f, ok := classify(err)
	return ok && f.key == "db.duplicate"
}

// serialization reports whether PostgreSQL asks to run the transaction again.
func serialization(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && (pg.Code == "40001" || pg.Code == "40P01")
}

// onFollower reports whether PostgreSQL refused to write because it only follows
// another server now, or was opened so.
func onFollower(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.Code == "25006"
}
