package round

import (
	"context"
	"maps"
	"slices"

	"wangge/internal/grid"
	"wangge/internal/platform/audit"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
)

// Cutoff is a cut-off (截至时点): the figures of an occurrence as they stood at
// an instant, by what had been received until then, with what the figures meant.
// It never changes; what is learned later stands beside it as a correction.
type Cutoff struct {
	ID           id.ID       `json:"id"`
	RoundID      id.ID       `json:"round_id"`
	OccurrenceID id.ID       `json:"occurrence_id"`
	N            int         `json:"n"`
	AtMs         int64       `json:"at_ms"`
	TakenMs      int64       `json:"taken_ms" doc:"When the figures were frozen; later than at_ms after a standstill, the figures are the same"`
	AccountID    id.ID       `json:"account_id,omitempty" doc:"Who asked for it; none for one that was planned"`
	Definitions  Definitions `json:"definitions"`
	state        string
}

// Late reports whether the figures were frozen long after their instant, because
// nothing ran then.
func (c Cutoff) Late() bool { return c.TakenMs-c.AtMs > lateAfter.Milliseconds() }

// Definitions say what a cut-off's figures meant when it was taken.
type Definitions struct {
	RoundName  string       `json:"round_name"`
	TargetKind TargetKind   `json:"target_kind"`
	FormID     id.ID        `json:"form_id" doc:"The version of the questions"`
	DueMs      int64        `json:"due_ms"`
	Results    []ResultWord `json:"results" doc:"Which results counted as what"`
	Answers    bool         `json:"answers,omitempty" doc:"The counts of answers were frozen too: of targets that are done, by the questions of the form"`
}

// ResultWord is a result with the class its targets counted in.
type ResultWord struct {
	Word
	Class string `json:"class" enum:"done,attempt,exempt,open"`
}

// The states of a cut-off.
const (
	cutoffTaking = "taking"
	cutoffTaken  = "taken"
)

func definitionsOf(r Round) Definitions {
	d := Definitions{RoundName: r.Name, TargetKind: r.TargetKind, FormID: r.FormID, DueMs: r.DueMs, Answers: true}
	for _, res := range results {
		if res.fits(r.TargetKind) {
			d.Results = append(d.Results, ResultWord{res.Word, res.ClassName})
		}
	}
	return d
}

// timedCutoff takes a planned cut-off and asks for the next one.
func (s *Service) timedCutoff(ctx context.Context, district int, t timed) error {
	const op = "round.Cutoff"
	r, err := selectRound(ctx, s.DB.Read(), district, t.Round)
	if err != nil || r.State != Open && r.State != Closed {
		return err
	}
	occ := r.OccurrenceID
	if t.AtMs < r.OpenedMs || r.State == Closed { // its occurrence is over
		if occ, err = occurrenceAt(ctx, s.DB.Read(), district, r.ID, t.AtMs); err != nil {
			return err
		}
	}
	if occ != id.Zero {
		if _, err := s.takeCutoff(ctx, r, occ, t.AtMs, id.Zero, id.Zero); err != nil {
			return err
		}
	}
	if r.State == Closed {
		return nil
	}
	return s.DB.Write(ctx, op, func(tx *db.Tx) error { return s.planCutoff(ctx, tx, r, t.AtMs) })
}

// CutNow freezes the figures of a round's current occurrence as they stand.
// It needs round.close over the round's area.
func (s *Service) CutNow(ctx context.Context, c grid.Caller, round id.ID) (Cutoff, error) {
	const op = "round.CutNow"
	r, err := selectRound(ctx, s.DB.Read(), c.District, round)
	if err != nil {
		return Cutoff{}, err
	}
	if err := c.RequirePlace(op, grid.RoundClose, r.AreaPath); err != nil {
		return Cutoff{}, err
	}
	if r.State != Open {
		return Cutoff{}, errs.E(op, errs.Conflict, "round.not_open")
	}
	return s.takeCutoff(ctx, r, r.OccurrenceID, s.now(), c.AccountID, c.PostFor(grid.RoundClose))
}

