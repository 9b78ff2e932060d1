package db

import (
	"context"
	"database/sql"
	"io/fs"
	"log/slog"
	"strconv"
	"strings"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"wangge/internal/platform/errs"
)

// Migrate brings the schema up to this binary's version. Replicas that start
// together wait for one another. Each migration is one transaction.
func (d *DB) Migrate(ctx context.Context) error {
	const op = "db.Migrate"
	if d.write == nil {
		return errs.E(op, errs.Conflict, "db.read_only")
	}
	if err := d.life.enter(op); err != nil {
		return err
	}
	defer d.life.leave()
	if d.engine == SQLite {
		if err := d.gate.enter(ctx, false); err != nil {
			return Fault(op, err)
		}
		defer d.gate.leave()
		if err := d.writer.close(); err != nil {
			return Fault(op, err)
		}
		defer d.writer.grab(context.WithoutCancel(ctx))
	}
	p, err := d.provider()
	if err != nil {
		return errs.Wrap(op, err)
	}
	done, err := p.Up(ctx)
	for _, m := range done {
		d.log.Info("migrated", "file", m.Source.Path, "took", m.Duration)
	}
	return Fault(op, err)
}

func (d *DB) provider() (*goose.Provider, error) {
	opts := []goose.ProviderOption{
		goose.WithTableName(versionTable),
		goose.WithSlog(slog.New(slog.DiscardHandler)),
		goose.WithDisableGlobalRegistry(true),
	}
	dialect := goose.DialectSQLite3
	if d.engine == Postgres {
		dialect = goose.DialectPostgres
		locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 120))
		if err != nil {
			return nil, err
		}
		opts = append(opts, goose.WithSessionLocker(locker))
	}
	return goose.NewProvider(dialect, d.write, d.migrations, opts...)
}

// Version returns the schema's version in the database (0: not migrated yet)
// and the one this binary brings.
func (d *DB) Version(ctx context.Context) (have, want int64, err error) {
	want, err = latest(d.migrations)
	if err != nil {
		return 0, 0, err
	}
	var marked int
	if err := d.read.QueryRowContext(ctx, d.dialect.versionExists).Scan(&marked); err != nil || marked == 0 {
		return 0, want, Fault("db.Version", err)
	}
	err = d.read.QueryRowContext(ctx, selectVersion).Scan(&have)
	return have, want, Fault("db.Version", err)
}

// latest returns the highest number of the migration files.
func latest(files fs.FS) (int64, error) {
	names, err := fs.Glob(files, "*.sql")
	var last int64
	for _, name := range names {
		number, _, _ := strings.Cut(name, "_")
		if v, err := strconv.ParseInt(number, 10, 64); err == nil {
			last = max(last, v)
		}
	}
	return last, err
}

// checkVersion refuses databases of other programs and of a newer Wangge, and,
// for reading only, those that still have to be migrated.
func (d *DB) checkVersion(ctx context.Context) error {
	const op = "db.Open"
	var marked, tables int
	if err := d.read.QueryRowContext(ctx, d.dialect.versionExists).Scan(&marked); err != nil {
		return err
	}
	if marked == 0 {
		if err := d.read.QueryRowContext(ctx, d.dialect.tables).Scan(&tables); err != nil {
			return err
		}
		if tables > 0 {
			return errs.E(op, errs.Invalid, "db.foreign", d.name(ctx))
		}
	}
	have, want, err := d.Version(ctx)
	switch {
	case err != nil:
		return err
	case have > want:
		return errs.E(op, errs.Invalid, "db.newer", have, want)
	case have < want && d.write == nil:
		return errs.E(op, errs.Invalid, "db.outdated", have, want)
	}
	return nil
}

// name is what the database is called in messages, without user and password.
func (d *DB) name(ctx context.Context) string {
	if d.engine == SQLite {
		return d.path
	}
	var name sql.NullString
	if err := d.read.QueryRowContext(ctx, "SELECT current_database()").Scan(&name); err != nil {
		return "postgres"
	}
	return name.String
}
