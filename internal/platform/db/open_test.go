package db_test

import (
	"database/sql"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"wangge/internal/platform/clock"
	"wangge/internal/platform/db"
	"wangge/internal/platform/db/dbtest"
	"wangge/internal/platform/errs"
)

// refused opens url and checks that it is refused with the kind and message.
func refused(t *testing.T, url string, kind errs.Kind, key string) {
	t.Helper()
	d, err := db.Open(ctx, url, clock.Real(), nil)
	if err == nil {
		d.Close()
		t.Errorf("%s was opened, want %s", url, key)
		return
	}
	if !errs.Is(err, kind) || errs.As(err).Key != key {
		t.Errorf("%s: %v, want %s %s", url, err, kind, key)
	}
	if strings.Contains(err.Error(), "secret") {
		t.Errorf("the password is in the message: %v", err)
	}
}

func TestOpenRefusesWhatItDoesNotUnderstand(t *testing.T) {
	for _, u := range []string{"", "wangge.db", "mysql://x/y", "sqlite://relative.db", "sqlite:", "sqlite:///dir/", "postgres://host", "postgres://:bad port:x/db"} {
		refused(t, u, errs.Invalid, "db.url")
	}
}

func TestFreshFileIsTheOwnersAlone(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new folder", "数据 #1?&%41")
	path := filepath.Join(dir, "wangge.db")
	d := dbtest.Open(t, db.FileURL(strings.ReplaceAll(path, "?", "")))
	if err := d.Migrate(ctx); err != nil {
		t.Fatal(err)
	}
	err := filepath.WalkDir(filepath.Dir(d.Path()), func(p string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := e.Info()
		if err == nil && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s can be read by others: %v", p, info.Mode())
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestForeignFileIsLeftAlone(t *testing.T) {
	dir := t.TempDir()
	text := filepath.Join(dir, "letter.txt")
	if err := os.WriteFile(text, []byte(strings.Repeat("Dear all, ", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	other := filepath.Join(dir, "other.db")
	p, err := sql.Open("sqlite", other)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Exec("CREATE TABLE customers (id INTEGER)"); err != nil {
		t.Fatal(err)
	}
	p.Close()
	for _, path := range []string{text, other} {
		before, _ := os.ReadFile(path)
		refused(t, db.FileURL(path), errs.Invalid, "db.foreign")
		if after, _ := os.ReadFile(path); string(after) != string(before) {
			t.Errorf("%s was changed", path)
		}
	}
	if left, _ := os.ReadDir(dir); len(left) != 2 {
		t.Errorf("something was created: %v", left)
	}
	refused(t, db.FileURL(dir), errs.Invalid, "db.foreign")
}

func TestOneWriterManyReaders(t *testing.T) {
	u := dbtest.SQLiteURL(t)
	d := dbtest.Open(t, u)
	run(t, d, things)
	refused(t, u, errs.Conflict, "db.locked")
	r, err := db.OpenReadOnly(ctx, u, clock.Real(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	write(t, d, func(tx *db.Tx) error { return insert(tx, 1) })
	if n := count(t, r, "SELECT count(*) FROM thing"); n != 1 {
		t.Errorf("the reader sees %d rows", n)
	}
	if err := r.Write(ctx, "test", func(*db.Tx) error { return nil }); !errs.Is(err, errs.Conflict) {
		t.Errorf("a reader writes: %v", err)
	}
	if err := r.Migrate(ctx); !errs.Is(err, errs.Conflict) {
		t.Errorf("a reader migrates: %v", err)
	}
	d.Close()
	again := dbtest.Open(t, u)
	if n := count(t, again, "SELECT count(*) FROM thing"); n != 1 {
		t.Errorf("after reopening %d rows", n)
	}
	if _, err := db.OpenReadOnly(ctx, db.FileURL(filepath.Join(t.TempDir(), "none.db")), clock.Real(), nil); !errs.Is(err, errs.NotFound) {
		t.Errorf("a missing file: %v", err)
	}
}

// bothURLs returns a fresh migrated database of each engine under test.
func bothURLs(t *testing.T) []string {
	t.Helper()
	urls := []string{dbtest.SQLiteURL(t)}
	if os.Getenv("WANGGE_TEST_ENGINES") != "sqlite" {
		urls = append(urls, dbtest.PostgresURL(t))
	}
	return urls
}

func TestNewerDatabaseIsRefused(t *testing.T) {
	for _, u := range bothURLs(t) {
		d := dbtest.Open(t, u)
		run(t, d, "UPDATE wangge_schema SET version_id = 99999 WHERE version_id = (SELECT MAX(version_id) FROM wangge_schema)")
		d.Close()
		refused(t, u, errs.Invalid, "db.newer")
	}
}

// A database with a migration this binary does not know is newer, though a
// later one of the binary ran in it too (they landed out of order).
func TestUnknownMigrationBelowTheLastIsRefused(t *testing.T) {
	for _, u := range bothURLs(t) {
		d := dbtest.Open(t, u)
		run(t, d, "UPDATE wangge_schema SET version_id = 6 WHERE version_id = 5") // 6 to 10 were never given
		d.Close()
		refused(t, u, errs.Invalid, "db.newer")
	}
}

// A folder made between two landings has a later migration and lacks an earlier
// one: it is not opened for reading until the earlier one has run, and then is.
func TestEarlierMigrationIsMadeUpFor(t *testing.T) {
	for _, u := range bothURLs(t) {
		d := dbtest.Open(t, u)
		for _, q := range []string{"CREATE TABLE early (district INTEGER)", "INSERT INTO early (district) VALUES (1)",
			"ALTER TABLE mark DROP COLUMN correct", "DELETE FROM wangge_schema WHERE version_id = 18"} {
			run(t, d, q)
		}
		d.Close()
		if r, err := db.OpenReadOnly(ctx, u, clock.Real(), nil); err == nil {
			r.Close()
			t.Errorf("%s is read though a migration is missing", u)
		} else if errs.As(err).Key != "db.outdated" {
			t.Error(err)
		}
		again := dbtest.Open(t, u)
		if err := again.Migrate(ctx); err != nil {
			t.Fatal(err)
		}
		if n := count(t, again, "SELECT count(*) FROM early WHERE district = 1"); n != 1 {
			t.Errorf("%d rows are left of the one written before", n)
		}
		again.Close()
		r, err := db.OpenReadOnly(ctx, u, clock.Real(), nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Close()
	}
}

func TestPostgresSaysWhyItCannotBeOpened(t *testing.T) {
	if os.Getenv("WANGGE_TEST_ENGINES") == "sqlite" {
		t.Log("PostgreSQL is left out by WANGGE_TEST_ENGINES")
		return
	}
	refused(t, "postgres://u:secret@127.0.0.1:1/x", errs.Unavailable, "db.unreachable")
	empty := dbtest.EmptyPostgresURL(t)
	u, err := url.Parse(empty)
	if err != nil {
		t.Fatal(err)
	}
	none := *u
	none.Path = "/nosuchdatabase"
	refused(t, none.String(), errs.Unavailable, "db.no_database")
	stranger := *u
	stranger.User = url.UserPassword("stranger", "secret")
	refused(t, stranger.String(), errs.Unavailable, "db.password")

	p, err := sql.Open("pgx", empty)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	if _, err := p.Exec("CREATE TABLE customers (id INTEGER)"); err != nil {
		t.Fatal(err)
	}
	refused(t, empty, errs.Invalid, "db.foreign")
}

func TestDamagedFileIsTold(t *testing.T) {
	u := dbtest.SQLiteURL(t)
	d := dbtest.Open(t, u)
	path := d.Path()
	d.Close()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := 100; i < len(b); i++ {
		b[i] = 0xee
	}
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	refused(t, u, errs.Unavailable, "db.corrupt")
}

// TestFullDiskLosesNothing gives the file no room to grow: the write is refused
// with its reason, what was there stays, and small writes go on afterwards.
func TestFullDiskLosesNothing(t *testing.T) {
	d := dbtest.SQLite(t)
	run(t, d, things)
	write(t, d, func(tx *db.Tx) error { return insert(tx, 1) })
	pages := count(t, d, "PRAGMA page_count")
	limit := func(n int) {
		write(t, d, func(tx *db.Tx) error {
			var got int
			return tx.QueryRowContext(ctx, "PRAGMA max_page_count = "+strconv.Itoa(n)).Scan(&got)
		})
	}
	limit(pages + 3)
	err := d.Write(ctx, "test.full", func(tx *db.Tx) error {
		_, err := tx.ExecContext(ctx, "INSERT INTO thing (district, id, data) VALUES (1, 2, $1)", make([]byte, 1<<20))
		return err
	})
	if !errs.Is(err, errs.Unavailable) || errs.As(err).Key != "db.disk_full" {
		t.Errorf("a full disk is %v", err)
	}
	limit(1 << 30)
	write(t, d, func(tx *db.Tx) error { return insert(tx, 3) })
	if n := count(t, d, "SELECT sum(id) FROM thing"); n != 1+3 {
		t.Errorf("sum of ids %d, want rows 1 and 3", n)
	}
}
