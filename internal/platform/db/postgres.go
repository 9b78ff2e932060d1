package db

import (
	"context"
	"database/sql"
	"net"
	"slices"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
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
	base.DialFunc = dialer()
	reader := base.Copy()
	if severalHosts(base) { // of them the one that takes writes, also for reading: what was written is read
		base.ValidateConnect = pgconn.ValidateConnectTargetSessionAttrsReadWrite
		reader.ValidateConnect = pgconn.ValidateConnectTargetSessionAttrsPrimary // its sessions cannot write, by the setting below
	}
	d.pgConfig = base
	reader.RuntimeParams["default_transaction_read_only"] = "on"
	reader.RuntimeParams["statement_timeout"] = strconv.FormatInt(readTimeout.Milliseconds(), 10)
	d.read = pool(reader, pgReaders)
	if !readOnly {
		d.write = pool(base.Copy(), pgWriters)
		d.gate = newGate(pgWriters)
	}
	return d.read.PingContext(ctx)
}

// severalHosts reports whether the URL names more than one server: those of a
// cluster, one of which is the primary.
func severalHosts(c *pgx.ConnConfig) bool {
	return slices.ContainsFunc(c.Fallbacks, func(f *pgconn.FallbackConfig) bool { return f.Host != c.Host || f.Port != c.Port })
}

// A server that vanished without closing its connections (power, network) is
// noticed after about this time, instead of the kernel's quarter of an hour.
const silentAfter = 10 * time.Second

// dialer connects so that a vanished server is noticed.
func dialer() pgconn.DialFunc {
	d := &net.Dialer{
		KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: silentAfter / 2, Interval: silentAfter / 4, Count: 2},
		Control:         boundUnanswered,
	}
	return d.DialContext
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
