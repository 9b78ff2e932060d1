package round

import (
	"context"

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
	info, err := s.info(ctx, c.District, round)
	if err != nil {
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
