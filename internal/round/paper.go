package round

import (
	"context"
	"slices"

	"wangge/internal/grid"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
)

// PaperInput is what a paper sheet says: line numbers by result.
type PaperInput struct {
	RoundID   id.ID             `json:"round_id"`
	SheetID   id.ID             `json:"sheet_id" doc:"The building whose list it is"`
	Lines     map[string]string `json:"lines" doc:"Line numbers by result, as {\"normal\": \"3 7 12\", \"absent\": \"5\"}"`
	N         int               `json:"n,omitempty" doc:"The n-th occurrence of a round that repeats, whose sheet it is; 0: the current one"`
	ClientKey string            `json:"client_key,omitempty" maxLength:"60"`
}

// Paper enters a paper sheet: each named line gets a mark. A number named twice,
// or one that is not on the list, refuses the whole sheet. The sheet of an
// occurrence that is over is kept as late, as made when it ended.
func (s *Service) Paper(ctx context.Context, c grid.Caller, in PaperInput) ([]MarkOutcome, error) {
	if _, err := s.placeFor(ctx, c, grid.RoundMark, in.SheetID); err != nil {
		return nil, err
	}
	made, err := s.paperTime(ctx, c, in.RoundID, in.N)
	if err != nil {
		return nil, err
	}
	sheets, err := s.Sheets(ctx, c, in.RoundID, ListQuery{Ref: NodeRef{Place: in.SheetID, N: in.N}, All: true})
	if err != nil {
		return nil, err
	}
	byLine := map[int]Line{}
	last := 0
	for _, sh := range sheets {
		if sh.ID != in.SheetID {
			continue
		}
		for _, l := range sh.Lines {
			byLine[l.LineNo] = l
			last = max(last, l.LineNo)
		}
	}
	marks, err := paperMarks(in, byLine, last)
	if err != nil {
		return nil, err
	}
	for i := range marks {
		marks[i].ClaimedMs = made
	}
	return s.MarkMany(ctx, c, marks), nil
}

// paperTime is when the marks of a sheet were made: 0 for now, or the last
// instant of an occurrence that is over.
func (s *Service) paperTime(ctx context.Context, c grid.Caller, round id.ID, n int) (int64, error) {
	info, err := s.info(ctx, c.District, round)
	if err != nil || n == 0 || n == info.round.N {
		return 0, err
	}
	o, err := occurrenceN(ctx, s.DB.Read(), c.District, round, n)
	if err != nil {
		return 0, err
	}
	if o.ClosedMs == 0 {
		return 0, errs.E("round.Paper", errs.Conflict, "round.not_open")
	}
	if o.ClosedMs <= s.now()-oldest.Milliseconds() {
		return 0, errs.E("round.Paper", errs.Conflict, "round.paper.old", int(oldest.Hours())/24)
	}
	return o.ClosedMs - 1, nil
}

func paperMarks(in PaperInput, byLine map[int]Line, last int) ([]MarkInput, error) {
	const op = "round.Paper"
	var marks []MarkInput
	seen := map[int]bool{}
	codes := make([]string, 0, len(in.Lines))
	for code := range in.Lines {
		codes = append(codes, code)
	}
	slices.Sort(codes)
	for _, code := range codes {
		lines, err := ParseLines(in.Lines[code], last)
		if err != nil {
			return nil, errs.Field(err, "lines."+code)
		}
		for _, n := range lines {
			l, ok := byLine[n]
			if !ok {
				return nil, errs.Field(errs.E(op, errs.Invalid, "round.lines_number", n, last), "lines."+code)
			}
			if seen[n] {
				return nil, errs.Field(errs.E(op, errs.Invalid, "round.lines_twice", n), "lines."+code)
			}
			seen[n] = true
			m := MarkInput{RoundID: in.RoundID, ObjectID: l.ObjectID, Result: code, How: OnPaper}
			if in.ClientKey != "" {
				m.ClientKey = in.ClientKey + "-" + l.ObjectID.String()
			}
			marks = append(marks, m)
		}
	}
	if len(marks) == 0 {
		return nil, errs.Field(errs.E(op, errs.Invalid, "round.lines_none"), "lines")
	}
	return marks, nil
}

