package db_test

import (
	"math/rand/v2"
	"testing"

	"wangge/internal/platform/db"
)

// BenchmarkRead is point look-ups and range sums over 300,000 rows.
func BenchmarkRead(b *testing.B) {
	engines(b, func(b *testing.B, d *db.DB) {
		const n = 300_000
		for lo := 0; lo < n; lo += 10_000 {
			rows := make([][]any, 10_000)
			for i := range rows {
				rows[i] = []any{district, lo + i, "a name of middling length", lo}
			}
			if err := d.Write(ctx, "bench", func(tx *db.Tx) error {
				return tx.BulkInsert(ctx, "thing", []string{"district", "id", "name", "n"}, rows)
			}); err != nil {
				b.Fatal(err)
			}
		}
		var got int64
		b.Run("point", func(b *testing.B) {
			for b.Loop() {
				if err := d.Read().QueryRowContext(ctx, "SELECT n FROM thing WHERE district = $1 AND id = $2", district, rand.N(n)).Scan(&got); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run("sum16000", func(b *testing.B) {
			for b.Loop() {
				lo := rand.N(n - 16_000)
				if err := d.Read().QueryRowContext(ctx, "SELECT sum(n) FROM thing WHERE district = $1 AND id >= $2 AND id < $3", district, lo, lo+16_000).Scan(&got); err != nil {
					b.Fatal(err)
				}
			}
		})
	})
}
