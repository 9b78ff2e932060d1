package round

import (
	"context"
	"slices"

	"wangge/internal/grid"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/errs"
)

// deadlineGiven refuses a round that hands on what a level above asks, with an
// earlier deadline than that level gave: each level that takes a day for itself
// leaves the last one the morning. It hands on where it asks at least the same
// questions of the same kind of target below the other's area.
func (s *Service) deadlineGiven(ctx context.Context, c grid.Caller, r Round) error {
	if c.IsSystem() {
		return nil
	}
	given, err := roundsAbove(ctx, s.DB.Read(), r)
	if err != nil || len(given) == 0 {
		return err
	}
	form, err := selectForm(ctx, s.DB.Read(), r.district, r.FormID)
	if err != nil {
		return err
	}
	for _, g := range given {
		if g.ID == r.ID || g.AreaPath == r.AreaPath && drafted(c, g) || !earlier(r, g) {
			continue
		}
		asked, err := selectForm(ctx, s.DB.Read(), r.district, g.FormID)
		if err != nil {
			return err
		}
		if handsOn(form.Fields, asked.Fields) {
			due := clock.FromMs(g.DueMs).In(clock.CST).Format("2006-01-02 15:04")
			return errs.Field(errs.E("round.deadline", errs.Denied, "round.due_earlier", g.Name, due), "due_ms")
		}
	}
	return nil
}

// earlier reports whether a round is due before the one given from above: its
// first deadline or, where both come again, the hour of each day's.
func earlier(r, given Round) bool {
	if r.DueMs < given.DueMs {
		return true
	}
	a, okA := timeOfDay(r.Recurrence.At)
	b, okB := timeOfDay(given.Recurrence.At)
	if !okA || !okB || !r.Recurrence.Repeats() || !given.Recurrence.Repeats() {
		return false
	}
	return a.Milliseconds()+int64(r.Recurrence.Hours)*hourMs < b.Milliseconds()+int64(given.Recurrence.Hours)*hourMs
}

// handsOn reports whether questions hold all of those given from above.
func handsOn(fields, given []Field) bool {
	return !slices.ContainsFunc(given, func(g Field) bool {
		return !slices.ContainsFunc(fields, func(f Field) bool { return f.Key == g.Key && f.Type == g.Type })
	})
}

// drafted reports whether a round was drafted by a post of the caller.
func drafted(c grid.Caller, r Round) bool {
	return slices.ContainsFunc(c.Grants, func(g grid.Grant) bool { return g.PostID == r.CreatedPost })
}
