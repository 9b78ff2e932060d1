package round

import (
	"context"
	"slices"
	"strings"

	"wangge/internal/grid"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
)

// Drafts are figures the installation knows about a target, by the code that
// stands for them in a question's Normal.
type Drafts map[string]int

// The codes of Drafts: how many live there by the ledger, and for reports of
// posts and areas the figures of the round they are about, in their own area.
const (
	NormalLiving      = "@living"
	NormalTotal       = "@total"
	NormalDone        = "@done"
	NormalExempt      = "@exempt"
	NormalOutstanding = "@outstanding"
)

var draftCodes = []string{NormalLiving, NormalTotal, NormalDone, NormalExempt, NormalOutstanding}

// draftsFor returns what the form's normal answers need to know of the targets.
func (s *Service) draftsFor(ctx context.Context, info *roundInfo, objects []id.ID) (map[id.ID]Drafts, error) {
	if len(objects) == 0 || !slices.ContainsFunc(info.form.Fields, func(f Field) bool { return strings.HasPrefix(f.Normal, "@") }) {
		return nil, nil
	}
	if info.round.Reports() {
		return s.reportDrafts(ctx, info.round, objects)
	}
	living, err := livingAt(ctx, s.DB.Read(), info.round.district, info.round.TargetKind, objects)
	out := make(map[id.ID]Drafts, len(objects))
	for _, object := range objects {
		out[object] = Drafts{NormalLiving: living[object]}
	}
	return out, err
}

// Reports says that a round's targets report about what is below them.
func (r Round) Reports() bool { return r.TargetKind == Posts || r.TargetKind == Areas }

// reportDrafts returns the figures of the areas that posts or areas report about.
func (s *Service) reportDrafts(ctx context.Context, r Round, objects []id.ID) (map[id.ID]Drafts, error) {
	q := s.DB.Read()
	targets, err := targetsOf(ctx, q, r.district, r.OccurrenceID, objects)
	if err != nil {
		return nil, err
	}
	leaves := map[id.ID]bool{}
	for _, t := range targets {
		leaves[t.LeafID] = true
	}
	places, err := placesByID(ctx, q, r.district, sortedIDs(leaves))
	if err != nil {
		return nil, err
	}
	var about *cells
	if r.AboutID != id.Zero {
		round, err := selectRound(ctx, q, r.district, r.AboutID)
		if err == nil && round.OccurrenceID != id.Zero {
			about, err = s.counters(ctx, r.district, round.OccurrenceID)
		}
		if err != nil {
			return nil, err
		}
	}
	out := make(map[id.ID]Drafts, len(targets))
	for _, t := range targets {
		path := places[t.LeafID].Path
		d := Drafts{}
		if d[NormalLiving], err = livingBelow(ctx, q, r.district, path); err != nil {
			return nil, err
		}
		if about != nil {
			f := about.sum(about.span(path))
			d[NormalTotal], d[NormalDone], d[NormalExempt], d[NormalOutstanding] = f.Total, f.Done, f.Exempt, f.Outstanding
		}
		out[t.ObjectID] = d
	}
	return out, nil
}

// Report is a report (零报告 where there is nothing to tell) that a post or area of
// the caller owes in a round, with what it would say by the figures at hand.
type Report struct {
	Round Round         `json:"round"`
	Line  Line          `json:"target"`
	Says  []DraftAnswer `json:"says"`
	State State         `json:"state"`
}

// DraftAnswer is a question of a report with its drafted answer; "" where
// nothing is known and a person must answer.
type DraftAnswer struct {
	Field Field  `json:"field"`
	Value string `json:"value"`
}

// Complete reports whether the draft answers all that must be answered, so that
// one tap confirms it.
func (r Report) Complete() bool {
	return !slices.ContainsFunc(r.Says, func(d DraftAnswer) bool {
		if d.Value == "" {
			return d.Field.Required
		}
		_, err := checkValue(d.Field, d.Value)
		return err != nil
	})
}

