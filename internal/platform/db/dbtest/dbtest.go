// Package dbtest gives tests fresh, migrated databases on both engines: SQLite
// in the test's folder, and PostgreSQL from Debian's packages, one private
// server for each test binary, reachable only through a socket in a folder of
// its own. The server ends and its folder goes when the test binary does, even
// when that is killed.
package dbtest

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"wangge/internal/platform/clock"
	"wangge/internal/platform/db"
)

// enginesVar restricts the engines: WANGGE_TEST_ENGINES=sqlite leaves PostgreSQL
// out, WANGGE_TEST_ENGINES=postgres has every test that takes either run on it.
const enginesVar = "WANGGE_TEST_ENGINES"

// Start is the instant Clock stands at: 2022-10-10 08:00 in UTC+8.
var Start = time.Date(2022, 10, 10, 0, 0, 0, 0, time.UTC)

// Clock returns a clock that stands at Start until it is moved.
func Clock() *clock.Manual { return clock.NewManual(Start) }

// Each runs body as two subtests, on a fresh migrated SQLite database and on a
// fresh migrated PostgreSQL database. Both have their own Clock, which
// d.Clock() returns (it is a *clock.Manual).
func Each(t *testing.T, body func(t *testing.T, d *db.DB)) {
	t.Helper()
	if !OnlyPostgres() {
		t.Run("sqlite", func(t *testing.T) { body(t, SQLite(t)) })
	}
	if os.Getenv(enginesVar) != "sqlite" {
		t.Run("postgres", func(t *testing.T) { body(t, Postgres(t)) })
	}
}

// One returns a fresh migrated database for a test of what does not differ
// between the engines, as a page's words: on SQLite, unless all tests run on
// PostgreSQL.
func One(t testing.TB) *db.DB {
	t.Helper()
	if OnlyPostgres() {
		return Postgres(t)
	}
	return SQLite(t)
}

// OnlyPostgres reports whether tests that take either engine run on PostgreSQL.
func OnlyPostgres() bool { return os.Getenv(enginesVar) == "postgres" }

// SQLite returns a fresh migrated SQLite database, closed at the test's end.
func SQLite(t testing.TB) *db.DB {
	t.Helper()
	return Open(t, SQLiteURL(t))
}

// Postgres returns a fresh migrated PostgreSQL database, dropped at the test's end.
func Postgres(t testing.TB) *db.DB {
	t.Helper()
	return Open(t, PostgresURL(t))
}

// SQLiteURL returns the URL of a fresh migrated SQLite file in the test's folder.
func SQLiteURL(t testing.TB) string {
	t.Helper()
	image, err := template()
	if err != nil {
		t.Fatalf("the SQLite template cannot be made: %v", err)
	}
	path := filepath.Join(t.TempDir(), "wangge.db")
	if err := os.WriteFile(path, image, 0o600); err != nil {
		t.Fatal(err)
	}
	return db.FileURL(path)
}

// PostgresURL returns the URL of a fresh migrated PostgreSQL database, which is
// dropped at the test's end.
func PostgresURL(t testing.TB) string {
	t.Helper()
	s := server(t)
	url, drop, err := s.create(true)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(drop)
	return url
}

// EmptyPostgresURL returns the URL of a PostgreSQL database without any table.
func EmptyPostgresURL(t testing.TB) string {
	t.Helper()
	url, drop, err := server(t).create(false)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(drop)
	return url
}

// Open opens url with a clock of its own and closes it at the test's end.
func Open(t testing.TB, url string) *db.DB {
	t.Helper()
	d, err := db.Open(context.Background(), url, Clock(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatalf("the test's database does not open: %v", err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Errorf("closing the test's database: %v", err)
		}
	})
	return d
}

// template returns the bytes of a migrated SQLite file, made once.
var template = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "wangge-sqlite-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "template.db")
	if err := migrate(db.FileURL(path)); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
})

// migrate makes a migrated database at url.
func migrate(url string) error {
	ctx := context.Background()
	d, err := db.Open(ctx, url, Clock(), slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	if err := d.Migrate(ctx); err != nil {
		d.Close()
		return err
	}
	return d.Close()
}
