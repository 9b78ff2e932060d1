package db_test

import (
	"context"
	"testing"

	"wangge/internal/platform/db"
	"wangge/internal/platform/db/dbtest"
)

// TestBulkUpsert: rows that are new are inserted, those that are there are
// changed as told, in one call of more rows than a statement carries.
func TestBulkUpsert(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		rows := make([][]any, 21)
		for i := range rows {
			rows[i] = []any{1, int64(i), int64(7), int64(0), 1, i}
		}
		cols := []string{"district", "occurrence_id", "leaf_id", "grid_id", "total", "done"}
		for range 3 {
			err := d.Write(ctx, "test", func(tx *db.Tx) error {
				return tx.BulkUpsert(ctx, "counter", cols, "district, occurrence_id, leaf_id, grid_id", "total = t.total + excluded.total, done = excluded.done", rows)
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		var n, total, done int
		if err := d.Read().QueryRowContext(ctx, "SELECT COUNT(*), SUM(total), SUM(done) FROM counter WHERE leaf_id = 7").Scan(&n, &total, &done); err != nil || n != 21 || total != 63 || done != 210 {
			t.Errorf("%d rows, %d and %d in all: %v", n, total, done, err)
		}
	})
}
