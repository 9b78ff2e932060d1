package db_test

import (
	"context"
	"crypto/rand"
	"os"
	"testing"
	"time"

	"wangge/internal/platform/clock"
	"wangge/internal/platform/db"
	"wangge/internal/platform/db/dbtest"
)

// TestLogIsCopiedBesideTheWriter: what is written goes into the database soon,
// and the log begins anew instead of growing with all that was ever written.
func TestLogIsCopiedBesideTheWriter(t *testing.T) {
	ctx := context.Background()
	d := dbtest.SQLite(t)
	blob := make([]byte, 1<<20)
	if _, err := rand.Read(blob); err != nil {
		t.Fatal(err)
	}
	size := func(end string) int64 {
		info, err := os.Stat(d.Path() + end)
		if err != nil {
			t.Fatal(err)
		}
		return info.Size() >> 20
	}
	for n := range 160 {
		err := d.Write(ctx, "test", func(tx *db.Tx) error {
			return tx.BulkInsert(ctx, "import_file", []string{"district", "import_id", "part", "sealed"}, [][]any{{1, 1, n, blob}})
		})
		if err != nil {
			t.Fatal(err)
		}
		for n == 100 && size("") < 60 { // the test's own limit ends it
			<-clock.Real().After(time.Millisecond)
		}
	}
	if size("-wal") >= 159 {
		t.Errorf("the log never began anew: %d MB", size("-wal"))
	}
}
