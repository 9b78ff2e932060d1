package importer_test

import (
	"context"
	"testing"

	"wangge/internal/ledger"
	"wangge/internal/ledger/importer"
	"wangge/internal/platform/db"
	"wangge/internal/platform/db/dbtest"
	"wangge/internal/platform/errs"
)

// TestReplicas: a second server leaves a living one's import alone, undoes it
// once that one has been silent for long, and the silent one, should it wake,
// writes nothing more.
func TestReplicas(t *testing.T) {
	defer importer.InPieces(1000)()
	d := dbtest.Postgres(t)
	w := newWorld(t, d)
	other := importer.New(w.keys)
	imp, err := w.s.Stage(ctx, w.c, w.target(), []importer.File{text("big.csv", big(4000))})
	must(t, err)
	waiting, err := w.s.Stage(ctx, w.c, w.target(), []importer.File{text("a.csv", first)})
	must(t, err)
	pieces := 0
	w.l.OnHousehold(func(context.Context, *db.Tx, []ledger.Change) error {
		pieces++
		switch pieces {
		case 2:
			must(t, other.Recover(ctx, district))
			w.want("persons after a visit of the other", persons, 1000)
			if _, err := other.Apply(ctx, w.c, waiting.ID); errs.As(err).Key != "ledger.import.busy" {
				t.Errorf("two servers write into one community: %v", err)
			}
		case 3:
			w.silence()
			must(t, other.Recover(ctx, district))
		}
		return nil
	})
	if _, err := w.s.Apply(ctx, w.c, imp.ID); !errs.Is(err, errs.Conflict) {
		t.Errorf("the silent one goes on: %v", err)
	}
	w.want("persons", persons, 0)
	w.want("doors", doors, 0)
	w.want("imports undone", "SELECT COUNT(*) FROM ledger_import WHERE state = 'failed'", 1)
}
