package db

import (
	"context"
	"database/sql"
	"net"
	"slices"
	"strconv"
	"strings"
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
	if err := d.read.PingContext(ctx); err != nil {
		return err
	}
	return d.checkServer(ctx)
}

// oldest is the oldest major version of PostgreSQL this program knows.
const oldest = 14

// checkServer refuses a server that is too old, and for writing one that takes
// no writes (a standby, or set so).
func (d *DB) checkServer(ctx context.Context) error {
	const op = "db.Open"
	conn, err := d.read.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	var version string
	if err := conn.Raw(func(c any) error {
		version = c.(*stdlib.Conn).Conn().PgConn().ParameterStatus("server_version")
		return nil
	}); err != nil {
		return err
	}
	if major := majorOf(version); major > 0 && major < oldest {
		return errs.E(op, errs.Invalid, "db.too_old", version, oldest)
	}
	if d.write == nil {
		return nil
	}
	var readOnly string
	if err := d.write.QueryRowContext(ctx, "SELECT current_setting('transaction_read_only')").Scan(&readOnly); err != nil {
		return err
	}
	if readOnly == "on" {
		return errs.E(op, errs.Unavailable, "db.no_writes")
	}
	return nil
}

// majorOf reads the major version of "15.4 (Debian …)"; 0 where there is none.
func majorOf(version string) int {
	digits := strings.IndexFunc(version, func(r rune) bool { return r < '0' || r > '9' })
	if digits < 0 {
		digits = len(version)
	}
	n, err := strconv.Atoi(version[:digits])
	if err != nil {
		return 0
	}
	return n
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
