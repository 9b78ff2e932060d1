package round

import (
	"context"
	"maps"

	"wangge/internal/grid"
	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/platform/seal"
)

// standing is what a cut-off freezes.
type standing struct {
	figures  map[counterKey]counterDelta
	answers  map[choiceKey]int
	unopened bool // answers could not be counted: the key is missing or destroyed
}

// standingAt returns figures and counts of answers of an occurrence by what had
// been received until an instant, both of one snapshot. Where marks cannot be
// opened because their key is missing or destroyed, there are figures only.
func (s *Service) standingAt(ctx context.Context, r Round, occ id.ID, at int64) (out standing, err error) {
	info, err := s.info(ctx, r.district, r.ID)
	if err != nil {
		return out, err
	}
	err = s.DB.Snapshot(ctx, "round.standingAt", func(q db.Queryer) (err error) {
		if out.figures, err = countAt(ctx, q, r.district, occ, at); err == nil {
			out.answers, err = answersAt(ctx, q, occRef{district: r.district, id: occ}, at, func(m *markRow) ([]ChoiceCount, error) { return s.countsOf(info, m) })
		}
		if out.unopened = err != nil && keyGone(err); out.unopened {
			err = nil
		}
		return err
	})
	return out, err
}

// keyGone reports whether err says that a key is not in the folder, or no more.
func keyGone(err error) bool { return seal.IsDestroyed(err) || errs.As(err).Key == "seal.key_missing" }

// answersAt counts the answers of an occurrence as of an instant, like countAt:
// the counts of now, less those of targets that changed since, plus what these
// had answered then. open tells what a mark adds to the counts.
func answersAt(ctx context.Context, q db.Queryer, o occRef, at int64, open func(*markRow) ([]ChoiceCount, error)) (map[choiceKey]int, error) {
	out, err := keptChoices(ctx, q, o)
	if err != nil {
		return nil, err
	}
	changed, then, err := since(ctx, q, o.district, o.id, at)
	if err != nil {
		return nil, err
	}
	signs := map[id.ID]int{} // mark → whether it comes or goes
	where := map[id.ID]counterKey{}
	count := func(t Target, sign int) {
		if t.State == Done && t.MarkID != id.Zero {
			signs[t.MarkID] += sign
			where[t.MarkID] = counterKey{o.id, t.LeafID, t.GridID}
		}
	}
	for _, t := range changed {
		if count(t, -1); t.JoinedMs <= at {
			count(then[t.ObjectID], 1)
		}
	}
	maps.DeleteFunc(signs, func(_ id.ID, n int) bool { return n == 0 })
	marks, err := selectMarks(ctx, q, o.district, sortedIDs(signs))
	if err != nil {
		return nil, err
	}
	for _, m := range marks {
		counts, err := open(m)
		if err != nil {
			return nil, err
		}
		for _, c := range counts {
			out[choiceKey{where[m.id], c.Field, c.Choice}] += signs[m.id] * c.N
		}
	}
	maps.DeleteFunc(out, func(_ choiceKey, n int) bool { return n == 0 })
	return out, nil
}

// frozenAnswers returns the answers a cut-off froze below a path, as far as the
// caller's posts over places and grids reach.
func (s *Service) frozenAnswers(ctx context.Context, c grid.Caller, cut Cutoff, path string) ([]ChoiceCount, error) {
	if !cut.Definitions.Answers {
		return []ChoiceCount{}, nil
	}
	list, err := sumAnswers(ctx, s.DB.Read(), c, "cutoff_answer", "cutoff_id", cut.ID, path)
	return append([]ChoiceCount{}, list...), err
}
