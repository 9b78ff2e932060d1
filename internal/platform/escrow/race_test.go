package escrow_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"wangge/internal/platform/audit"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/db"
	"wangge/internal/platform/db/dbtest"
	"wangge/internal/platform/escrow"
	"wangge/internal/platform/seal"
)

// asked is a clock that does something the first time it is asked.
type asked struct {
	clock.Clock
	first func()
}

func (c *asked) Now() time.Time {
	if do := c.first; do != nil {
		c.first = nil
		do()
	}
	return c.Clock.Now()
}

// TestCopyIsRecordedBeforeItIsWritten: whoever is cut off while a copy is made
// leaves no key that is not on record.
func TestCopyIsRecordedBeforeItIsWritten(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r, _, _ := installation(t, d)
		to := filepath.Join(t.TempDir(), "safe")
		seen := false
		r.Audit = audit.New(district, &asked{d.Clock(), func() {
			seen = true
			if keys, _ := filepath.Glob(filepath.Join(filepath.Dir(to), "*", "*.key")); len(keys) > 0 {
				t.Errorf("written before the record: %v", keys)
			}
		}})
		if _, _, _, err := r.CopyFolder(ctx, to, escrow.Who{Holder: "archive"}); err != nil || !seen {
			t.Fatal(seen, err)
		}
	})
}

// TestCopyThatFailsIsEnded: what could not be written is on record as ended.
func TestCopyThatFailsIsEnded(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r, _, _ := installation(t, d)
		to := filepath.Join(t.TempDir(), "safe")
		r.Clock = &asked{d.Clock(), func() {
			if err := os.WriteFile(to, nil, 0o600); err != nil { // somebody else's
				t.Error(err)
			}
		}}
		if _, _, _, err := r.CopyFolder(ctx, to, escrow.Who{Holder: "archive"}); err == nil {
			t.Fatal("written over a file")
		}
		if got := states(t, r); got[escrow.Ended] != 2 || len(got) != 1 {
			t.Errorf("on record: %v", got)
		}
		if left, _ := os.ReadDir(filepath.Dir(to)); len(left) != 1 {
			t.Errorf("left: %v", left)
		}
	})
}

// TestDestructionWhileACopyIsMade: a key that is destroyed after it was read for
// a copy and before the copy is on record is ended or called back like others.
func TestDestructionWhileACopyIsMade(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		who := escrow.Who{Holder: "archive", Place: "safe", By: "root"}
		destroying := func() (r *escrow.Register, key string) {
			r, _, key = installation(t, d)
			other := *r
			r.Clock = &asked{d.Clock(), func() {
				if _, err := other.Destroy(ctx, key, "root"); err != nil {
					t.Error(err)
				}
			}}
			return r, key
		}
		stateOf := func(r *escrow.Register, key string) string {
			list, err := r.Copies(ctx)
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range list {
				if c.Key == key {
					return c.State
				}
			}
			return ""
		}
		r, key := destroying()
		blob, err := r.Keys.Seal(key, "a", []byte("x"))
		if err != nil {
			t.Fatal(err)
		}
		to := filepath.Join(t.TempDir(), "safe")
		if _, _, _, err := r.CopyFolder(ctx, to, who); err != nil {
			t.Fatal(err)
		}
		if got := stateOf(r, key); got != escrow.Ended {
			t.Errorf("the copy in reach is %q", got)
		}
		if err := opens(to, key, blob); !seal.IsDestroyed(err) {
			t.Errorf("the copy in reach: %v", err)
		}
		r, key = destroying()
		if _, _, err := r.CopyText(ctx, key, who); err != nil {
			t.Fatal(err)
		}
		if got := stateOf(r, key); got != escrow.Called {
			t.Errorf("the copy on paper is %q", got)
		}
	})
}
