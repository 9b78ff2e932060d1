package round

import (
	"context"

	"wangge/internal/grid"
	"wangge/internal/platform/db"
	"wangge/internal/platform/id"
)

// CostOf returns what a round in any state before opening would cost.
func (s *Service) CostOf(ctx context.Context, c grid.Caller, round id.ID) (Cost, error) {
	const op = "round.CostOf"
	r, err := s.Round(ctx, c, round)
	if err != nil {
		return Cost{}, err
	}
	if err := c.RequirePlace(op, grid.RoundRead, r.AreaPath); err != nil {
		return Cost{}, err
	}
	full, err := selectRound(ctx, s.DB.Read(), c.District, round)
	if err != nil {
		return Cost{}, err
	}
	return s.cost(ctx, full)
}

func (s *Service) cost(ctx context.Context, r Round) (Cost, error) {
	var out Cost
	q := s.DB.Read()
	form, err := selectForm(ctx, q, r.district, r.FormID)
	if err != nil {
		return out, err
	}
	sel, err := s.resolve(ctx, q, r)
	if err != nil {
		return out, err
	}
	if out.Targets, err = sel.count(ctx, q); err != nil {
		return out, err
	}
	fresh := 0
	for _, f := range form.Fields {
		fc, err := s.freshCost(ctx, q, sel, f)
		if err != nil {
			return out, err
		}
		if fc.Targets > 0 {
			out.Fresh = append(out.Fresh, fc)
			fresh += fc.Targets
		}
	}
	if r.TargetKind == Doors {
		occs, err := recentOccurrences(ctx, q, r.district, r.OccurrenceID, s.now()-exemptLookback)
		if err != nil {
			return out, err
		}
		if len(occs) > 0 {
			if out.Empty, err = sel.exemptCount(ctx, q, idsOf(occs), s.now()); err != nil {
				return out, err
			}
		}
	}
	out.Minutes, out.Hours = estimate(r.TargetKind, out.Targets, len(form.Fields), fresh, out.Empty)
	return out, nil
}

// exemptLookback is how far back a closed round's verified flats and doors that
// are no home are looked for; longer than any result's days.
const exemptLookback = 120 * dayMs

func idsOf(list []recentOcc) []id.ID {
	out := make([]id.ID, len(list))
	for i, o := range list {
		out[i] = o.id
	}
	return out
}

// freshCost counts the targets that answered the question lately, in any round
// that asked it of the same kind of target.
func (s *Service) freshCost(ctx context.Context, q db.Queryer, sel *selection, f Field) (FreshCost, error) {
	out := FreshCost{Field: f.Key, Label: f.Label}
	if f.ValidityDays == 0 {
		return out, nil
	}
	since := s.now() - int64(f.ValidityDays)*dayMs
	occs, err := s.askedIn(ctx, q, sel.round, sel.round.TargetKind, f, since)
	if err != nil || len(occs) == 0 {
		return out, err
	}
	out.Targets, out.LastMs, err = sel.freshCount(ctx, q, occs, since)
	return out, err
}