// Reports returns the reports that the caller's own posts and areas owe in the
// open rounds, and those they have given. Silence is outstanding: the level
// above finds it in the round's list, by the name of the post.
func (s *Service) Reports(ctx context.Context, c grid.Caller) ([]Report, error) {
	rounds, err := s.openRounds(ctx, c)
	if err != nil {
		return nil, err
	}
	var out []Report
	for _, r := range rounds {
		if own := reporting(c, r); len(own) > 0 {
			list, err := s.reportsIn(ctx, c, r, own)
			if err != nil {
				return nil, err
			}
			out = append(out, list...)
		}
	}
	return out, nil
}

// reporting returns the objects of a round that are the caller's own: posts
// held, or the areas they are for.
func reporting(c grid.Caller, r Round) []id.ID {
	var own []id.ID
	for _, g := range c.Grants {
		switch {
		case !g.Role.May(grid.RoundMark):
		case r.TargetKind == Posts:
			own = append(own, g.PostID)
		case r.TargetKind == Areas && g.ObjectKind == grid.ObjectPlace:
			own = append(own, g.ObjectID)
		}
	}
	slices.Sort(own)
	return slices.Compact(own)
}

func (s *Service) reportsIn(ctx context.Context, c grid.Caller, r Round, own []id.ID) ([]Report, error) {
	lines, _, err := s.Outstanding(ctx, c, r.ID, ListQuery{All: true, Objects: own, perm: grid.RoundMark})
	if err != nil || len(lines) == 0 {
		return nil, err
	}
	info, err := s.info(ctx, c.District, r.ID)
	if err != nil {
		return nil, err
	}
	drafts, err := s.draftsFor(ctx, info, objectsOf(lines))
	if err != nil {
		return nil, err
	}
	once, _ := info.form.parts(r.PerMember)
	var out []Report
	for _, l := range lines {
		rep := Report{Round: r, Line: l, State: l.State}
		says := NormalAnswers(once, nil, drafts[l.ObjectID])
		for _, f := range once {
			if f.Asked(says) {
				rep.Says = append(rep.Says, DraftAnswer{f, says[f.Key]})
			}
		}
		out = append(out, rep)
	}
	return out, nil
}

// ReportsOwed counts the reports the caller's own posts and areas still owe.
func (s *Service) ReportsOwed(ctx context.Context, c grid.Caller) (int, error) {
	if !c.Can(grid.RoundMark) {
		return 0, nil
	}
	list, err := s.Reports(ctx, c)
	n := 0
	for _, r := range list {
		if r.State == Outstanding || r.State == Attempted {
			n++
		}
	}
	return n, err
}

// ReportInput confirms a report, as drafted or as changed.
type ReportInput struct {
	RoundID   id.ID             `json:"round_id"`
	ObjectID  id.ID             `json:"object_id" doc:"The post or area that reports"`
	Answers   map[string]string `json:"answers,omitempty" doc:"Without them the draft as it stands"`
	Note      string            `json:"note,omitempty" maxLength:"500"`
	ClientKey string            `json:"client_key,omitempty" maxLength:"80"`
}

// ConfirmReport gives a report that is the caller's own to give. A later one
// replaces an earlier one, which stays in the history.
func (s *Service) ConfirmReport(ctx context.Context, c grid.Caller, in ReportInput) (MarkResult, error) {
	const op = "round.ConfirmReport"
	r, err := s.Round(ctx, c, in.RoundID)
	if err != nil {
		return MarkResult{}, err
	}
	if !slices.Contains(reporting(c, r), in.ObjectID) {
		return MarkResult{}, errs.E(op, errs.Denied, "round.report_not_own")
	}
	return s.Mark(ctx, c, MarkInput{RoundID: in.RoundID, ObjectID: in.ObjectID, Result: resultNil, Answers: in.Answers, Note: in.Note, How: Self, ClientKey: in.ClientKey})
}
