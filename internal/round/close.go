package round

import (
	"context"

	"wangge/internal/grid"
	"wangge/internal/platform/audit"
	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
)

// CloseInput closes a round. Reasons hold a sign-off reason for each target
// that is still outstanding; without them the round must be complete.
type CloseInput struct {
	RoundID id.ID            `json:"round_id"`
	Reasons map[id.ID]string `json:"reasons,omitempty" doc:"By target: why it is signed off, a code of GET /api/v1/rounds/results"`
}

// Remaining says in an error of Close how much is outstanding; see errs args.
const remainingKey = "round.close_outstanding"

// Close ends a round. While a target is outstanding it is refused (Conflict
// round.close_outstanding with their number), unless each of them is signed off
// with a reason: then each becomes exempt with it.
func (s *Service) Close(ctx context.Context, c grid.Caller, in CloseInput) error {
	const op = "round.Close"
	r, err := selectRound(ctx, s.DB.Read(), c.District, in.RoundID)
	if err != nil {
		return err
	}
	if err := c.RequirePlace(op, grid.RoundClose, r.AreaPath); err != nil {
		return err
	}
	if r.State != Open {
		return errs.E(op, errs.Conflict, "round.not_open")
	}
	for object, why := range in.Reasons {
		if !hasWord(signOffs, why) {
			return errs.Field(errs.E(op, errs.Invalid, "error.bad_choice"), "reasons."+object.String())
		}
	}
	post := c.PostFor(grid.RoundClose)
	if err := s.signOff(ctx, c, r, in.Reasons, post); err != nil {
		return err
	}
	return s.DB.Write(ctx, op, func(tx *db.Tx) error {
		if err := setClosed(ctx, tx, r, c.AccountID, s.now()); err != nil {
			return err
		}
		left, err := countOutstanding(ctx, tx, r)
		if err != nil {
			return err
		}
		if left > 0 {
			return errs.E(op, errs.Conflict, remainingKey, left)
		}
		tx.Notify(topic(r.ID))
		return s.Audit.Append(ctx, tx, audit.Entry{Account: c.AccountID, Post: post, Action: "round.close", Object: "round", ObjectID: r.ID,
			Detail: "signed_off=" + itoa(len(in.Reasons))})
	})
}

// signOff makes the targets exempt with their reasons. Nothing is signed off
// unless every outstanding target has a reason.
func (s *Service) signOff(ctx context.Context, c grid.Caller, r Round, reasons map[id.ID]string, post id.ID) error {
	const op = "round.Close"
	if len(reasons) == 0 {
		return nil
	}
	left, err := outstandingIDs(ctx, s.DB.Read(), r, maxList+1)
	if err != nil {
		return err
	}
	missing := 0
	for _, object := range left {
		if reasons[object] == "" {
			missing++
		}
	}
	if missing > 0 {
		return errs.E(op, errs.Conflict, remainingKey, missing)
	}
	return db.Chunks(left, chunk, func(part []id.ID) error {
		return s.DB.Write(ctx, op, func(tx *db.Tx) error {
			b := s.newBook(r.district)
			b.occs[r.OccurrenceID] = r.ID
			list, err := lockTargets(ctx, tx, r.district, r.OccurrenceID, part)
			if err != nil {
				return err
			}
			b.load(list)
			for _, t := range list {
				if t.State != Outstanding && t.State != Attempted {
					continue // marked meanwhile
				}
				m, err := s.ownMark(r, t.ObjectID, resultSigned, reasons[t.ObjectID], OnPaper, c.AccountID, post)
				if err != nil {
					return err
				}
				m.correctedMs = max(m.correctedMs, t.MarkedMs)
				b.mark(m)
			}
			return b.write(ctx, tx)
		})
	})
}
