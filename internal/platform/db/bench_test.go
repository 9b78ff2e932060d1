package db_test

import (
	"context"
	"database/sql"
	"path/filepath"
	"sync/atomic"
	"testing"

	"wangge/internal/platform/db"
	"wangge/internal/platform/db/dbtest"
)

const scans = `CREATE TABLE thing (district INTEGER NOT NULL, id BIGINT NOT NULL, name TEXT NOT NULL DEFAULT '',
	n BIGINT NOT NULL DEFAULT 0, PRIMARY KEY (district, id))`

const insertScan = "INSERT INTO thing (district, id, name, n) VALUES ($1, $2, $3, $4)"

// BenchmarkBare is the baseline: the driver alone, one durable transaction a row.
func BenchmarkBare(b *testing.B) {
	p, err := sql.Open("sqlite", filepath.Join(b.TempDir(), "bare.db")+"?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)")
	if err != nil {
		b.Fatal(err)
	}
	defer p.Close()
	p.SetMaxOpenConns(1)
	if _, err := p.Exec(scans); err != nil {
		b.Fatal(err)
	}
	stmt, err := p.Prepare(insertScan)
	if err != nil {
		b.Fatal(err)
	}
	defer stmt.Close()
	for i := 0; b.Loop(); i++ {
		if _, err := stmt.Exec(district, i, "name", i); err != nil {
			b.Fatal(err)
		}
	}
	rate(b, 1)
}

// BenchmarkBareBatch is the other baseline: the driver alone, 512 rows a transaction.
func BenchmarkBareBatch(b *testing.B) {
	p, err := sql.Open("sqlite", filepath.Join(b.TempDir(), "bare.db")+"?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)")
	if err != nil {
		b.Fatal(err)
	}
	defer p.Close()
	p.SetMaxOpenConns(1)
	if _, err := p.Exec(scans); err != nil {
		b.Fatal(err)
	}
	id := 0
	for b.Loop() {
		tx, err := p.Begin()
		if err != nil {
			b.Fatal(err)
		}
		stmt, err := tx.Prepare(insertScan)
		if err != nil {
			b.Fatal(err)
		}
		for range 512 {
			id++
			if _, err := stmt.Exec(district, id, "name", id); err != nil {
				b.Fatal(err)
			}
		}
		if err := tx.Commit(); err != nil {
			b.Fatal(err)
		}
	}
	rate(b, 512)
}

func rate(b *testing.B, rows int) {
	b.ReportMetric(float64(b.N*rows)/b.Elapsed().Seconds(), "rows/s")
}

func engines(b *testing.B, fn func(b *testing.B, d *db.DB)) {
	for name, open := range map[string]func(testing.TB) *db.DB{"sqlite": dbtest.SQLite, "postgres": dbtest.Postgres} {
		b.Run(name, func(b *testing.B) {
			d := open(b)
			if err := d.Write(ctx, "bench", func(tx *db.Tx) error {
				_, err := tx.ExecContext(ctx, scans)
				return err
			}); err != nil {
				b.Fatal(err)
			}
			fn(b, d)
		})
	}
}

func insertScanTx(ctx context.Context, tx *db.Tx, id int64) error {
	_, err := tx.ExecContext(ctx, insertScan, district, id, "name", id)
	return err
}

// BenchmarkWrite is one transaction a row through Write.
func BenchmarkWrite(b *testing.B) {
	engines(b, func(b *testing.B, d *db.DB) {
		for i := int64(0); b.Loop(); i++ {
			if err := d.Write(ctx, "bench", func(tx *db.Tx) error { return insertScanTx(ctx, tx, i) }); err != nil {
				b.Fatal(err)
			}
		}
		rate(b, 1)
	})
}

// BenchmarkBatcher is a row a call from 256 goroutines through a batcher.
func BenchmarkBatcher(b *testing.B) {
	engines(b, func(b *testing.B, d *db.DB) {
		bt := db.NewBatcher(d, db.BatchOptions{}, func(ctx context.Context, tx *db.Tx, items []*db.Item[int64]) error {
			for _, it := range items {
				if err := insertScanTx(ctx, tx, it.Value); err != nil {
					return err
				}
			}
			return nil
		})
		benchBatcher(b, bt)
	})
}

// BenchmarkBatcherBulk is the same, each batch written by BulkInsert.
func BenchmarkBatcherBulk(b *testing.B) {
	engines(b, func(b *testing.B, d *db.DB) {
		bt := db.NewBatcher(d, db.BatchOptions{}, func(ctx context.Context, tx *db.Tx, items []*db.Item[int64]) error {
			rows := make([][]any, len(items))
			for i, it := range items {
				rows[i] = []any{district, it.Value, "name", it.Value}
			}
			return tx.BulkInsert(ctx, "thing", []string{"district", "id", "name", "n"}, rows)
		})
		benchBatcher(b, bt)
	})
}

// BenchmarkBatcherEach is the same, each batch written by ExecEach.
func BenchmarkBatcherEach(b *testing.B) {
	engines(b, func(b *testing.B, d *db.DB) {
		bt := db.NewBatcher(d, db.BatchOptions{}, func(ctx context.Context, tx *db.Tx, items []*db.Item[int64]) error {
			rows := make([][]any, len(items))
			for i, it := range items {
				rows[i] = []any{district, it.Value, "name", it.Value}
			}
			_, err := tx.ExecEach(ctx, insertScan, rows)
			return err
		})
		benchBatcher(b, bt)
	})
}

func benchBatcher(b *testing.B, bt *db.Batcher[int64]) {
	var next atomic.Int64
	b.ResetTimer()
	b.SetParallelism(128)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if err := bt.Do(ctx, next.Add(1)); err != nil {
				b.Error(err)
			}
		}
	})
	rate(b, 1)
}

// BenchmarkBulkInsert is 2,000 rows a transaction.
func BenchmarkBulkInsert(b *testing.B) {
	engines(b, func(b *testing.B, d *db.DB) {
		id := int64(0)
		rows := make([][]any, 2000)
		for b.Loop() {
			for i := range rows {
				id++
				rows[i] = []any{district, id, "name", id}
			}
			if err := d.Write(ctx, "bench", func(tx *db.Tx) error {
				return tx.BulkInsert(ctx, "thing", []string{"district", "id", "name", "n"}, rows)
			}); err != nil {
				b.Fatal(err)
			}
		}
		rate(b, len(rows))
	})
}
