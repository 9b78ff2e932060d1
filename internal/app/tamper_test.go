package app

import (
	"context"
	"testing"

	"wangge/internal/platform/db"
	"wangge/internal/trust"
)

// tamper changes an audit entry behind the log's back.
func tamper(t *testing.T, d *db.DB, row trust.Row) {
	t.Helper()
	err := d.Write(context.Background(), "test.tamper", func(tx *db.Tx) error {
		_, err := tx.ExecContext(context.Background(), `UPDATE audit_entry SET account_id = account_id + 1 WHERE id = $1`, int64(row.ID))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
