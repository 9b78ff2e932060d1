package round

import (
	"context"

	"wangge/internal/grid"
	"wangge/internal/platform/db"
	"wangge/internal/platform/id"
)

// FreshAnswer is an answer of an earlier round that is still valid.
type FreshAnswer struct {
	Field string `json:"field"`
	Value string `json:"value"`
	AtMs  int64  `json:"at_ms"`
}

// Fresh returns, for each object, the answers to the round's questions that
// were given in other rounds and are still valid: shown for confirmation
// instead of asked. The caller must be allowed to mark the objects.
func (s *Service) Fresh(ctx context.Context, c grid.Caller, round id.ID, objects []id.ID) (map[id.ID][]FreshAnswer, error) {
	info, err := s.info(ctx, c.District, round)
	if err != nil {
		return nil, err
	}
	may, err := authorised(ctx, s.DB.Read(), c, grid.RoundMark, info.round.OccurrenceID, objects)
	if err != nil {
		return nil, err
	}
	return s.fresh(ctx, s.DB.Read(), info, sortedIDs(may))
}

// fresh finds the answers of other rounds, and of earlier occurrences of the
// same one: of the same target, and of the door of a household that lives there
// alone or the other way round.
func (s *Service) fresh(ctx context.Context, q db.Queryer, info *roundInfo, objects []id.ID) (map[id.ID][]FreshAnswer, error) {
	out := map[id.ID][]FreshAnswer{}
	once, _ := info.form.parts(info.round.PerMember)
	if len(objects) == 0 {
		return out, nil
	}
	self := make(map[id.ID]id.ID, len(objects))
	for _, v := range objects {
		self[v] = v
	}
	if err := s.freshAmong(ctx, q, info.round, info.round.TargetKind, once, self, out); err != nil {
		return nil, err
	}
	other := map[TargetKind]TargetKind{Doors: Households, Households: Doors}[info.round.TargetKind]
	if other == "" {
		return out, nil
	}
	twins, err := twinsOf(ctx, q, info.round.district, info.round.TargetKind, objects)
	if err != nil {
		return nil, err
	}
	return out, s.freshAmong(ctx, q, info.round, other, once, twins, out)
}

// freshAmong adds to out what was answered by targets of a kind lately; of says
// whose answers they are for.
func (s *Service) freshAmong(ctx context.Context, q db.Queryer, r Round, kind TargetKind, fields []Field, of map[id.ID]id.ID, out map[id.ID][]FreshAnswer) error {
	asked, err := s.askedLately(ctx, q, r, kind, fields)
	if err != nil || len(asked) == 0 || len(of) == 0 {
		return err
	}
	marks, err := currentMarks(ctx, q, r.district, sortedIDs(asked), sortedIDs(of))
	if err != nil {
		return err
	}
	for _, m := range marks {
		body, err := s.open(m)
		if err != nil {
			continue // its key was destroyed: there is nothing left to show
		}
		for _, f := range asked[m.occ] {
			if v := body.Answers[f.Key]; v != "" && s.still(f, m) {
				out[of[m.object]] = keepLatest(out[of[m.object]], FreshAnswer{f.Key, v, m.correctedMs})
			}
		}
	}
	return nil
}

// still reports whether an answer of a mark is within the question's validity.
func (s *Service) still(f Field, m *markRow) bool {
	return m.correctedMs >= s.now()-int64(f.ValidityDays)*dayMs
}

// askedLately returns the occurrences over a kind of target that asked one of
// the questions within its validity, with those questions.
func (s *Service) askedLately(ctx context.Context, q db.Queryer, r Round, kind TargetKind, fields []Field) (map[id.ID][]Field, error) {
	out := map[id.ID][]Field{}
	for _, f := range fields {
		if f.ValidityDays == 0 {
			continue
		}
		occs, err := s.askedIn(ctx, q, r, kind, f, s.now()-int64(f.ValidityDays)*dayMs)
		if err != nil {
			return nil, err
		}
		for _, o := range occs {
			out[o] = append(out[o], f)
		}
	}
	return out, nil
}

// freshMembers returns, for each person behind a target, the answers that person
// gave to the questions asked of each, in rounds over the same kind of target.
func (s *Service) freshMembers(ctx context.Context, q db.Queryer, info *roundInfo, object id.ID) (map[id.ID][]FreshAnswer, error) {
	out := map[id.ID][]FreshAnswer{}
	_, each := info.form.parts(info.round.PerMember)
	asked, err := s.askedLately(ctx, q, info.round, info.round.TargetKind, each)
	if err != nil || len(asked) == 0 {
		return out, err
	}
	marks, err := currentMarks(ctx, q, info.round.district, sortedIDs(asked), []id.ID{object})
	if err != nil {
		return nil, err
	}
	for _, m := range marks {
		body, err := s.open(m)
		if err != nil {
			continue
		}
		for _, member := range body.Members {
			for _, f := range asked[m.occ] {
				if v := member.Answers[f.Key]; v != "" && s.still(f, m) {
					out[member.PersonID] = keepLatest(out[member.PersonID], FreshAnswer{f.Key, v, m.correctedMs})
				}
			}
		}
	}
	return out, nil
}

func keepLatest(list []FreshAnswer, a FreshAnswer) []FreshAnswer {
	for i := range list {
		if list[i].Field == a.Field {
			if a.AtMs > list[i].AtMs {
				list[i] = a
			}
			return list
		}
	}
	return append(list, a)
}

// askedIn returns the recent occurrences that asked the question of a kind of
// target.
func (s *Service) askedIn(ctx context.Context, q db.Queryer, r Round, kind TargetKind, f Field, since int64) ([]id.ID, error) {
	recent, err := recentOccurrences(ctx, q, r.district, r.OccurrenceID, since)
	if err != nil {
		return nil, err
	}
	var out []id.ID
	forms := map[id.ID]Form{} // the occurrences of a round that repeats share theirs
	for _, o := range recent {
		if o.kind != kind {
			continue
		}
		form, known := forms[o.form]
		if !known {
			if form, err = selectForm(ctx, q, r.district, o.form); err != nil {
				return nil, err
			}
			forms[o.form] = form
		}
		if g, ok := form.field(f.Key); ok && g.Type == f.Type {
			out = append(out, o.id)
		}
	}
	return out, nil
}
