package round

import (
	"context"

	"wangge/internal/platform/db"
	"wangge/internal/platform/id"
	"wangge/internal/platform/seal"
)

// liftAnswers opens the marks whose answers leave or move, and counts them.
func (b *book) liftAnswers(ctx context.Context, tx *db.Tx) error {
	if len(b.lifted) == 0 {
		return nil
	}
	ids := make([]id.ID, len(b.lifted))
	for i, l := range b.lifted {
		ids[i] = l.mark
	}
	list, err := selectMarks(ctx, tx, b.district, ids)
	if err != nil {
		return err
	}
	choices := map[id.ID][]ChoiceCount{}
	for _, m := range list {
		if choices[m.id], err = b.choicesOf(ctx, tx, m); err != nil {
			return err
		}
	}
	for _, l := range b.lifted {
		b.count(l.from, choices[l.mark], -1)
		if l.to != nil {
			b.count(*l.to, choices[l.mark], 1)
		}
	}
	return nil
}

// choicesOf opens a mark and returns what it added to the counts.
func (b *book) choicesOf(ctx context.Context, tx *db.Tx, m *markRow) ([]ChoiceCount, error) {
	info, err := b.s.loadedInfo(ctx, tx, b.district, b.occs[m.occ])
	if err != nil {
		return nil, err
	}
	return b.s.countsOf(info, m)
}

func (s *Service) countsOf(info *roundInfo, m *markRow) ([]ChoiceCount, error) {
	var body sealedMark
	if err := s.Keys.OpenJSON(m.register, seal.AAD(m.register, "mark", m.id), m.sealed, &body); err != nil {
		return nil, err
	}
	once, each := info.form.parts(info.round.PerMember)
	return choicesIn(once, each, body), nil
}

// choicesIn returns what a mark's answers add to the counts.
func choicesIn(once, each []Field, body sealedMark) []ChoiceCount {
	out := Choices(once, body.Answers)
	for _, p := range body.Members {
		out = append(out, Choices(each, p.Answers)...)
	}
	return mergeChoices(out)
}

// loadedInfo is info within a transaction.
func (s *Service) loadedInfo(ctx context.Context, tx *db.Tx, district int, round id.ID) (*roundInfo, error) {
	if in, _ := s.infos.get(round); in != nil {
		return in, nil
	}
	return s.loadInfo(ctx, tx, district, round)
}
