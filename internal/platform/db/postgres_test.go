package db_test

import (
	"context"
	"os"
	"testing"
	"time"

	"wangge/internal/platform/clock"
	"wangge/internal/platform/db"
	"wangge/internal/platform/db/dbtest"
)

// cutOff ends every other connection to the database, as a restart does.
func cutOff(t *testing.T, d *db.DB) {
	t.Helper()
	rows, err := d.Read().QueryContext(ctx, `SELECT pg_terminate_backend(pid)::text FROM pg_stat_activity
		WHERE datname = current_database() AND pid <> pg_backend_pid()`)
	if err != nil {
		t.Fatal(err)
	}
	rows.Close()
}

// TestPostgresComesBack: after the server cut every connection, writes and reads
// go on without an error to the caller, and listeners are told to read again.
func TestPostgresComesBack(t *testing.T) {
	if os.Getenv("WANGGE_TEST_ENGINES") == "sqlite" {
		t.Log("PostgreSQL is left out by WANGGE_TEST_ENGINES")
		return
	}
	d := dbtest.Postgres(t)
	run(t, d, things)
	listen, cancel := context.WithCancel(ctx)
	defer cancel()
	news := d.Listen(listen)
	for i := range int64(3) {
		write(t, d, func(tx *db.Tx) error { return insert(tx, i) })
		cutOff(t, d)
		write(t, d, func(tx *db.Tx) error { return insert(tx, 10+i) })
		select {
		case topic := <-news:
			if topic != db.Everything {
				t.Errorf("told %q, want %q", topic, db.Everything)
			}
		case <-clock.Real().After(10 * time.Second):
			t.Fatal("listeners were not told that news may be missing")
		}
	}
	if n := count(t, d, "SELECT count(*) FROM thing"); n != 6 {
		t.Errorf("%d rows, want 6", n)
	}
}

// TestRelaxedBatchLocksItsRows: batches of two batchers over the same counter
// rows, as two replicas have them, lose nothing when they lock for themselves.
func TestRelaxedBatchLocksItsRows(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		write(t, d, func(tx *db.Tx) error { return insert(tx, 1) })
		add := func(ctx context.Context, tx *db.Tx, items []*db.Item[int64]) error {
			var n int64
			q := "SELECT n FROM thing WHERE district = $1 AND id = 1" + tx.ForUpdate()
			if err := tx.QueryRowContext(ctx, q, district).Scan(&n); err != nil {
				return err
			}
			for _, it := range items {
				n += it.Value
			}
			_, err := tx.ExecContext(ctx, "UPDATE thing SET n = $1 WHERE district = $2 AND id = 1", n, district)
			return err
		}
		const per = 40
		var results []func() map[int64]error
		want := 0
		for range 2 {
			b := db.NewBatcher(d, db.BatchOptions{OwnLocks: true, MaxItems: 8}, add)
			done := make(chan map[int64]error, 1)
			go func() {
				got := map[int64]error{}
				for v := range int64(per) {
					if err := b.Do(ctx, v); err != nil {
						got[v] = err
					}
				}
				done <- got
			}()
			results = append(results, func() map[int64]error { return <-done })
			want += per * (per - 1) / 2
		}
		for _, r := range results {
			for v, err := range r() {
				t.Errorf("%d: %v", v, err)
			}
		}
		if n := count(t, d, "SELECT n FROM thing WHERE district = $1", district); n != want {
			t.Errorf("n = %d, want %d", n, want)
		}
	})
}
