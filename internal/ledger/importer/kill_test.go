package importer_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"wangge/internal/grid"
	"wangge/internal/ledger"
	"wangge/internal/ledger/importer"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/db"
	"wangge/internal/platform/db/dbtest"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/platform/seal"
)

// These make the test binary the process that is killed: where its keys lie,
// its database, and the stage it dies at.
const (
	childDir   = "WANGGE_IMPORT_CHILD"
	childURL   = "WANGGE_IMPORT_URL"
	childStage = "WANGGE_IMPORT_STAGE"
)

func keyring(t testing.TB, dir string) *seal.Keyring {
	t.Helper()
	k, err := seal.NewKeyring(filepath.Join(dir, "keys"), []byte("0123456789abcdef0123456789abcdef"))
	must(t, err)
	if err := k.Create(ctx, seal.Standing); err != nil && !errs.Is(err, errs.Conflict) {
		t.Fatal(err)
	}
	return k
}

// stages are the moments a process is killed at: while places are made, in the
// n-th piece of people or households, and in a piece of the taking back.
var stages = []string{"places", "piece 1", "piece 2", "piece 3", "undo 1", "undo 3"}

// TestKilled kills a process at every stage of an import, on both engines, and
// starts anew: nothing of the import is left, everything before it is, and the
// import can be written again.
func TestKilled(t *testing.T) {
	if dir := os.Getenv(childDir); dir != "" {
		importAndDie(t, dir, os.Getenv(childURL), os.Getenv(childStage))
		return
	}
	for _, engine := range []string{"sqlite", "postgres"} {
		for _, stage := range stages {
			t.Run(engine+"/"+stage, func(t *testing.T) {
				dir := t.TempDir()
				url := db.FileURL(filepath.Join(dir, "x.db"))
				if engine == "postgres" {
					url = dbtest.PostgresURL(t)
				}
				killAt(t, dir, url, stage)
				comeBack(t, dir, url, stage)
			})
		}
	}
}

func killAt(t *testing.T, dir, url, stage string) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run", "^TestKilled$")
	cmd.Env = append(os.Environ(), childDir+"="+dir, childURL+"="+url, childStage+"="+stage)
	out, err := cmd.CombinedOutput()
	if err == nil || !strings.Contains(err.Error(), "killed") {
		t.Fatalf("the child was not killed: %v\n%s", err, out)
	}
}

func comeBack(t *testing.T, dir, url, stage string) {
	w := newWorldWith(t, dbtest.Open(t, url), keyring(t, dir))
	w.want("imports being written", "SELECT COUNT(*) FROM ledger_import WHERE state = 'applying'", 1)
	w.silence()
	must(t, w.s.Recover(ctx, district))
	w.want("persons", persons, 4)
	w.want("households", households, 3)
	w.want("doors", doors, 3)
	w.want("journal", "SELECT COUNT(*) FROM import_row WHERE import_id = (SELECT MAX(id) FROM ledger_import)", 0)
	last := id.ID(w.count("SELECT MAX(id) FROM ledger_import"))
	if strings.HasPrefix(stage, "undo") {
		w.want("imports taken back", "SELECT COUNT(*) FROM ledger_import WHERE state = 'undone'", 1)
		return
	}
	w.want("imports that failed", "SELECT COUNT(*) FROM ledger_import WHERE state = 'failed'", 1)
	if stage == "piece 1" {
		_, err := w.s.Apply(ctx, w.c, last)
		must(t, err)
		w.want("persons after writing it again", persons, 2104)
	}
}

// dying makes places as the grid does, and dies where it is told to.
type dying struct {
	importer.Places
	on bool
}

func (d dying) AddPlacesIn(ctx context.Context, tx *db.Tx, c grid.Caller, list []grid.NewPlace) ([]grid.Place, error) {
	made, err := d.Places.AddPlacesIn(ctx, tx, c, list)
	if d.on {
		err = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	}
	return made, err
}

func importAndDie(t *testing.T, dir, url, stage string) {
	d, err := db.Open(ctx, url, clock.Real(), nil)
	must(t, err)
	must(t, d.Migrate(ctx))
	w := newWorldWith(t, d, keyring(t, dir))
	w.run(first)
	imp, err := w.s.Stage(ctx, w.c, w.target(), []importer.File{text("big.csv", big(2100)+"99,1,101,空置,,\n")})
	must(t, err)
	what, at, _ := strings.Cut(stage, " ")
	n, _ := strconv.Atoi(at)
	if what == "undo" {
		_, err = w.s.Apply(ctx, w.c, imp.ID)
		must(t, err)
	}
	pieces := 0
	w.l.OnHousehold(func(context.Context, *db.Tx, []ledger.Change) error {
		if pieces++; pieces == n {
			return syscall.Kill(os.Getpid(), syscall.SIGKILL)
		}
		return nil
	})
	if what == "places" {
		w.keys.Places = dying{w.keys.Places, true}
		w.s = importer.New(w.keys)
	}
	if what == "undo" {
		err = w.s.Undo(ctx, w.c, imp.ID)
	} else {
		_, err = w.s.Apply(ctx, w.c, imp.ID)
	}
	t.Fatal("it went on", err)
}
