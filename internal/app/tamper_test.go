package app

import (
	"context"
	"testing"
	"time"

	"wangge/internal/platform/audit"
	"wangge/internal/platform/clock"
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

// TestChainsAreAnchoredWhileServing: what runs beside the requests anchors the
// end of every chain, and the whole record verifies from the root.
func TestChainsAreAnchoredWhileServing(t *testing.T) {
	d := newDrill(t, Options{}, "nangang", 300)
	ctx := context.Background()
	anchored := 0 // each holds the ends of all chains that moved
	for deadline := time.Now().Add(20 * time.Second); anchored == 0; {
		if time.Now().After(deadline) {
			t.Fatal("no chain is anchored")
		}
		<-clock.Real().After(20 * time.Millisecond)
		if err := d.app.DB.Read().QueryRowContext(ctx, `SELECT COUNT(*) FROM audit_root`).Scan(&anchored); err != nil {
			t.Fatal(err)
		}
	}
	if problems, err := audit.Verify(ctx, d.app.DB); err != nil || len(problems) > 0 {
		t.Errorf("%v %v", problems, err)
	}
}
