package round

import (
	"context"
	"slices"
	"time"

	"wangge/internal/grid"
	"wangge/internal/platform/audit"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/platform/jobs"
)

// Occurrence is one run of a round over its own frozen list.
type Occurrence struct {
	ID        id.ID      `json:"id"`
	N         int        `json:"n"`
	State     RoundState `json:"state" doc:"opening, open, closed, ended (the next one opened), missed (nothing ran when it was due)"`
	PlannedMs int64      `json:"planned_ms"`
	OpenedMs  int64      `json:"opened_ms,omitempty"`
	DueMs     int64      `json:"due_ms"`
	ClosedMs  int64      `json:"closed_ms,omitempty"`
	JobID     id.ID      `json:"-"`
	Figures
}

// lateAfter is how far an opening may lie behind its plan before it is called late.
const lateAfter = 10 * time.Minute

// Late reports whether the occurrence opened later than planned.
func (o Occurrence) Late() bool {
	return o.State != Missed && o.OpenedMs-o.PlannedMs > lateAfter.Milliseconds()
}

// turnTopic is the message that opens the next occurrence of a round;
// cutoffTopic the one that takes a cut-off.
const (
	turnTopic   = "round.turn"
	cutoffTopic = "round.cutoff"
)

// timed is the payload of both.
type timed struct {
	Round id.ID `json:"round"`
	AtMs  int64 `json:"at"`
}

// Handle registers what the round slice does at a time of day: openings of
// rounds that repeat, and cut-offs. Of several replicas one does each.
func (s *Service) Handle(r *jobs.Runner) {
	handle := func(do func(ctx context.Context, district int, t timed) error) jobs.Handler {
		return func(ctx context.Context, m jobs.Message) error {
			var t timed
			if err := m.Decode(&t); err != nil {
				return err
			}
			return do(ctx, m.District, t)
		}
	}
	r.Handle(turnTopic, handle(func(ctx context.Context, district int, t timed) error { return s.Turn(ctx, district, t.Round) }))
	r.Handle(cutoffTopic, handle(func(ctx context.Context, district int, t timed) error { return s.timedCutoff(ctx, district, t) }))
}

// plan asks for the round's next opening and its next cut-off.
func (s *Service) plan(ctx context.Context, tx *db.Tx, r Round) error {
	if r.NextMs != 0 {
		if _, err := jobs.Enqueue(ctx, tx, r.district, turnTopic, timed{r.ID, r.NextMs}, clock.FromMs(r.NextMs)); err != nil {
			return err
		}
	}
	return s.planCutoff(ctx, tx, r, s.now())
}

func (s *Service) planCutoff(ctx context.Context, tx *db.Tx, r Round, after int64) error {
	at := r.Recurrence.nextCutoff(after)
	if at == 0 {
		return nil
	}
	_, err := jobs.Enqueue(ctx, tx, r.district, cutoffTopic, timed{r.ID, at}, clock.FromMs(at))
	return err
}

// Turn opens the occurrence of a repeating round that is due, with a list as
// things are now, and ends the one before it. What was missed while nothing ran
// is on record as missed, without a list. It may be called again at any time, on
// any replica: what is not due or already done is left alone.
func (s *Service) Turn(ctx context.Context, district int, round id.ID) error {
	const op = "round.Turn"
	if err := s.beginTurn(ctx, district, round); err != nil {
		return errs.Wrap(op, err)
	}
	return errs.Wrap(op, s.finishTurn(ctx, district, round))
}

// beginTurn records what was missed and begins the occurrence that is due.
func (s *Service) beginTurn(ctx context.Context, district int, round id.ID) error {
	r, err := selectRound(ctx, s.DB.Read(), district, round)
	now := s.now()
	if err != nil || r.State != Open || r.NextMs == 0 || r.NextMs > now {
		return err
	}
	first, last, err := occurrenceEnds(ctx, s.DB.Read(), district, round)
	if err != nil {
		return err
	}
	missed, open, after := r.Recurrence.turns(first, r.NextMs, now)
	err = s.DB.Write(ctx, "round.Turn", func(tx *db.Tx) error {
		if err := setNext(ctx, tx, r, after); err != nil {
			return err
		}
		for i, at := range missed {
			o := Occurrence{ID: id.New(), N: last + 1 + i, State: Missed, PlannedMs: at, DueMs: r.Recurrence.due(at), ClosedMs: now}
			if err := insertOccurrence(ctx, tx, district, round, o); err != nil {
				return err
			}
		}
		if open != 0 {
			o := Occurrence{ID: id.New(), N: last + 1 + len(missed), State: Opening, JobID: id.New(), PlannedMs: open, OpenedMs: now, DueMs: r.Recurrence.due(open)}
			if err := insertJob(ctx, tx, district, o.JobID, round, 0, id.Zero, now); err != nil {
				return err
			}
			if err := insertOccurrence(ctx, tx, district, round, o); err != nil {
				return err
			}
		}
		r.NextMs = after
		tx.Notify(topic(round))
		return s.planTurn(ctx, tx, r)
	})
	if errs.Is(err, errs.Conflict) { // another replica was first
		return nil
	}
	return err
}

