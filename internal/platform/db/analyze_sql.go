package db

import (
	"context"
	"strings"
)

// Analyze tells PostgreSQL how large the tables are and how their columns are
// spread, after a bulk load: until its own statistics catch up, minutes later,
// it plans as if they were empty and a query over them can meet the read
// timeout. SQLite goes by its indexes alone; there it does nothing.
func (d *DB) Analyze(ctx context.Context, tables ...string) error {
	if d.engine != Postgres || len(tables) == 0 {
		return nil
	}
	return d.WriteLow(ctx, "db.Analyze", func(tx *Tx) error {
		_, err := tx.ExecContext(ctx, "ANALYZE "+strings.Join(tables, ", "))
		return err
	})
}
