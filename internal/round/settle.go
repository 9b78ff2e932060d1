package round

import (
	"context"
	"slices"

	"wangge/internal/grid"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
)

// Settle decides between authors who answered differently: the answers of one of
// their marks are recorded anew by the caller, as a correction. Errors: NotFound
// where the mark is none of the target's, else those of Mark.
func (s *Service) Settle(ctx context.Context, c grid.Caller, round, object, mark id.ID, key string) error {
	hist, err := s.History(ctx, c, round, object)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(hist, func(m Mark) bool { return m.ID == mark && m.Class == Done })
	if i < 0 {
		return errs.E("round.Settle", errs.NotFound, "round.not_target")
	}
	m := hist[i]
	in := MarkInput{RoundID: round, ObjectID: object, Result: m.Result, Answers: m.Answers, Members: m.Members, Note: m.Note, How: m.How, Correct: true, ClientKey: key}
	if m.AccountID == c.AccountID {
		in.PhotoID = m.PhotoID
	}
	_, err = s.Mark(ctx, c, in)
	return err
}
