package district

import (
	"context"
	"time"

	"wangge/internal/grid"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/i18n"
	"wangge/internal/platform/id"
	"wangge/internal/round"
)

// cast are the callers that play in the load.
type cast struct {
	command grid.Caller // drafts and opens the district's round
	clerk   grid.Caller // of the story's community
	street  grid.Caller // the story's street
}

const week = 7 * 24 * time.Hour

// retentionDays is how long the drill's data would be kept after its end.
const retentionDays = 30

// openEmergency opens the drill, a week and a day ago.
func (s Services) openEmergency(ctx context.Context, c grid.Caller, county string) (round.Emergency, error) {
	return s.roundsAt(s.Clock.Now().Add(-week-24*time.Hour)).OpenEmergency(ctx, c, round.NewEmergency{
		Name: word("emergency.name", county), Basis: word("emergency.basis"), Purpose: word("emergency.purpose"),
		Recipients: word("emergency.recipients"), RetentionDays: retentionDays, Drill: true,
	})
}

// roundsAt is the round service with its clock standing at t: for what the
// story says happened before.
func (s Services) roundsAt(t time.Time) *round.Service {
	return round.New(round.Deps{DB: s.DB, Clock: clock.NewManual(t), Keys: s.Keys, Audit: s.Audit, Log: s.Log})
}

// both is a text in both languages.
func both(key string) round.Text {
	return round.Text{ZH: i18n.T(i18n.ZH, "demo."+key), EN: i18n.T(i18n.EN, "demo."+key)}
}

// forms saves the forms of the drill: the screening's and the notice's.
func (s Services) forms(ctx context.Context, c grid.Caller, root id.ID) (screening, notice round.Form, err error) {
	screening, err = s.Rounds.SaveForm(ctx, c, round.Form{Name: word("form.screening"), AreaID: root, Fields: round.Screening()})
	if err != nil {
		return screening, notice, err
	}
	lo, hi := 0.0, 50.0
	notice, err = s.Rounds.SaveForm(ctx, c, round.Form{Name: word("form.notice"), AreaID: root, Fields: []round.Field{
		{Key: "posted", Label: both("field.posted"), Type: round.YesNo, Required: true, Basis: "statutory", Normal: "yes"},
		{Key: "copies", Label: both("field.copies"), Type: round.Number, Min: &lo, Max: &hi, Basis: "statutory", Normal: "1"},
		{Key: "old_removed", Label: both("field.old_removed"), Type: round.YesNo, Basis: "statutory", Normal: "yes"},
	}})
	return screening, notice, err
}

// openRound drafts, submits and opens the district's round: the posting of
// notices where the preset is Muling, the screening elsewhere. It is due
// tomorrow at 20 o'clock.
func (s Services) openRound(ctx context.Context, c grid.Caller, place string, root, emergency, screening, notice id.ID) (id.ID, error) {
	due := clock.DayStart(s.Clock.Now()).Add(44 * time.Hour)
	in := round.DraftInput{EmergencyID: emergency, AreaID: root, Name: word("round.screening"), Kind: "screening", TargetKind: round.Doors, FormID: screening, DueMs: clock.Ms(due)}
	if place == "muling" {
		in.Name, in.Kind, in.TargetKind, in.FormID = word("round.notice"), "notice", round.Places, notice
		in.Filter.Kinds = []string{string(grid.Community), string(grid.Unit)}
	}
	return s.open(ctx, s.Rounds, c, c, in)
}

