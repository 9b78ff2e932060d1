package district

import (
	"context"
	"log/slog"
	"math"
	"math/rand/v2"
	"strings"
	"time"

	"wangge/internal/grid"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/round"
	"wangge/internal/sim"
)

// LifeOptions bound the simulated work.
type LifeOptions struct {
	// Rate is how many marks a second of the clock are made while nothing is
	// accounted for yet; it falls as the round fills, so that a round lasts for
	// hours. 0: one for 800 targets, 0.5 to 60.
	Rate float64
	// Workers bounds how many work at the same time; 0 means 400.
	Workers int
}

// Bounds of Life.
const (
	tick      = 500 * time.Millisecond // of the machine's time, between steps
	tickMarks = 60                     // at most so many marks a step
	floor     = 0.04                   // of the targets stay outstanding: a round is never finished by nobody
	senders   = 16                     // marks sent side by side
	onShift   = 0.55                   // of the workers, over a day
	queueMax  = 300                    // targets a worker holds in mind
)

// Life is the simulated work on the open round: holders of posts knock at the
// doors they answer for and mark them through the round's service, as far as
// their posts reach. The printed leader's grid and the story's compound are
// left to people.
type Life struct {
	s       Services
	l       *Loaded
	o       LifeOptions
	log     *slog.Logger
	sys     grid.Caller
	round   round.Round
	form    []sim.Field
	but     string // path of the story's compound
	led     map[id.ID]bool
	idle    []hand // not at work now
	team    []*worker
	resting []*worker // with nothing to do for a while
	rand    *rand.Rand
	figures round.Figures
	until   time.Time // when the figures are read again
	since   int       // accounted for since they were read
}

// hand is a holder who may be put to work.
type hand struct {
	account, post id.ID
	role          grid.Role
	object        id.ID
}

// worker is somebody at work.
type worker struct {
	hand
	*sim.Worker
	caller grid.Caller
	queue  []sim.Target
	next   time.Time
}

// NewLife prepares the work on the district's round. Where somebody has closed
// it there is nothing to do, and Run returns at once.
func NewLife(ctx context.Context, s Services, l *Loaded, o LifeOptions) (*Life, error) {
	const op = "district.NewLife"
	sys := grid.System(l.District, "simulation")
	r, err := s.Rounds.Round(ctx, sys, l.Round)
	if err != nil {
		return nil, err
	}
	if r.State != round.Open {
		return &Life{s: s, l: l, log: s.log(), sys: sys, round: r}, nil
	}
	f, err := s.Rounds.Form(ctx, sys, r.FormID)
	if err != nil {
		return nil, err
	}
	v := &Life{s: s, l: l, o: o, log: s.log(), sys: sys, round: r, form: fields(f, s.Clock.Now()), led: map[id.ID]bool{}}
	if l.Story.Compound != id.Zero {
		p, err := s.Grid.Place(ctx, sys, l.Story.Compound)
		if err != nil {
			return nil, err
		}
		v.but = p.Path
	}
	if v.idle, err = handsOf(ctx, s.DB.Read(), l.District, clock.Ms(s.Clock.Now())); err != nil {
		return nil, errs.Wrap(op, err)
	}
	for _, h := range v.idle {
		if h.role == grid.RoleBuildingLeader {
			v.led[h.object] = true
		}
	}
	if err := v.look(ctx); err != nil {
		return nil, err
	}
	if v.o.Workers == 0 {
		v.o.Workers = 400
	}
	if v.o.Rate == 0 {
		v.o.Rate = min(60, max(0.5, float64(v.figures.Total)/800))
	}
	v.rand = rand.New(rand.NewPCG(l.Seed, 1)) // those at work are everywhere in the district
	v.rand.Shuffle(len(v.idle), func(i, j int) { v.idle[i], v.idle[j] = v.idle[j], v.idle[i] })
	return v, nil
}

// fields are a form's questions as the workers answer them.
func fields(f round.Form, day time.Time) []sim.Field {
	kinds := map[round.FieldType]sim.FieldKind{
		round.YesNo: sim.FieldYesNo, round.Choice: sim.FieldChoice, round.Number: sim.FieldNumber, round.FreeText: sim.FieldText,
		round.Date: sim.FieldDate, round.Temperature: sim.FieldTemperature, round.Photo: sim.FieldPhoto,
	}
	var out []sim.Field
	for _, v := range f.Fields {
		q := sim.Field{Key: v.Key, Kind: kinds[v.Type], Required: v.Required, Usual: v.Normal == "yes", Day: day, Heads: v.Normal == round.NormalLiving}
		if v.Min != nil && v.Max != nil {
			q.Min, q.Max = *v.Min, *v.Max
		}
		for _, o := range v.Options {
			q.Choices = append(q.Choices, o.Value)
		}
		out = append(out, q)
	}
	return out
}