func (s *Service) planTurn(ctx context.Context, tx *db.Tx, r Round) error {
	if r.NextMs == 0 {
		return nil
	}
	_, err := jobs.Enqueue(ctx, tx, r.district, turnTopic, timed{r.ID, r.NextMs}, clock.FromMs(r.NextMs))
	return err
}

// finishTurn writes the list of the occurrence that is opening and makes it the
// current one. A list that was cut short is gone on with; one that another call
// or process is writing is left to it.
func (s *Service) finishTurn(ctx context.Context, district int, round id.ID) error {
	_, err := s.Alone(ctx, "round.turn:"+round.String(), func(ctx context.Context) error { return s.turnOver(ctx, district, round) })
	return err
}

func (s *Service) turnOver(ctx context.Context, district int, round id.ID) error {
	r, err := selectRound(ctx, s.DB.Read(), district, round)
	if err != nil {
		return err
	}
	next, err := openingOccurrence(ctx, s.DB.Read(), district, round)
	if err != nil || next.ID == id.Zero || next.ID == r.OccurrenceID {
		return err
	}
	was := r.OccurrenceID
	r.OccurrenceID, r.JobID = next.ID, next.JobID
	if r.State == Open {
		if err := s.writeList(ctx, r); err != nil {
			return err
		}
	}
	err = s.DB.Write(ctx, "round.Turn", func(tx *db.Tx) error {
		tx.Notify(topic(round))
		tx.Notify(turned + round.String())
		if err := turnOver(ctx, tx, r, was, s.now()); err != nil {
			return err
		}
		return s.Audit.Append(ctx, tx, audit.Entry{Action: "round.turn", Object: "round", ObjectID: round, Detail: "n=" + itoa(next.N)})
	})
	s.infos.forget(round)
	if errs.Is(err, errs.Conflict) { // another replica was first
		return nil
	}
	return err
}

// resumeTurns goes on with lists of repeating rounds that were cut short.
func (s *Service) resumeTurns(ctx context.Context, district int) error {
	rounds, err := roundsTurning(ctx, s.DB.Read(), district)
	for _, r := range rounds {
		if err == nil {
			err = s.finishTurn(ctx, district, r)
		}
	}
	return err
}

// turned is the news that a round has another current occurrence, followed by
// the round's id.
const turned = "round.turned:"

// StopRepeating ends a round's repetition: the current occurrence stays open
// until it is closed, no other follows.
func (s *Service) StopRepeating(ctx context.Context, c grid.Caller, round id.ID) error {
	const op = "round.StopRepeating"
	r, err := selectRound(ctx, s.DB.Read(), c.District, round)
	if err != nil {
		return err
	}
	if err := c.RequirePlace(op, grid.RoundClose, r.AreaPath); err != nil {
		return err
	}
	if r.State != Open || r.NextMs == 0 {
		return errs.E(op, errs.Conflict, "round.repeats_not")
	}
	return s.DB.Write(ctx, op, func(tx *db.Tx) error {
		if err := setNext(ctx, tx, r, 0); err != nil {
			return err
		}
		tx.Notify(topic(round))
		return s.Audit.Append(ctx, tx, audit.Entry{Account: c.AccountID, Post: c.PostFor(grid.RoundClose), Action: "round.stop", Object: "round", ObjectID: round})
	})
}

// maxOccurrences bounds the occurrences listed at once.
const maxOccurrences = 14

// Occurrences returns the latest occurrences of a round, the oldest of them
// first, each with its figures as far as the caller's posts reach.
func (s *Service) Occurrences(ctx context.Context, c grid.Caller, round id.ID) ([]Occurrence, error) {
	r, err := s.Round(ctx, c, round)
	if err != nil {
		return nil, err
	}
	list, err := selectOccurrences(ctx, s.DB.Read(), c.District, round, maxOccurrences)
	if err != nil {
		return nil, err
	}
	slices.Reverse(list)
	for i := range list {
		o := &list[i]
		if o.State == Missed || o.State == Opening && o.ID != r.OccurrenceID {
			continue
		}
		v, err := s.viewOf(ctx, c, grid.RoundRead, o.ID)
		if err != nil {
			return nil, err
		}
		o.Figures = v.sum("")
	}
	return list, nil
}

// paperTimes returns the occurrences whose sheets can be entered: the current one
// and those that ended lately, the latest first.
func (s *Service) paperTimes(ctx context.Context, r Round) ([]Occurrence, error) {
	list, err := selectOccurrences(ctx, s.DB.Read(), r.district, r.ID, maxOccurrences)
	return slices.DeleteFunc(list, func(o Occurrence) bool {
		return o.ID != r.OccurrenceID && (o.State != Ended || o.ClosedMs <= s.now()-oldest.Milliseconds())
	}), err
}

// at is a round as it stands in its n-th occurrence; 0 is the current one.
func (s *Service) at(ctx context.Context, info *roundInfo, n int) (*roundInfo, error) {
	if n == 0 || n == info.round.N {
		return info, nil
	}
	o, err := occurrenceN(ctx, s.DB.Read(), info.round.district, info.round.ID, n)
	if err != nil {
		return nil, err
	}
	then := *info
	then.round.OccurrenceID, then.round.N, then.round.OpenedMs, then.round.DueMs, then.round.PlannedMs, then.round.occState = o.ID, o.N, o.OpenedMs, o.DueMs, o.PlannedMs, o.State
	return &then, nil
}
