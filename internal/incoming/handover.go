package incoming

import (
	"context"

	"wangge/internal/grid"
	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
)

// Accept takes over a lead that another street or community of the district
// handed on; that is its receipt. Whoever calls here gets it. Errors: Denied
// without a post that calls or decides there; Conflict where it was not handed
// on, or went outside the district.
func (s *Service) Accept(ctx context.Context, c grid.Caller, v id.ID, version int) error {
	const op = "incoming.Accept"
	return errs.Wrap(op, s.DB.Write(ctx, op, func(tx *db.Tx) error {
		l, err := s.handed(ctx, tx, c, v, version)
		if err != nil {
			return err
		}
		if !l.toArea() {
			return errs.E(op, errs.Conflict, "incoming.needs_receipt")
		}
		l.State, l.Result, l.Tries = Open, "", 0
		if l.body.Handed <= 1 { // the first that takes over has its own time, see clockOf
			l.DueMs, l.body.AwayDueMs = dueMs(s.nowMs(), l.Urgency), 0
		}
		if err := s.save(ctx, tx, c, &l, accepted, "", ""); err != nil {
			return err
		}
		return s.rebalance(ctx, tx, c.District)
	}))
}

// Receipt settles a lead that went to an authority outside the district, by the
// receipt it gave. Errors: Invalid "receipt"; Conflict where it was not handed on.
func (s *Service) Receipt(ctx context.Context, c grid.Caller, v id.ID, version int, receipt string) error {
	const op = "incoming.Receipt"
	receipt = short(receipt, 200)
	return errs.Wrap(op, s.DB.Write(ctx, op, func(tx *db.Tx) error {
		l, err := s.handed(ctx, tx, c, v, version)
		if err != nil {
			return err
		}
		if l.toArea() {
			return errs.E(op, errs.Conflict, "incoming.needs_accept")
		}
		if receipt == "" {
			return errs.Field(errs.E(op, errs.Invalid, "error.required"), "receipt")
		}
		return s.receipted(ctx, tx, c, &l, receipt)
	}))
}

// handed reads a lead that was handed on to, or by, the caller's area.
func (s *Service) handed(ctx context.Context, q db.Queryer, c grid.Caller, v id.ID, version int) (lead, error) {
	const op = "incoming.handed"
	if err := c.Require(op, grid.LeadCall); err != nil {
		return lead{}, err
	}
	l, err := oneLead(ctx, q, c, grid.LeadCall, v)
	switch {
	case err != nil:
		return l, err
	case l.State != Sent, version != 0 && version != l.Version:
		return l, errs.E(op, errs.Conflict, "error.conflict")
	}
	return l, s.open(&l)
}