// takeCutoff freezes the figures of an occurrence as of an instant that is not
// in the future. Taken again for the same instant it is the same.
func (s *Service) takeCutoff(ctx context.Context, r Round, occ id.ID, at int64, account, post id.ID) (Cutoff, error) {
	cut := Cutoff{ID: id.New(), RoundID: r.ID, OccurrenceID: occ, AtMs: at, AccountID: account, Definitions: definitionsOf(r), state: cutoffTaking}
	err := s.DB.Write(ctx, "round.Cutoff", func(tx *db.Tx) error {
		old, err := cutoffAt(ctx, tx, r.district, occ, at)
		if err == nil {
			cut = old
			return nil
		}
		if !errs.Is(err, errs.NotFound) {
			return err
		}
		if err := insertCutoff(ctx, tx, r.district, cut); err != nil {
			return err
		}
		return s.Audit.Append(ctx, tx, audit.Entry{Account: account, Post: post, Action: "round.cutoff", Object: "round", ObjectID: r.ID})
	})
	if err != nil || cut.state == cutoffTaken {
		return cut, err
	}
	stood, err := s.standingAt(ctx, r, occ, at)
	if err != nil {
		return cut, err
	}
	cut.TakenMs, cut.state = s.now(), cutoffTaken
	cut.Definitions.Answers = cut.Definitions.Answers && !stood.unopened
	return cut, s.DB.WriteLow(ctx, "round.Cutoff", func(tx *db.Tx) error {
		tx.Notify(topic(r.ID))
		return freeze(ctx, tx, r.district, cut, stood)
	})
}

// countAt returns the figures of an occurrence by what had been received until
// an instant: the counters of now, less what has changed since. Only the latest
// cut-off's instant and earlier ones give the same answer ever after.
func countAt(ctx context.Context, q db.Queryer, district int, occ id.ID, at int64) (map[counterKey]counterDelta, error) {
	out := map[counterKey]counterDelta{}
	list, err := selectCounters(ctx, q, district, occ, 0)
	if err != nil {
		return nil, err
	}
	for _, c := range list {
		out[counterKey{occ, c.leaf, c.grid}] = counterDelta{c.Total, c.Done, c.Exempt, c.Attempted}
	}
	changed, then, err := since(ctx, q, district, occ, at)
	if err != nil {
		return nil, err
	}
	for _, t := range changed {
		k := counterKey{occ, t.LeafID, t.GridID}
		d := out[k]
		d.add(t.State, -1)
		if t.JoinedMs <= at {
			d.add(then[t.ObjectID].State, 1)
		}
		out[k] = d
	}
	maps.DeleteFunc(out, func(_ counterKey, d counterDelta) bool { return d.zero() })
	return out, nil
}

// since returns the targets that changed after an instant, and each as it stood
// then.
func since(ctx context.Context, q db.Queryer, district int, occ id.ID, at int64) (changed []Target, then map[id.ID]Target, err error) {
	if changed, err = changedSince(ctx, q, district, occ, at); err == nil {
		then, err = statesAt(ctx, q, district, changed, at)
	}
	return changed, then, err
}

// statesAt returns the targets as they stood at an instant, by what had been
// received until then: of the marks of a target's history, which lead from the
// current one back, the first that had been received.
func statesAt(ctx context.Context, q db.Queryer, district int, targets []Target, at int64) (map[id.ID]Target, error) {
	out := map[id.ID]Target{}
	frontier := map[id.ID]Target{} // mark → its target
	for _, t := range targets {
		plain := Target{OccurrenceID: t.OccurrenceID, ObjectID: t.ObjectID, DoorID: t.DoorID, LeafID: t.LeafID, GridID: t.GridID}
		out[t.ObjectID] = plain
		if t.MarkID != id.Zero {
			frontier[t.MarkID] = plain
		}
	}
	for len(frontier) > 0 {
		marks, err := selectMarks(ctx, q, district, sortedIDs(frontier))
		if err != nil {
			return nil, err
		}
		next := map[id.ID]Target{}
		for _, m := range marks {
			t := frontier[m.id]
			switch {
			case m.receivedMs <= at && !m.late:
				t.State, t.MarkID, t.MarkedMs = m.class, m.id, m.correctedMs
				out[t.ObjectID] = t
			case m.prev != id.Zero:
				next[m.prev] = t
			}
		}
		frontier = next
	}
	return out, nil
}

// Correction is what a day's late news change about a cut-off: marks that were
// made before it and received after it.
type Correction struct {
	Day string `json:"day" doc:"When it was received, as 2022-03-01"`
	Figures
}

// shift is the change of one target's figures by one late mark.
type shift struct {
	day        string
	leaf, grid id.ID
	Figures
}

