package incoming

import (
	"context"

	"wangge/internal/grid"
	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
)

// Verdict is what a competent person says of a proposed measure.
type Verdict struct {
	Version   int    `json:"version" doc:"Of the person shown"`
	Confirm   bool   `json:"confirm" doc:"The measure counts; else it is declined"`
	Authority string `json:"authority,omitempty" maxLength:"100" doc:"Which authority decides"`
	Document  string `json:"document,omitempty" maxLength:"100" doc:"By which document, with its number"`
	Reason    string `json:"reason,omitempty" maxLength:"500" doc:"Why it is declined"`
}

// Proposals lists proposed measures of the caller's area that wait.
func (s *Service) Proposals(ctx context.Context, c grid.Caller) ([]Lead, error) {
	const op = "incoming.Proposals"
	if err := c.Require(op, grid.LeadConfirm); err != nil {
		return nil, err
	}
	list, err := proposals(ctx, s.DB.Read(), c, shownLeads)
	if err != nil {
		return nil, errs.Wrap(op, err)
	}
	out, err := s.listed(ctx, c, list)
	return out, errs.Wrap(op, err)
}

// Confirm decides a proposed measure. It takes another account than the one that
// proposed it, and names authority and document. Errors: Denied to the proposer
// and outside the area; Conflict where nothing is proposed or the proposal has
// lapsed; Invalid with the field.
func (s *Service) Confirm(ctx context.Context, c grid.Caller, v id.ID, d Verdict) error {
	const op = "incoming.Confirm"
	if err := c.Require(op, grid.LeadConfirm); err != nil {
		return err
	}
	return errs.Wrap(op, s.DB.Write(ctx, op, func(tx *db.Tx) error {
		l, err := oneLead(ctx, tx, c, grid.LeadConfirm, v)
		if err != nil {
			return err
		}
		if err := s.decidable(c, &l, d); err != nil {
			return err
		}
		if err := s.open(&l); err != nil {
			return err
		}
		l.MeasureState = Declined
		if d.Confirm {
			l.MeasureState = Confirmed
		}
		m := l.body.Measure
		m.Authority, m.Document, m.Reason = short(d.Authority, 100), short(d.Document, 100), short(d.Reason, 500)
		if err := s.save(ctx, tx, c, &l, "measure", l.MeasureState, m.Reason); err != nil {
			return err
		}
		return s.note(ctx, tx, c, grid.LeadConfirm, "lead.measure", tableLead, l.ID, "state="+l.MeasureState)
	}))
}

func (s *Service) decidable(c grid.Caller, l *lead, d Verdict) error {
	const op = "incoming.decidable"
	if err := c.RequirePlace(op, grid.LeadConfirm, l.Path); err != nil {
		return err
	}
	switch {
	case d.Version != 0 && d.Version != l.Version:
		return errs.E(op, errs.Conflict, "error.conflict")
	case l.MeasureState != Proposed:
		return errs.E(op, errs.Conflict, "incoming.measure.none")
	case measures.lapsed(l.MeasureMs, s.nowMs()):
		return errs.E(op, errs.Conflict, "incoming.measure.lapsed", measures.HoursValid)
	case l.MeasureBy == c.AccountID && c.AccountID != id.Zero:
		return errs.E(op, errs.Denied, "incoming.measure.own")
	case d.Confirm && short(d.Authority, 100) == "":
		return errs.Field(errs.E(op, errs.Invalid, "error.required"), "authority")
	case d.Confirm && short(d.Document, 100) == "":
		return errs.Field(errs.E(op, errs.Invalid, "error.required"), "document")
	case !d.Confirm && short(d.Reason, 500) == "":
		return errs.Field(errs.E(op, errs.Invalid, "error.required"), "reason")
	}
	return nil
}
