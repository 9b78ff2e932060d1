package db_test

import (
	"context"
	"errors"
	"testing"

	"wangge/internal/platform/db"
	"wangge/internal/platform/db/dbtest"
)

var ctx = context.Background()

// table makes a scratch table for the test.
func table(t *testing.T, d *db.DB, ddl string) {
	t.Helper()
	if err := d.Write(ctx, "test.table", func(tx *db.Tx) error {
		_, err := tx.ExecContext(ctx, ddl)
		return err
	}); err != nil {
		t.Fatal(err)
	}
}

func count(t *testing.T, d *db.DB, query string, args ...any) int {
	t.Helper()
	var n int
	if err := d.Read().QueryRowContext(ctx, query, args...).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

const things = `CREATE TABLE thing (district INTEGER NOT NULL, id BIGINT NOT NULL, name TEXT NOT NULL DEFAULT '', n BIGINT NOT NULL DEFAULT 0, PRIMARY KEY (district, id))`

func TestWriteCommitsAndRollsBack(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		table(t, d, things)
		insert := func(id int, after error) error {
			return d.Write(ctx, "test.insert", func(tx *db.Tx) error {
				if _, err := tx.ExecContext(ctx, "INSERT INTO thing (district, id) VALUES ($1, $2)", 230103, id); err != nil {
					return err
				}
				return after
			})
		}
		if err := insert(1, nil); err != nil {
			t.Fatal(err)
		}
		boom := errors.New("boom")
		if err := insert(2, boom); !errors.Is(err, boom) {
			t.Fatalf("the error of fn comes back, got %v", err)
		}
		if n := count(t, d, "SELECT count(*) FROM thing"); n != 1 {
			t.Fatalf("%d rows, want 1", n)
		}
	})
}
