package escrow_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"wangge/internal/platform/audit"
	"wangge/internal/platform/db"
	"wangge/internal/platform/db/dbtest"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/escrow"
	"wangge/internal/platform/id"
	"wangge/internal/platform/seal"
)

var ctx = context.Background()

const district = 230103

func keyOf(err error) string {
	if err == nil {
		return ""
	}
	return errs.As(err).Key
}

// installation is a database with a key folder that holds the standing key and
// one emergency's.
func installation(t *testing.T, d *db.DB) (r *escrow.Register, dir, key string) {
	t.Helper()
	dir = t.TempDir()
	keys, err := seal.NewKeyring(dir, nil, seal.WithClock(d.Clock()))
	if err != nil {
		t.Fatal(err)
	}
	key = seal.EmergencyKey(id.New())
	for _, k := range []string{seal.Standing, key} {
		if err := keys.Create(ctx, k); err != nil {
			t.Fatal(err)
		}
	}
	return &escrow.Register{District: district, DB: d, Keys: keys, Audit: audit.New(district, d.Clock()), Clock: d.Clock()}, dir, key
}

// opens reports why a copy of the folder does not open a blob; nil where it does.
func opens(dir, key string, blob []byte) error {
	held, err := seal.OpenKeyring(dir)
	if err == nil {
		_, err = held.Open(key, "a", blob)
	}
	return err
}

// states counts the keys in copies by state.
func states(t *testing.T, r *escrow.Register) map[string]int {
	t.Helper()
	list, err := r.Copies(ctx)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]int{}
	for _, c := range list {
		out[c.State]++
	}
	return out
}

// TestDestructionReachesEveryCopy: a key is copied to a folder that stays in
// reach, to one that is carried away, and onto paper; then it is destroyed.
func TestDestructionReachesEveryCopy(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r, dir, key := installation(t, d)
		blob, err := r.Keys.Seal(key, "a", []byte("x"))
		if err != nil {
			t.Fatal(err)
		}
		stays, goes := filepath.Join(t.TempDir(), "safe"), filepath.Join(t.TempDir(), "stick")
		who := escrow.Who{Holder: "区档案馆", Place: "保险柜 3", By: "root"}
		for _, to := range []string{stays, goes} {
			c, keys, master, err := r.CopyFolder(ctx, to, who)
			if err != nil || !master || len(keys) != 2 || c.Folder != to {
				t.Fatalf("%+v %v master %v: %v", c, keys, master, err)
			}
			if err := opens(to, key, blob); err != nil {
				t.Fatal(err)
			}
		}
		away := filepath.Join(t.TempDir(), "carried away")
		if err := os.Rename(goes, away); err != nil {
			t.Fatal(err)
		}
		paper, line, err := r.CopyText(ctx, key, who)
		if err != nil || line == "" {
			t.Fatal(err)
		}
		if got := states(t, r); got[escrow.Out] != 5 {
			t.Errorf("on record: %v", got)
		}

		list, err := r.Destroy(ctx, key, "root")
		if err != nil {
			t.Fatal(err)
		}
		found := map[string]string{}
		for _, c := range list {
			found[c.Kind+c.Folder] = c.State
		}
		if len(list) != 3 || found["folder"+stays] != escrow.Ended || found["folder"+goes] != escrow.Called || found["paper"] != escrow.Called {
			t.Errorf("after the destruction: %v", found)
		}
		for name, at := range map[string]string{"the folder": dir, "the copy in reach": stays} {
			if err := opens(at, key, blob); !seal.IsDestroyed(err) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if err := opens(away, key, blob); err != nil {
			t.Errorf("the copy carried away is what the list is for, and it does not open: %v", err)
		}
		if again, err := r.Destroy(ctx, key, "root"); err != nil || len(again) != 3 {
			t.Errorf("twice: %v %v", again, err)
		}
		if err := r.End(ctx, paper.ID, "", "root"); err != nil {
			t.Error(err)
		}
		if err := r.End(ctx, paper.ID, "", "root"); keyOf(err) != "escrow.unknown" {
			t.Errorf("ended twice: %v", err)
		}
		if got := states(t, r); got[escrow.Out] != 2 || got[escrow.Called] != 1 || got[escrow.Ended] != 2 {
			t.Errorf("at the end: %v", got)
		}
		if problems, err := audit.Verify(ctx, d); err != nil || len(problems) > 0 {
			t.Errorf("audit: %v %v", problems, err)
		}
	})
}

// TestOldFolderPutBack: the record outlives the tombstone in the folder.
func TestOldFolderPutBack(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r, dir, key := installation(t, d)
		before, err := os.ReadFile(filepath.Join(dir, key+".key"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := r.Destroy(ctx, key, "root"); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, key+".key"), before, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Remove(filepath.Join(dir, key+".destroyed")); err != nil {
			t.Fatal(err)
		}
		r.Keys.Reload()
		if err := r.Keys.Check(key); err != nil {
			t.Fatalf("the old folder does not hold the key: %v", err)
		}
		if err := r.Enforce(ctx); err != nil {
			t.Fatal(err)
		}
		if err := r.Keys.Check(key); !seal.IsDestroyed(err) {
			t.Errorf("after the start: %v", err)
		}
	})
}

func TestEscrowRefuses(t *testing.T) {
	r, _, _ := installation(t, dbtest.One(t))
	full := t.TempDir()
	if err := os.WriteFile(filepath.Join(full, "x"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	who := escrow.Who{Holder: "archive", Place: "safe"}
	for _, c := range []struct {
		key string
		do  func() error
	}{
		{"escrow.who", func() error {
			_, _, _, err := r.CopyFolder(ctx, filepath.Join(t.TempDir(), "a"), escrow.Who{Holder: " "})
			return err
		}},
		{"escrow.not_empty", func() error { _, _, _, err := r.CopyFolder(ctx, full, who); return err }},
		{"escrow.not_empty", func() error { _, _, _, err := r.CopyFolder(ctx, filepath.Join(full, "x"), who); return err }},
		{"escrow.no_folder", func() error { _, _, _, err := r.CopyFolder(ctx, filepath.Join(full, "no", "such"), who); return err }},
		{"escrow.where", func() error { _, _, err := r.CopyText(ctx, seal.Standing, escrow.Who{Holder: "archive"}); return err }},
		{"seal.key_missing", func() error { _, _, err := r.CopyText(ctx, "emergency-1", who); return err }},
		{"escrow.standing", func() error { _, err := r.Destroy(ctx, seal.Standing, "root"); return err }},
		{"seal.key_missing", func() error { _, err := r.Destroy(ctx, "emergency-1", "root"); return err }},
		{"escrow.unknown", func() error { return r.End(ctx, id.New(), "", "root") }},
	} {
		if err := c.do(); keyOf(err) != c.key {
			t.Errorf("%v, want %s", err, c.key)
		}
	}
	if got := states(t, r); len(got) != 0 {
		t.Errorf("on record after refusals: %v", got)
	}
	if left, _ := os.ReadDir(full); len(left) != 1 {
		t.Errorf("something was made: %v", left)
	}
}