// BulkInput marks what is outstanding in a building or unit all normal, but for
// the rooms named.
type BulkInput struct {
	RoundID   id.ID  `json:"round_id"`
	PlaceID   id.ID  `json:"place_id" doc:"A unit, building, group or row"`
	Except    string `json:"except,omitempty" doc:"Rooms that stay outstanding, as \"302 and 501\"" maxLength:"500"`
	ClientKey string `json:"client_key,omitempty" maxLength:"60"`
}

// BulkResult is what a bulk mark did.
type BulkResult struct {
	Marked   int      `json:"marked"`
	Excepted []string `json:"excepted" doc:"The doors left outstanding"`
	Failed   int      `json:"failed"`
}

// BulkNormal marks all normal except the rooms named, which stay outstanding.
// The marks are flagged and drawn more often for rechecks.
func (s *Service) BulkNormal(ctx context.Context, c grid.Caller, in BulkInput) (BulkResult, error) {
	const op = "round.BulkNormal"
	info, err := s.info(ctx, c.District, in.RoundID)
	if err != nil {
		return BulkResult{}, err
	}
	if k := info.round.TargetKind; k != Doors && k != Households && k != Places && k != Points {
		return BulkResult{}, errs.E(op, errs.Invalid, "round.bulk_kind")
	}
	p, err := s.placeFor(ctx, c, grid.RoundMark, in.PlaceID)
	if err != nil {
		return BulkResult{}, err
	}
	if p.Kind != "unit" && p.Kind != "building" && p.Kind != "group" && p.Kind != "row" {
		return BulkResult{}, errs.Field(errs.E(op, errs.Invalid, "round.bulk_place"), "place_id")
	}
	list, _, err := s.Outstanding(ctx, c, in.RoundID, ListQuery{Ref: NodeRef{Place: in.PlaceID}, Limit: maxBatch, perm: grid.RoundMark})
	if err != nil {
		return BulkResult{}, err
	}
	doors, err := s.doorNames(ctx, c.District, p)
	if err != nil {
		return BulkResult{}, err
	}
	except, err := ParseRooms(in.Except, doors)
	if err != nil {
		return BulkResult{}, err
	}
	list = slices.DeleteFunc(list, func(l Line) bool {
		return slices.ContainsFunc(except, func(d DoorName) bool { return d.ID == l.DoorID || d.ID == l.ObjectID })
	})
	marks, err := s.normalMarks(ctx, info, in, list)
	if err != nil {
		return BulkResult{}, err
	}
	var out BulkResult
	for _, d := range except {
		out.Excepted = append(out.Excepted, d.Name)
	}
	for _, o := range s.MarkMany(ctx, c, marks) {
		if o.Err != nil {
			out.Failed++
			err = o.Err
			continue
		}
		out.Marked++
	}
	if out.Marked == 0 && out.Failed > 0 {
		return out, err
	}
	return out, nil
}

// normalMarks makes the marks of a bulk; what is still fresh is confirmed.
func (s *Service) normalMarks(ctx context.Context, info *roundInfo, in BulkInput, list []Line) ([]MarkInput, error) {
	fresh, err := s.fresh(ctx, s.DB.Read(), info, objectsOf(list))
	if err != nil {
		return nil, err
	}
	once, _ := info.form.parts(info.round.PerMember)
	marks := make([]MarkInput, len(list))
	for i, l := range list {
		marks[i] = MarkInput{RoundID: in.RoundID, ObjectID: l.ObjectID, Result: resultNormal, How: InBulk, Bulk: true,
			Answers: confirmed(once, fresh[l.ObjectID], nil)}
		if in.ClientKey != "" {
			marks[i].ClientKey = in.ClientKey + "-" + l.ObjectID.String()
		}
	}
	return marks, nil
}

func (s *Service) doorNames(ctx context.Context, district int, p place) ([]DoorName, error) {
	return selectDoorNames(ctx, s.DB.Read(), district, p.Path)
}
