// Package gridtest sets up what tests of packages above grid stand on: the
// areas of a district with its grid, accounts, keys and record.
package gridtest

import (
	"context"
	"testing"

	"wangge/internal/account"
	"wangge/internal/grid"
	"wangge/internal/grid/divisions"
	"wangge/internal/platform/audit"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/db"
	"wangge/internal/platform/db/dbtest"
	"wangge/internal/platform/seal"
	"wangge/internal/platform/seal/sealtest"
)

// Nangang is the district of the tests.
const Nangang = 230103

// House is the services over Nangang's areas.
type House struct {
	DB       *db.DB
	Clock    *clock.Manual
	Keys     *seal.Keyring // with the standing key
	Log      *audit.Log
	Grid     *grid.Service
	Accounts *account.Service
	C        grid.Caller // the installation itself
	Hua      grid.Place  // a community
}

// New sets up a house in a fresh database.
func New(t testing.TB, d *db.DB) *House {
	t.Helper()
	ctx := context.Background()
	h := &House{DB: d, Clock: d.Clock().(*clock.Manual), C: grid.System(Nangang, "test"), Keys: sealtest.New(t)}
	h.Log = audit.New(Nangang, h.Clock)
	h.Grid = grid.New(d, h.Clock, func(ctx context.Context, tx *db.Tx, n grid.Note) error {
		return h.Log.Append(ctx, tx, audit.Entry{Account: n.Caller.AccountID, Action: n.Action, Object: n.Object, ObjectID: n.ObjectID, Detail: n.Detail})
	}, nil)
	h.Accounts = account.New(account.Options{District: Nangang, DB: d, Keys: h.Keys, Clock: h.Clock, Audit: h.Log})
	list, _ := divisions.Load("230103")
	dbtest.Must(h.Grid.ImportAreas(ctx, h.C, list, false))(t)
	h.Hua = dbtest.Must(h.Grid.Area(ctx, h.C, "230103001001"))(t)
	return h
}
