package trust

import (
	"context"
	"slices"

	"wangge/internal/grid"
	"wangge/internal/platform/audit"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
)

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
	rows, err := s.rows(ctx, entries)
	return rows, next, errs.Wrap(op, err)
}

// steps returns what happened to an export, first things first; the caller was
// allowed to see it.
func (s *Service) steps(ctx context.Context, export id.ID) ([]Row, error) {
	entries, _, err := s.log.List(ctx, s.d.Read(), audit.Filter{ObjectID: export, Action: "export."}, "", 100)
	if err != nil {
		return nil, errs.Wrap("trust.steps", err)
	}
	slices.Reverse(entries)
	return s.rows(ctx, entries)
}

// rows puts names beside account numbers.
func (s *Service) rows(ctx context.Context, entries []audit.Entry) ([]Row, error) {
	ids := make([]id.ID, 0, len(entries))
	for _, e := range entries {
		ids = append(ids, e.Account)
	}
	names, err := s.accounts.Names(ctx, nonZero(ids...))
	if err != nil {
		return nil, err
	}
	out := make([]Row, len(entries))
	for i, e := range entries {
		out[i] = Row{ID: e.ID, AtMs: e.At, Account: e.Account, Name: names[e.Account], Post: e.Post, Action: e.Action,
			Object: e.Object, ObjectID: e.ObjectID, Purpose: e.Purpose, Detail: e.Detail, Link: e.Seq}
	}
	return out, nil
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
