// Package trust shows who did what and who looked at whom, and lets lists of
// persons leave unmasked only as they may.
//
// The auditor's pages and their API are over the record kept by platform/audit.
// They show ids, keys and addresses, never personal fields: an auditor learns
// that a person was looked at, by which post and for which purpose, without
// seeing the person.
//
// An unmasked list needs a purpose; above AloneLimit persons a second person of
// another post approves. The file carries for whom it was made, lies sealed
// until it is fetched, is given to nobody but who asked, and is deleted when
// its time is over. Every step is on record, and every person in it is a look.
package trust

import (
	"context"

	"wangge/internal/grid"
	"wangge/internal/ledger"
	"wangge/internal/platform/audit"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/platform/seal"
)

// Accounts gives the names shown beside account numbers.
type Accounts interface {
	// Names returns the display names of accounts; unknown ones are left out.
	Names(ctx context.Context, ids []id.ID) (map[id.ID]string, error)
	// FindID returns the account with exactly this log-in name or phone, or NotFound.
	FindID(ctx context.Context, login string) (id.ID, error)
}

// Places finds doors by address, and who may do what over a place; grid.Service
// is one.
type Places interface {
	Find(ctx context.Context, c grid.Caller, text string, below id.ID) (grid.Hits, error)
	WhoMay(ctx context.Context, c grid.Caller, perm grid.Permission, place id.ID) ([]grid.PostView, error)
}

// Deps are the parts the service is made of.
type Deps struct {
	DB       *db.DB
	Keys     *seal.Keyring
	Clock    clock.Clock
	Audit    *audit.Log
	Accounts Accounts
	Ledger   *ledger.Service
	Places   Places
	// Callers returns an account with the rights of the posts it holds now.
	Callers func(ctx context.Context, account id.ID) (grid.Caller, error)
}

// Service reads the record for those who may, and keeps exports.
type Service struct {
	d        *db.DB
	keys     *seal.Keyring
	clk      clock.Clock
	log      *audit.Log
	accounts Accounts
	ledger   *ledger.Service
	places   Places
	callers  func(ctx context.Context, account id.ID) (grid.Caller, error)
}

// New returns the service.
func New(d Deps) *Service {
	return &Service{d: d.DB, keys: d.Keys, clk: d.Clock, log: d.Audit, accounts: d.Accounts, ledger: d.Ledger, places: d.Places, callers: d.Callers}
}

// cursorID reads the cursor of a page; the empty one begins.
func cursorID(op, cursor string) (id.ID, error) {
	if cursor == "" {
		return id.Zero, nil
	}
	v, err := id.Parse(cursor)
	if err != nil {
		return id.Zero, errs.Field(errs.E(op, errs.Invalid, "error.bad_cursor"), "cursor")
	}
	return v, nil
}

// nonZero returns the ids that name something, each once.
func nonZero(ids ...id.ID) (out []id.ID) {
	seen := map[id.ID]bool{id.Zero: true}
	for _, v := range ids {
		if !seen[v] {
			seen[v] = true
			out = append(out, v)
		}
	}
	return out
}

// Row is one entry of the record with the name of who acted.
type Row struct {
	ID       id.ID  `json:"id"`
	AtMs     int64  `json:"at_ms" doc:"UTC milliseconds"`
	Account  id.ID  `json:"account_id"`
	Name     string `json:"account_name,omitempty"`
	Post     id.ID  `json:"post_id"`
	Action   string `json:"action"`
	Object   string `json:"object,omitempty"`
	ObjectID id.ID  `json:"object_id,omitempty"`
	Purpose  string `json:"purpose,omitempty"`
	Detail   string `json:"detail,omitempty" doc:"Ids, keys and counts only"`
	Link     int64  `json:"link" doc:"The entry's link in its chain"`
}
