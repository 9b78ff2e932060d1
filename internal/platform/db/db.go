// Package db is the one interface over SQLite and PostgreSQL: opening,
// migrating, reading, durable write transactions, bulk loading, group commit
// and news between processes. What differs between the engines lives here and
// nowhere else; one conformance suite runs on both.
//
// What it guarantees:
//   - When Write (or Batcher.Do) returns nil, the change survives a power cut.
//   - Write transactions behave as if they ran one after the other: SQLite has
//     one writer, PostgreSQL runs them serializable and repeats the losers.
//   - A failed or panicking transaction leaves nothing behind.
//   - Open changes nothing in a database that is somebody else's.
//
// Statements are one text for both engines, with placeholders $1, $2 …; each
// number up to the highest is used and given. Within a transaction, rows are
// read to their end or closed before the next statement begins.
package db

import (
	"context"
	"database/sql"
	"io/fs"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"

	"wangge/internal/platform/clock"
	"wangge/internal/platform/errs"
	"wangge/internal/schema"
)

// Engine names a kind of database.
type Engine string

// The two engines.
const (
	SQLite   Engine = "sqlite"
	Postgres Engine = "postgres"
)

// Queryer reads.
type Queryer interface {
	// QueryContext runs a query; the caller closes the rows.
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	// QueryRowContext runs a query of which at most one row is wanted.
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// DB is an open database. It is safe for use by many goroutines.
type DB struct {
	engine     Engine
	dialect    dialect
	clk        clock.Clock
	log        *slog.Logger
	read       *sql.DB
	write      *sql.DB // nil when opened for reading only
	writer     *liteWriter
	copier     *copier // SQLite opened for writing
	gate       *gate
	urgent     atomic.Uint64 // writes asked for that are not of long work
	rehearsing atomic.Bool
	observer   atomic.Pointer[Observer]
	batchers   sync.Map     // of func() (op string, waiting int)
	serial     sync.RWMutex // PostgreSQL: held alone by a transaction that lost twice
	hub        *hub
	migrations fs.FS
	release    func() // gives the file's lock back
	undo       func() // takes a fresh file and its folder away again; nil for an old one
	life       lifecycle
	joined     sync.Once
	stop       context.CancelFunc // ends the listener
	stopCtx    context.Context
	pgConfig   *pgx.ConnConfig
	path       string
}

// Rehearse has every write from now on (until it is called with false) run to
// its end, be undone, and answer Unavailable "db.rehearsal". Tests that try
// everything a person may do try it so, on one world that stays as it is.
func (d *DB) Rehearse(on bool) { d.rehearsing.Store(on) }

// maxReaders bounds the connections of SQLite's reader pool: each holds a page
// cache, and more of them than cores only wait for each other.
const maxReaders = 8

// Sizes of the pools of PostgreSQL for one process.
const (
	pgReaders = 16
	pgWriters = 8
)

// readTimeout ends a read that runs away.
const readTimeout = 30 * time.Second

// Open opens the database at url for reading and writing:
// "sqlite:///var/lib/wangge/wangge.db" (folder and file are created, readable by
// the owner only) or "postgres://user:password@host:5432/name". It refuses with
// a message for people when the database cannot be reached (Unavailable,
// "db.unreachable", "db.password"), belongs to another program (Invalid,
// "db.foreign"), was written by a newer Wangge (Invalid, "db.newer"), or when
// another process is the writer of the file (Conflict, "db.locked").
// A fresh database is empty until Migrate.
func Open(ctx context.Context, url string, clk clock.Clock, log *slog.Logger) (*DB, error) {
	return open(ctx, url, clk, log, readWrite)
}

// OpenReadOnly opens an existing database beside its writer. Write returns
// Conflict "db.read_only". A missing file is NotFound "db.missing".
func OpenReadOnly(ctx context.Context, url string, clk clock.Clock, log *slog.Logger) (*DB, error) {
	return open(ctx, url, clk, log, readOnly)
}

// OpenAsIs is OpenReadOnly, also of a database that an older Wangge wrote: what
// is backed up before it is upgraded.
func OpenAsIs(ctx context.Context, url string, clk clock.Clock, log *slog.Logger) (*DB, error) {
	return open(ctx, url, clk, log, asIs)
}

// access is what a database is opened for.
type access int

const (
	readWrite access = iota
	readOnly
	asIs
)

func open(ctx context.Context, url string, clk clock.Clock, log *slog.Logger, want access) (*DB, error) {
	const op = "db.Open"
	loc, err := parseURL(url)
	if err != nil {
		return nil, err
	}
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	d := &DB{engine: loc.engine, clk: clk, log: log, hub: newHub(), path: loc.path}
	d.stopCtx, d.stop = context.WithCancel(context.Background())
	d.migrations = schema.FS(string(loc.engine))
	switch loc.engine {
	case SQLite:
		d.dialect = liteDialect
		err = d.openSQLite(ctx, loc, want != readWrite)
	default:
		d.dialect = pgDialect
		err = d.openPostgres(ctx, loc, want != readWrite)
	}
	if err == nil {
		err = d.checkVersion(ctx, want)
	}
	if err == nil && d.write != nil && loc.engine == Postgres {
		d.join(ctx)
	}
	if err != nil {
		d.abandon()
		return nil, Fault(op, err)
	}
	return d, nil
}

// OpenMigrated is Open and Migrate. Where either fails, a file and a folder that
// were not there before are gone again.
func OpenMigrated(ctx context.Context, url string, clk clock.Clock, log *slog.Logger) (*DB, error) {
	d, err := Open(ctx, url, clk, log)
	if err != nil {
		return nil, err
	}
	if err := d.Migrate(ctx); err != nil {
		d.abandon()
		return nil, err
	}
	return d, nil
}

// abandon closes what could not be opened and leaves nothing of what is new.
func (d *DB) abandon() {
	d.closeAll()
	if d.undo != nil {
		d.undo()
	}
}

// Engine tells which kind of database this is.
func (d *DB) Engine() Engine { return d.engine }

// Clock returns the clock the database was opened with.
func (d *DB) Clock() clock.Clock { return d.clk }

// Path returns the file of a SQLite database, "" for PostgreSQL.
func (d *DB) Path() string { return d.path }

// Read returns the pool of readers. Each query sees what was committed before
// it began; use Snapshot where several must agree. Reads cannot write.
func (d *DB) Read() Queryer { return d.read }

// Snapshot calls fn with a reader whose queries all see the same instant.
func (d *DB) Snapshot(ctx context.Context, op string, fn func(q Queryer) error) error {
	tx, err := d.read.BeginTx(ctx, &sql.TxOptions{ReadOnly: true, Isolation: d.dialect.snapshot})
	if err != nil {
		return Fault(op, err)
	}
	defer tx.Rollback()
	if err := fn(tx); err != nil {
		return errs.Wrap(op, Fault(op, err))
	}
	return nil
}

// Ping reports whether the database answers.
func (d *DB) Ping(ctx context.Context) error {
	return Fault("db.Ping", d.read.PingContext(ctx))
}

// Close stops taking writes (they get Unavailable "db.closing"), lets the
// batchers finish what they have accepted and running writes commit, and closes
// the connections. It may be called more than once.
func (d *DB) Close() error {
	for _, stop := range d.life.drain() {
		stop()
	}
	if !d.life.shut() {
		return nil
	}
	return d.closeAll()
}

func (d *DB) closeAll() error {
	d.stop()
	d.hub.close()
	var first error
	keep := func(err error) {
		if err != nil && first == nil {
			first = err
		}
	}
	if d.copier != nil {
		keep(d.copier.close())
	}
	if d.writer != nil {
		keep(d.writer.close())
	}
	if d.read != nil {
		keep(d.read.Close())
	}
	if d.write != nil {
		keep(d.write.Close())
	}
	if d.release != nil {
		d.release()
		d.release = nil
	}
	return first
}
