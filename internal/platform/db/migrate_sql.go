package db

import (
	"context"
	"database/sql"
	"io/fs"
	"log/slog"
	"slices"
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
		goose.WithAllowOutofOrder(true), // builders land in any order; see checkVersion
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

// Version returns the highest number of the migrations the database has (0: not
// migrated yet) and of those this binary brings.
func (d *DB) Version(ctx context.Context) (have, want int64, err error) {
	ran, known, err := d.steps(ctx)
	return last(ran), last(known), err
}

// steps returns the numbers of the migrations that ran in the database and of
// those this binary brings.
func (d *DB) steps(ctx context.Context) (ran, known []int64, err error) {
	const op = "db.Version"
	if known, err = numbers(d.migrations); err != nil {
		return nil, nil, errs.Wrap(op, err)
	}
	var marked int
	if err := d.read.QueryRowContext(ctx, d.dialect.versionExists).Scan(&marked); err != nil || marked == 0 {
		return nil, known, Fault(op, err)
	}
	rows, err := d.read.QueryContext(ctx, selectVersions)
	if err != nil {
		return nil, nil, Fault(op, err)
	}
	defer rows.Close()
	for rows.Next() {
		var v int64
		if err := rows.Scan(&v); err != nil {
			return nil, nil, Fault(op, err)
		}
		ran = append(ran, v)
	}
	return ran, known, Fault(op, rows.Err())
}

// numbers returns the numbers of the migration files, in no order.
func numbers(files fs.FS) ([]int64, error) {
	names, err := fs.Glob(files, "*.sql")
	var found []int64
	for _, name := range names {
		number, _, _ := strings.Cut(name, "_")
		if v, err := strconv.ParseInt(number, 10, 64); err == nil {
			found = append(found, v)
		}
	}
	return found, err
}

// last returns the highest of the numbers, 0 of none.
func last(numbers []int64) int64 {
	var v int64
	for _, n := range numbers {
		v = max(v, n)
	}
	return v
}

// lacking returns the highest number of all that is not among have, 0 if none.
func lacking(have, all []int64) int64 {
	return last(slices.DeleteFunc(slices.Clone(all), func(v int64) bool { return slices.Contains(have, v) }))
}

// checkVersion refuses databases of other programs and of a newer Wangge, and,
// for reading only, those that still have to be migrated. Migrations may run in
// any order, so the highest number says neither: newer is a database with a
// migration this binary does not know, outdated one that lacks any it brings.
func (d *DB) checkVersion(ctx context.Context, want access) error {
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
	ran, known, err := d.steps(ctx)
	if err != nil {
		return err
	}
	if v := lacking(known, ran); v != 0 {
		return errs.E(op, errs.Invalid, "db.newer", v, last(known))
	}
	if v := lacking(ran, known); v != 0 && want == readOnly {
		return errs.E(op, errs.Invalid, "db.outdated", v)
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
