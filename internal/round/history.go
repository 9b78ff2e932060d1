package round

import (
	"context"
	"slices"

	"wangge/internal/grid"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/platform/seal"
)

// maxHistory bounds how far a target's history is followed.
const maxHistory = 100

func (s *Service) open(m *markRow) (body sealedMark, err error) {
	err = s.Keys.OpenJSON(m.register, seal.AAD(m.register, "mark", m.id), m.sealed, &body)
	return body, err
}

func (m *markRow) shown(body sealedMark) Mark {
	return Mark{ID: m.id, ObjectID: m.object, PrevID: m.prev, Result: m.result, Class: m.class, Reason: m.reason, How: m.how, Bulk: m.bulk, Late: m.late,
		AccountID: m.account, PostID: m.post, ClaimedMs: m.claimedMs, CorrectedMs: m.correctedMs, ReceivedMs: m.receivedMs, PhotoID: m.photo, Correct: m.correct,
		Answers: body.Answers, Members: body.Members, Note: body.Note}
}

// History returns the marks of a target, the current one first, with their
// answers. Marks of two authors that contradict each other are flagged. The
// caller must be allowed to mark the target. While a recheck of it waits for
// the second answer in an open round, no answer is told to anybody.
func (s *Service) History(ctx context.Context, c grid.Caller, round, object id.ID) ([]Mark, error) {
	return s.HistoryAt(ctx, c, round, object, 0)
}

// HistoryAt is History in the n-th occurrence of a round that repeats; 0 is the
// current one.
func (s *Service) HistoryAt(ctx context.Context, c grid.Caller, round, object id.ID, n int) ([]Mark, error) {
	info, err := s.info(ctx, c.District, round)
	if err != nil {
		return nil, err
	}
	if info, err = s.at(ctx, info, n); err != nil {
		return nil, err
	}
	may, err := authorised(ctx, s.DB.Read(), c, grid.RoundMark, info.round.OccurrenceID, []id.ID{object})
	if err != nil {
		return nil, err
	}
	t, ok := may[object]
	if !ok {
		return nil, errs.E("round.History", errs.NotFound, "round.not_target")
	}
	var out []Mark
	for at := t.MarkID; at != id.Zero && len(out) < maxHistory; {
		list, err := selectMarks(ctx, s.DB.Read(), c.District, []id.ID{at})
		if err != nil || len(list) == 0 {
			return out, err
		}
		body, err := s.open(list[0])
		if err != nil {
			return nil, err
		}
		m := list[0].shown(body)
		m.Current = m.ID == t.MarkID
		out = append(out, m)
		at = m.PrevID
	}
	if out, err = s.withLate(ctx, info.round, object, out); err != nil {
		return nil, err
	}
	flagContradictions(out)
	blind := false
	if info.round.State == Open {
		if blind, err = awaitsRecheck(ctx, s.DB.Read(), c.District, info.round.OccurrenceID, object); err != nil {
			return nil, err
		}
	}
	for i := range out {
		if blind {
			out[i].Answers, out[i].Members, out[i].Note, out[i].Differs = nil, nil, "", false
		}
	}
	return out, nil
}

// withLate puts the marks that came after the end of an occurrence before its
// history: they are kept and change nothing.
func (s *Service) withLate(ctx context.Context, r Round, object id.ID, list []Mark) ([]Mark, error) {
	late, err := lateOf(ctx, s.DB.Read(), r, object)
	if err != nil {
		return nil, err
	}
	var out []Mark
	for _, m := range late {
		if slices.ContainsFunc(list, func(have Mark) bool { return have.ID == m.id }) {
			continue
		}
		body, err := s.open(m)
		if err != nil {
			return nil, err
		}
		out = append(out, m.shown(body))
	}
	return append(out, list...), nil
}

// TargetTime is how a target stood in one occurrence of a round.
type TargetTime struct {
	N        int
	OpenedMs int64
	Target
}

// maxTimes bounds the occurrences told of one target.
const maxTimes = 60

// TargetTimes returns in which occurrences of a round a target was listed, the
// latest first, and how it stood, as far as the caller reads rounds there.
func (s *Service) TargetTimes(ctx context.Context, c grid.Caller, round, object id.ID) ([]TargetTime, error) {
	const op = "round.TargetTimes"
	if _, err := s.Round(ctx, c, round); err != nil {
		return nil, err
	}
	list, err := selectTimes(ctx, s.DB.Read(), c, round, object)
	if err == nil && len(list) == 0 {
		err = errs.E(op, errs.NotFound, "round.not_target")
	}
	return list, err
}

// flagContradictions marks those done marks that another author answered
// otherwise, until somebody who could know of both corrected them.
func flagContradictions(list []Mark) {
	for i := range list {
		for j := range list {
			a, b := &list[i], &list[j]
			if i != j && a.Class == Done && b.Class == Done && a.AccountID != b.AccountID && !sameAnswers(a.Answers, b.Answers) && !settled(list, i, j) {
				a.Differs = true
			}
		}
	}
}

// settled reports whether a correction followed that was made when both marks
// had arrived.
func settled(list []Mark, i, j int) bool {
	known := max(list[i].ReceivedMs, list[j].ReceivedMs)
	for k := range min(i, j) + 1 {
		if list[k].Correct && list[k].ReceivedMs >= known {
			return true
		}
	}
	return false
}

// ResultIn returns the mark's result, and for a sign-off its reason, in lang.
func (m Mark) ResultIn(lang string) string {
	if m.Reason != "" && m.Reason != m.Result {
		return ReasonLabel(lang, m.Result) + ": " + ReasonLabel(lang, m.Reason)
	}
	return ReasonLabel(lang, m.Result)
}