// Run works until ctx ends or the round is closed. What fails is logged and
// tried again.
func (v *Life) Run(ctx context.Context) error {
	for {
		_, err := v.Step(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case errs.Is(err, errs.Conflict):
			return nil // the round is closed
		case err != nil:
			v.log.WarnContext(ctx, "the simulated workers were interrupted", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-clock.Real().After(tick):
		}
	}
}

// look reads the round's figures and state again.
func (v *Life) look(ctx context.Context) error {
	r, err := v.s.Rounds.Round(ctx, v.sys, v.l.Round)
	if err != nil {
		return err
	}
	if r.State != round.Open {
		return errs.E("district.Life", errs.Conflict, "demo.no_round")
	}
	v.figures, err = v.s.Rounds.Total(ctx, v.sys, v.l.Round)
	v.since, v.until = 0, v.s.Clock.Now().Add(time.Minute)
	return err
}

// left is the share of the targets that is outstanding.
func (v *Life) left() float64 {
	if v.figures.Total == 0 {
		return 0
	}
	return float64(v.figures.Outstanding-v.since) / float64(v.figures.Total)
}

// Step lets everybody whose turn it is do one thing, and returns how many
// marks were made. The round being closed is a Conflict.
func (v *Life) Step(ctx context.Context) (int, error) {
	now := v.s.Clock.Now()
	if !now.Before(v.until) {
		if err := v.look(ctx); err != nil {
			return 0, err
		}
	}
	share := v.left()
	if share <= floor {
		return 0, nil
	}
	pace := v.pace(share)
	if err := v.staff(ctx, now, time.Hour/time.Duration(pace)); err != nil {
		return 0, err
	}
	var acts []act
	for _, w := range v.team {
		if len(acts) == tickMarks {
			break
		}
		if now.Before(w.next) {
			continue
		}
		w.PerHour = pace
		a, wait, ok := w.Next(now, w.queue, v.form)
		w.next = now.Add(wait)
		if ok {
			acts = append(acts, act{w, a})
		}
	}
	v.rotate()
	return v.do(ctx, acts)
}

// pace is how many targets an hour each worker does while a share of the
// targets is left.
func (v *Life) pace(share float64) int {
	team := max(1, min(v.o.Workers, len(v.team)+len(v.idle)+len(v.resting)))
	return max(1, int(math.Round(v.o.Rate*share*share*3600/(onShift*float64(team)))))
}

// rotate lets the workers behind the last one asked come first next time.
func (v *Life) rotate() {
	if n := len(v.team); n > 1 {
		k := n / 3
		v.team = append(append([]*worker{}, v.team[k:]...), v.team[:k]...)
	}
}

// patience is how long a worker waits for the next turn before another one
// takes the place.
const patience = 15 * time.Minute

// staff fills the team from those who are idle, then from those who rested. A
// new worker is at the first door some time within turn.
func (v *Life) staff(ctx context.Context, now time.Time, turn time.Duration) error {
	kept := v.team[:0]
	for _, w := range v.team {
		switch {
		case len(w.queue) == 0:
		case w.next.Sub(now) > patience && len(v.idle) > 0:
			v.resting = append(v.resting, w)
		default:
			kept = append(kept, w)
		}
	}
	v.team = kept
	for n := 0; len(v.team) < v.o.Workers && len(v.idle) > 0 && n < senders; n++ {
		h := v.idle[0]
		v.idle = v.idle[1:]
		w, err := v.employ(ctx, h)
		if err != nil {
			return err
		}
		if w != nil {
			w.next = now.Add(time.Duration(v.rand.Int64N(int64(turn))))
			v.team = append(v.team, w)
		}
	}
	if len(v.idle) == 0 {
		n := min(len(v.resting), v.o.Workers-len(v.team))
		v.team = append(v.team, v.resting[:n]...)
		v.resting = v.resting[n:]
	}
	return nil
}

// habits are those of the drill: somebody works at every hour of the day, in
// three shifts that overlap, and two of three know which flats of theirs stand
// empty, so that they are verified at the first visit.
func habits(k int) sim.Habits {
	h := sim.DefaultHabits()
	shift := [][2]int{{0, 13}, {6, 19}, {11, 24}}[k%3]
	h.ShiftFrom, h.ShiftTo = shift[0], shift[1]
	if k/3%3 > 0 {
		h.EmptyAfter = 0
	}
	return h
}

// employ reads what a hand has to do; nil where there is nothing.
func (v *Life) employ(ctx context.Context, h hand) (*worker, error) {
	c, err := v.s.Grid.CallerFor(ctx, h.account, v.l.District, v.s.Clock.Now())
	if err != nil || len(c.Grants) == 0 {
		return nil, err
	}
	lines, _, err := v.s.Rounds.Outstanding(ctx, c, v.l.Round, round.ListQuery{Limit: queueMax})
	if err != nil {
		return nil, err
	}
	var doors []id.ID
	kept := lines[:0]
	for _, l := range lines {
		if v.mine(h, l) {
			kept = append(kept, l)
			doors = append(doors, l.DoorID)
		}
	}
	if len(kept) == 0 {
		return nil, nil
	}
	people, err := livingBehind(ctx, v.s.DB.Read(), v.l.District, doors)
	if err != nil {
		return nil, err
	}
	w := &worker{hand: h, caller: c, Worker: sim.NewWorker(v.l.Seed, h.post.String(), habits(int(h.post)))}
	for _, l := range kept {
		n, known := people[l.DoorID]
		w.queue = append(w.queue, sim.Target{ID: int64(l.ObjectID), People: n, Empty: !known && v.round.TargetKind == round.Doors})
	}
	return w, nil
}

// mine reports whether a hand marks the target: not what is left to people,
// and a grid worker only where no leader is in post.
func (v *Life) mine(h hand, l round.Line) bool {
	switch {
	case v.l.Story.Grid != id.Zero && l.GridID == v.l.Story.Grid:
		return false
	case v.but != "" && strings.HasPrefix(l.Path, v.but):
		return false
	case h.role == grid.RoleGridWorker:
		return !v.led[l.GridID]
	}
	return true
}
