// Package trust shows who did what and who looked at whom: the auditor's page
// and its API over the record kept by platform/audit. It changes nothing, and
// it shows ids and keys, never personal fields: an auditor learns that a person
// was looked at, by which post and for which purpose, without seeing the person.
package trust

import (
	"context"

	"wangge/internal/grid"
	"wangge/internal/platform/audit"
	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
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

// List returns entries newest first, at most limit, and the cursor of the next
// page. Only posts with audit.read may ask; the list itself is of the whole
// district, since the record is one chain.
func (s *Service) List(ctx context.Context, c grid.Caller, f audit.Filter, cursor string, limit int) ([]Row, string, error) {
	const op = "trust.List"
	if err := c.Require(op, grid.AuditRead); err != nil {
		return nil, "", err
	}
	entries, next, err := s.log.List(ctx, s.d.Read(), f, cursor, limit)
	if err != nil {
		return nil, "", errs.Wrap(op, err)
	}
	ids := make([]id.ID, 0, len(entries))
	for _, e := range entries {
		ids = append(ids, e.Account)
	}
	names, err := s.accounts.Names(ctx, ids)
	if err != nil {
		return nil, "", errs.Wrap(op, err)
	}
	out := make([]Row, len(entries))
	for i, e := range entries {
		out[i] = Row{ID: e.ID, AtMs: e.At, Account: e.Account, Name: names[e.Account], Post: e.Post, Action: e.Action,
			Object: e.Object, ObjectID: e.ObjectID, Purpose: e.Purpose, Detail: e.Detail, Link: e.Seq}
	}
	return out, next, nil
}

// Verify checks every chain and returns where the record was tampered with.
func (s *Service) Verify(ctx context.Context, c grid.Caller) ([]audit.Problem, error) {
	const op = "trust.Verify"
	if err := c.Require(op, grid.AuditRead); err != nil {
		return nil, err
	}
	problems, err := audit.Verify(ctx, s.d)
	return problems, errs.Wrap(op, err)
}
