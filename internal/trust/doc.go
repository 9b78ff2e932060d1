// Package trust shows who did what and who looked at whom: the auditor's page
// and its API over the record kept by platform/audit. It changes nothing, and
// it shows ids and keys, never personal fields: an auditor learns that a person
// was looked at, by which post and for which purpose, without seeing the person.
package trust

import (
	"context"

	"wangge/internal/platform/audit"
	"wangge/internal/platform/db"
	"wangge/internal/platform/id"
)

// Accounts gives the names shown beside account numbers.
type Accounts interface {
	// Names returns the display names of accounts; unknown ones are left out.
	Names(ctx context.Context, ids []id.ID) (map[id.ID]string, error)
}

// Service reads the record for those who may.
type Service struct {
	d        *db.DB
	log      *audit.Log
	accounts Accounts
}

// New returns the service.
func New(d *db.DB, log *audit.Log, accounts Accounts) *Service {
	return &Service{d: d, log: log, accounts: accounts}
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
