package db_test

import (
	"strconv"
	"testing"

	"wangge/internal/platform/db"
	"wangge/internal/platform/id"
)

type word string

// Few rows go to PostgreSQL as arrays: with types of ours and with NULLs they
// come to the same as thousands do.
func TestBulkOfFewRows(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		cols := []string{"district", "id", "name", "n", "data"}
		write(t, d, func(tx *db.Tx) error {
			return tx.BulkInsert(ctx, "thing", cols, [][]any{{district, id.ID(1), word("one"), 10, []byte{1, 0}}, {district, int64(2), "两", int64(20), []byte{}}})
		})
		write(t, d, func(tx *db.Tx) error {
			return tx.BulkInsert(ctx, "thing", cols, [][]any{{district, 3, "three", 30, nil}, {district, 4, "four", 40, []byte{4}}})
		})
		for want, query := range map[int]string{
			2: "SELECT count(*) FROM thing WHERE id = 1 AND name = 'one' AND n = 10 AND length(data) = 2 OR id = 2 AND name = '两' AND n = 20 AND length(data) = 0",
			1: "SELECT count(*) FROM thing WHERE data IS NULL AND id = 3",
			4: "SELECT count(*) FROM thing",
		} {
			if got := count(t, d, query); got != want {
				t.Errorf("%d of %s", got, query)
			}
		}
		err := d.Write(ctx, "test", func(tx *db.Tx) error {
			return tx.BulkInsert(ctx, "thing", cols[:2], [][]any{{district, 5}, {district, 1}})
		})
		if !db.IsDuplicate(err) || count(t, d, "SELECT count(*) FROM thing") != 4 {
			t.Errorf("a duplicate among few rows: %v", err)
		}
	})
}

func TestBulkUpdate(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		const n = 1201
		rows, changes := make([][]any, n), make([][]any, n)
		for i := range rows {
			rows[i] = []any{district, id.ID(i), "old"}
			changes[i] = []any{district, id.ID(i + 1), "new " + strconv.Itoa(i+1), i + 1} // the last is not there
		}
		write(t, d, func(tx *db.Tx) error { return tx.BulkInsert(ctx, "thing", []string{"district", "id", "name"}, rows) })
		write(t, d, func(tx *db.Tx) error {
			if err := tx.BulkUpdate(ctx, "thing", []string{"district", "id"}, []string{"name", "n"}, nil); err != nil {
				return err
			}
			return tx.BulkUpdate(ctx, "thing", []string{"district", "id"}, []string{"name", "n"}, changes)
		})
		if got := count(t, d, "SELECT count(*) FROM thing WHERE name = 'new ' || CAST(id AS TEXT) AND n = id"); got != n-1 {
			t.Errorf("%d rows changed", got)
		}
		if got := count(t, d, "SELECT count(*) FROM thing WHERE name = 'old' AND n = 0 AND id = 0"); got != 1 {
			t.Errorf("%d rows left", got)
		}
	})
}
