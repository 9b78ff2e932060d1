package db

import (
	"context"
	"database/sql"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"wangge/internal/platform/errs"
)

// connectTimeout is how long a server may take to answer.
const connectTimeout = 5 * time.Second

// openPostgres opens a pool that reads and a pool that writes.
func (d *DB) openPostgres(ctx context.Context, loc location, readOnly bool) error {
	base, err := pgx.ParseConfig(loc.url)
	if err != nil {
		return &errs.Error{Op: "db.Open", Kind: errs.Invalid, Key: "db.url"}
	}
	if base.ConnectTimeout == 0 {
		base.ConnectTimeout = connectTimeout
	}
	if base.RuntimeParams["application_name"] == "" {
		base.RuntimeParams["application_name"] = "wangge"
	}
	d.pgConfig = base

	reader := base.Copy()
	reader.RuntimeParams["default_transaction_read_only"] = "on"
	reader.RuntimeParams["statement_timeout"] = strconv.FormatInt(readTimeout.Milliseconds(), 10)
	d.read = pool(reader, pgReaders)
	if !readOnly {
		d.write = pool(base.Copy(), pgWriters)
		d.gate = newGate(pgWriters)
	}
	return d.read.PingContext(ctx)
}

// pool opens at most n connections and keeps them for half an hour, so that a
// failover is noticed by idle ones too.
func pool(c *pgx.ConnConfig, n int) *sql.DB {
	p := stdlib.OpenDB(*c)
	p.SetMaxOpenConns(n)
	p.SetMaxIdleConns(n)
	p.SetConnMaxLifetime(30 * time.Minute)
	return p
}