// corrections returns what late marks change about a cut-off, in the order they
// were received.
func (s *Service) corrections(ctx context.Context, q db.Queryer, district int, cut Cutoff) ([]shift, error) {
	late, err := lateMarks(ctx, q, district, cut)
	if err != nil || len(late) == 0 {
		return nil, err
	}
	objects := map[id.ID]bool{}
	for _, m := range late {
		objects[m.object] = true
	}
	targets, err := targetsOf(ctx, q, district, cut.OccurrenceID, sortedIDs(objects))
	if err != nil {
		return nil, err
	}
	targets = slices.DeleteFunc(targets, func(t Target) bool { return t.JoinedMs > cut.AtMs })
	stand, err := statesAt(ctx, q, district, targets, cut.AtMs)
	if err != nil {
		return nil, err
	}
	var out []shift
	for _, m := range late {
		t, ok := stand[m.object]
		if !ok {
			continue
		}
		next := nextTarget(t, m).next
		stand[m.object] = next
		if next.State == t.State {
			continue
		}
		var d counterDelta
		d.add(t.State, -1)
		d.add(next.State, 1)
		out = append(out, shift{clock.Day(clock.FromMs(m.receivedMs)), t.LeafID, t.GridID,
			Figures{Done: d.done, Exempt: d.exempt, Attempted: d.attempted, Outstanding: -d.done - d.exempt}})
	}
	return out, nil
}

// Cutoffs lists the cut-offs of a round, the latest first.
func (s *Service) Cutoffs(ctx context.Context, c grid.Caller, round id.ID) ([]Cutoff, error) {
	if _, err := s.Round(ctx, c, round); err != nil {
		return nil, err
	}
	return selectCutoffs(ctx, s.DB.Read(), c.District, round)
}

// CutoffNode is a node of a cut-off: its frozen figures and what late news
// change about them.
type CutoffNode struct {
	Node
	Change Figures `json:"change" doc:"To be added to the frozen figures"`
}

// CutoffView is a cut-off at a node with the nodes below it.
type CutoffView struct {
	Cutoff
	Node        CutoffNode    `json:"node"`
	Children    []CutoffNode  `json:"children"`
	Own         Figures       `json:"own" doc:"Targets right at the node, in no child"`
	Answers     []ChoiceCount `json:"answers" doc:"How often each choice had been answered below the node; frozen like the figures, without corrections"`
	Corrections []Correction  `json:"corrections" doc:"By the day they were received"`
	AtNowMs     int64         `json:"corrected_to_ms" doc:"Corrections known until then"`
}

// CutoffAt returns a cut-off at a place (Zero: the round's area) with the places
// right below, as far as the caller's posts reach.
func (s *Service) CutoffAt(ctx context.Context, c grid.Caller, cutoff, place id.ID) (CutoffView, error) {
	const op = "round.CutoffAt"
	out := CutoffView{AtNowMs: s.now(), Children: []CutoffNode{}, Corrections: []Correction{}}
	cut, err := selectCutoff(ctx, s.DB.Read(), c.District, cutoff)
	if err != nil {
		return out, err
	}
	r, err := s.Round(ctx, c, cut.RoundID)
	if err != nil {
		return out, errs.E(op, errs.NotFound, "round.cutoff_missing")
	}
	frozen, err := s.frozen(ctx, c, cut)
	if err != nil {
		return out, err
	}
	shifts, err := s.corrections(ctx, s.DB.Read(), c.District, cut)
	if err != nil {
		return out, err
	}
	seen, _ := narrowed(c, grid.RoundRead, frozen)
	var view CoverageView
	if err := s.coverPlace(ctx, seen, r, place, &view); err != nil {
		return out, err
	}
	if ok, err := s.reaches(ctx, c, grid.RoundRead, view.Node.Path); err != nil || !ok {
		return out, errOr(err, errs.E(op, errs.NotFound, "round.place_missing"))
	}
	view.relabel(c.Lang)
	out.Cutoff, out.Node, out.Own = cut, CutoffNode{Node: view.Node}, view.Own
	for _, n := range view.Children {
		out.Children = append(out.Children, CutoffNode{Node: n})
	}
	out.correct(seen, shifts)
	out.Answers, err = s.frozenAnswers(ctx, c, cut, view.Node.Path)
	return out, err
}