// dailyReport opens the nil return that every community owes the district each
// day from 16 o'clock on, drafted from the figures of a round.
func (s Services) dailyReport(ctx context.Context, c grid.Caller, root, emergency, about id.ID) error {
	form, err := s.Rounds.SaveForm(ctx, c, round.Form{Name: word("form.report"), AreaID: root, Fields: []round.Field{
		{Key: "living", Label: both("field.living"), Type: round.Number, Required: true, Basis: "statutory", Normal: round.NormalLiving},
		{Key: "accounted", Label: both("field.accounted"), Type: round.Number, Required: true, Basis: "statutory", Normal: round.NormalDone},
		{Key: "left", Label: both("field.left"), Type: round.Number, Required: true, Basis: "statutory", Normal: round.NormalOutstanding},
		{Key: "event", Label: both("field.event"), Type: round.YesNo, Required: true, Basis: "statutory", Normal: "no"},
	}})
	if err != nil {
		return err
	}
	_, err = s.open(ctx, s.Rounds, c, c, round.DraftInput{EmergencyID: emergency, AreaID: root, Name: word("round.report"), Kind: "report", TargetKind: round.Areas, FormID: form.ID,
		AboutID: about, Filter: round.Filter{Kinds: []string{string(grid.Community)}}, DueMs: clock.Ms(s.Clock.Now().Add(reportHours * time.Hour)),
		Recurrence: round.Recurrence{Every: 1, At: "16:00", Hours: reportHours, Cutoffs: []string{"18:00"}}})
	return err
}

// reportHours is how long communities have for their daily report.
const reportHours = 4

// open drafts, submits and opens a round, by who may.
func (s Services) open(ctx context.Context, rounds *round.Service, drafter, approver grid.Caller, in round.DraftInput) (id.ID, error) {
	r, err := rounds.DraftRound(ctx, drafter, in)
	if err != nil {
		return id.Zero, err
	}
	if _, err := rounds.Submit(ctx, drafter, r.ID); err != nil {
		return id.Zero, err
	}
	return r.ID, rounds.ApproveNow(ctx, approver, r.ID)
}

// lastWeek plays the round of the story's community that ended a week ago, so
// that some of what is asked today was answered then. It returns the round and
// how many doors answered.
func (s Services) lastWeek(ctx context.Context, by cast, community, emergency, form id.ID) (id.ID, int, error) {
	const op = "district.lastWeek"
	morning := clock.DayStart(s.Clock.Now()).Add(-week + 8*time.Hour)
	clk := clock.NewManual(morning)
	rounds := round.New(round.Deps{DB: s.DB, Clock: clk, Keys: s.Keys, Audit: s.Audit, Log: s.Log})
	rid, err := s.open(ctx, rounds, by.clerk, by.street, round.DraftInput{
		EmergencyID: emergency, AreaID: community, Name: word("round.headcount"), Kind: "screening", TargetKind: round.Doors, FormID: form,
		Filter: round.Filter{Household: "yes"}, DueMs: clock.Ms(morning.Add(36 * time.Hour)),
	})
	if err != nil {
		return id.Zero, 0, errs.Wrap(op, err)
	}
	lines, _, err := rounds.Outstanding(ctx, by.clerk, rid, round.ListQuery{Limit: 20000})
	if err != nil {
		return id.Zero, 0, errs.Wrap(op, err)
	}
	clk.Advance(30 * time.Hour)
	answered, left := 0, map[id.ID]string{}
	var marks []round.MarkInput
	for i, l := range lines {
		m := round.MarkInput{RoundID: rid, ObjectID: l.ObjectID, Result: "normal", How: round.AtDoor, ClaimedMs: clock.Ms(morning.Add(time.Duration(i%720) * time.Minute))}
		if i%12 == 7 { // some never opened
			m.Result = "absent"
			left[l.ObjectID] = "unreachable"
		} else {
			answered++
		}
		marks = append(marks, m)
	}
	for len(marks) > 0 {
		n := min(len(marks), 2000)
		for _, o := range rounds.MarkMany(ctx, by.clerk, marks[:n]) {
			if o.Err != nil {
				return id.Zero, 0, errs.Wrap(op, o.Err)
			}
		}
		marks = marks[n:]
	}
	clk.Advance(2 * time.Hour)
	return rid, answered, errs.Wrap(op, rounds.Close(ctx, by.clerk, round.CloseInput{RoundID: rid, Reasons: left}))
}
