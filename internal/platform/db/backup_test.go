package db_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"wangge/internal/platform/clock"
	"wangge/internal/platform/db"
	"wangge/internal/platform/db/dbtest"
	"wangge/internal/platform/errs"
)

// backedUp returns a database with one row and a backup of it.
func backedUp(t *testing.T) (d *db.DB, file string) {
	t.Helper()
	d = dbtest.SQLite(t)
	run(t, d, things)
	write(t, d, func(tx *db.Tx) error { return insert(tx, 1) })
	file = filepath.Join(t.TempDir(), "backup.db")
	if _, err := d.Backup(ctx, file); err != nil {
		t.Fatal(err)
	}
	return d, file
}

func restore(from, to string, force bool, accept func(*db.DB) error) (db.Restored, error) {
	return db.Restore(ctx, db.Restoring{From: from, URL: db.FileURL(to), Force: force, Clock: clock.Real(), Accept: accept})
}

func keyOf(err error) string {
	if err == nil {
		return ""
	}
	return errs.As(err).Key
}

// listed lists a folder's files, the lock left out.
func listed(t *testing.T, dir string) (out []string) {
	t.Helper()
	list, err := os.ReadDir(dir)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	for _, e := range list {
		if !strings.HasSuffix(e.Name(), ".lock") {
			out = append(out, e.Name())
		}
	}
	return out
}

func TestBackupComesBack(t *testing.T) {
	d, file := backedUp(t)
	c, err := d.Backup(ctx, filepath.Join(filepath.Dir(file), "second.db"))
	if err != nil || c.Bytes == 0 || len(c.SHA256) != 64 || c.Schema == 0 {
		t.Errorf("%+v %v", c, err)
	}
	if got := listed(t, filepath.Dir(file)); len(got) != 4 {
		t.Errorf("two backups with their checksums leave %v", got)
	}
	if _, err := d.Backup(ctx, file); keyOf(err) != "db.backup_exists" {
		t.Errorf("a backup over another: %v", err)
	}
	if _, err := d.Backup(ctx, filepath.Join(t.TempDir(), "no", "such", "folder.db")); err == nil {
		t.Error("a backup into no folder")
	}
	to := filepath.Join(t.TempDir(), "new", "folder", "wangge.db")
	out, err := restore(file, to, false, func(d *db.DB) error {
		if n := count(t, d, "SELECT count(*) FROM thing"); n != 1 {
			t.Errorf("%d rows before it is accepted", n)
		}
		return nil
	})
	if err != nil || out.SetAside != "" || out.File != to {
		t.Fatalf("%+v %v", out, err)
	}
	back := dbtest.Open(t, db.FileURL(to))
	if n := count(t, back, "SELECT count(*) FROM thing"); n != 1 {
		t.Errorf("%d rows came back", n)
	}
	write(t, back, func(tx *db.Tx) error { return insert(tx, 2) })
	if _, err := restore(file, to, false, nil); keyOf(err) != "db.restore_exists" {
		t.Errorf("over a database: %v", err)
	}
	if _, err := restore(file, to, true, nil); keyOf(err) != "db.locked" {
		t.Errorf("over a database in use: %v", err)
	}
	back.Close()
	out, err = restore(file, to, true, nil)
	if err != nil || !strings.Contains(out.SetAside, "wangge.db.replaced-") {
		t.Fatalf("with force: %+v %v", out, err)
	}
	if n := count(t, dbtest.Open(t, db.FileURL(to)), "SELECT count(*) FROM thing"); n != 1 {
		t.Errorf("%d rows after the second time", n)
	}
	if n := count(t, dbtest.Open(t, db.FileURL(out.SetAside)), "SELECT count(*) FROM thing"); n != 2 {
		t.Errorf("%d rows in what was set aside", n)
	}
}

// TestRestoreLeavesNothing: whatever is wrong with a backup, the target's
// folder stays as it was.
func TestRestoreLeavesNothing(t *testing.T) {
	_, file := backedUp(t)
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	put := func(name string, b []byte, sum string) string {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		if sum != "" {
			if err := os.WriteFile(path+db.SumSuffix, []byte(sum), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		return path
	}
	holed := append([]byte(nil), whole...)
	for i := 4096; i < 3*4096; i++ {
		holed[i] = 0xee
	}
	for _, c := range []struct{ name, from, key string }{
		{"missing", filepath.Join(t.TempDir(), "none.db"), "db.backup_missing"},
		{"a folder", t.TempDir(), "db.backup_foreign"},
		{"a letter", put("letter.db", []byte(strings.Repeat("Dear all, ", 100)), ""), "db.backup_foreign"},
		{"empty", put("empty.db", nil, ""), "db.backup_foreign"},
		{"cut off", put("half.db", whole[:len(whole)/2/4096*4096], ""), "db.backup_damaged"},
		{"holed", put("holed.db", holed, ""), "db.backup_damaged"},
		{"another sum", put("sum.db", whole, strings.Repeat("0", 64)+"  sum.db\n"), "db.backup_sum"},
	} {
		dir := filepath.Join(t.TempDir(), "a", "b")
		if _, err := restore(c.from, filepath.Join(dir, "wangge.db"), false, nil); keyOf(err) != c.key {
			t.Errorf("%s: %v, want %s", c.name, err, c.key)
		}
		if _, err := os.Stat(filepath.Dir(dir)); err == nil {
			t.Errorf("%s: folders were made", c.name)
		}
	}
	dir := filepath.Join(t.TempDir(), "refused")
	no := errs.E("test", errs.Invalid, "test.no")
	if _, err := restore(file, filepath.Join(dir, "wangge.db"), false, func(*db.DB) error { return no }); keyOf(err) != "test.no" {
		t.Errorf("not accepted: %v", err)
	}
	if _, err := os.Stat(dir); err == nil {
		t.Errorf("not accepted, and left %v", listed(t, dir))
	}
	d := dbtest.SQLite(t)
	dead, cancel := context.WithCancel(ctx)
	cancel()
	out := t.TempDir()
	if _, err := d.Backup(dead, filepath.Join(out, "x.db")); err == nil || len(listed(t, out)) != 0 {
		t.Errorf("a backup that was ended: %v, left %v", err, listed(t, out))
	}
}
