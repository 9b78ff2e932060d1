package db

import (
	"context"
	"net/url"

	"github.com/jackc/pgx/v5"

	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
)

// Scratch creates an empty database of its own on the server of a PostgreSQL
// URL, whose user must be allowed to, and returns its URL and what drops it.
// Whoever tries things out does it there and never in a database that was there
// before. Errors: Invalid for another URL, else as of Open.
func Scratch(ctx context.Context, server string) (at string, drop func(context.Context) error, err error) {
	const op = "db.Scratch"
	loc, err := parseURL(server)
	if err == nil && loc.engine != Postgres {
		err = errs.E(op, errs.Invalid, "db.url")
	}
	if err != nil {
		return "", nil, err
	}
	u, err := url.Parse(server)
	if err != nil {
		return "", nil, errs.E(op, errs.Invalid, "db.url")
	}
	name := "wangge_scratch_" + id.New().String()
	run := func(ctx context.Context, statement string) error {
		conn, err := pgx.Connect(ctx, server)
		if err != nil {
			return Fault(op, err)
		}
		defer conn.Close(ctx)
		_, err = conn.Exec(ctx, statement)
		return Fault(op, err)
	}
	if err := run(ctx, "CREATE DATABASE "+name); err != nil {
		return "", nil, err
	}
	u.Path = "/" + name
	return u.String(), func(ctx context.Context) error { return run(ctx, "DROP DATABASE "+name+" WITH (FORCE)") }, nil
}
