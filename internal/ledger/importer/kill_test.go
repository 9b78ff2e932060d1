package importer_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"wangge/internal/ledger"
	"wangge/internal/ledger/importer"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/db"
	"wangge/internal/platform/db/dbtest"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/seal"
)

// childVar makes the test binary the process that is killed.
const childVar = "WANGGE_IMPORT_CHILD"

func keyring(t testing.TB, dir string) *seal.Keyring {
	t.Helper()
	k, err := seal.NewKeyring(filepath.Join(dir, "keys"), []byte("0123456789abcdef0123456789abcdef"))
	must(t, err)
	if err := k.Create(ctx, seal.Standing); err != nil && !errs.Is(err, errs.Conflict) {
		t.Fatal(err)
	}
	return k
}

// TestKilled kills a process in the middle of an import and starts anew.
func TestKilled(t *testing.T) {
	if dir := os.Getenv(childVar); dir != "" {
		importAndDie(t, dir)
		return
	}
	dir := t.TempDir()
	cmd := exec.Command(os.Args[0], "-test.run", "^TestKilled$")
	cmd.Env = append(os.Environ(), childVar+"="+dir)
	out, err := cmd.CombinedOutput()
	if err == nil || !strings.Contains(err.Error(), "killed") {
		t.Fatalf("the child was not killed: %v\n%s", err, out)
	}
	w := newWorldWith(t, dbtest.Open(t, db.FileURL(filepath.Join(dir, "x.db"))), keyring(t, dir))
	if w.count(persons) == 0 {
		t.Fatal("the child wrote nothing before it was killed")
	}
	must(t, w.s.Recover(ctx, district))
	w.want("persons", persons, 4)
	w.want("households", households, 3)
	w.want("doors", doors, 3)
	w.want("imports that failed", "SELECT COUNT(*) FROM ledger_import WHERE state = 'failed'", 1)
}

func importAndDie(t *testing.T, dir string) {
	d, err := db.Open(ctx, db.FileURL(filepath.Join(dir, "x.db")), clock.Real(), nil)
	must(t, err)
	must(t, d.Migrate(ctx))
	w := newWorldWith(t, d, keyring(t, dir))
	w.run(first)
	pieces := 0
	w.l.OnHousehold(func(context.Context, *db.Tx, []ledger.Change) error {
		if pieces++; pieces == 3 {
			return syscall.Kill(os.Getpid(), syscall.SIGKILL)
		}
		return nil
	})
	_, err = w.s.Run(ctx, w.c, w.target(), []importer.File{text("big.csv", big(6500))})
	t.Fatal("the import went on", err)
}
