package sim

import (
	"time"

	"wangge/internal/platform/clock"
)

// Habits are the parameters of how somebody works through a list of doors.
// Shares are per thousand.
type Habits struct {
	PerHour      int // doors an hour
	ShiftFrom    int // hour of the day (UTC+8) the shift begins
	ShiftTo      int // and ends
	LeavesEarly  int // shifts that end up to three hours early
	Absent       int // days nobody comes at all
	Forgets      int // doors overlooked, remembered hours later
	HomeByDay    int // doors that answer before 18 o'clock
	HomeEvening  int // and after; also all of a weekend
	ByPhone      int // doors settled by a call instead
	ByChat       int // answers that came in the residents' group
	EmptyAfter   int // attempts after which an empty door is verified as empty
	RemembersIn  int // hours until an overlooked door is thought of
	RetryIn      int // hours until a silent door is tried again
	AwayReported int // doors whose people the neighbours say live elsewhere, after two attempts
}

// DefaultHabits are those of a building leader with an ordinary day.
func DefaultHabits() Habits {
	return Habits{
		PerHour: 24, ShiftFrom: 8, ShiftTo: 21, LeavesEarly: 120, Absent: 20, Forgets: 35, HomeByDay: 720, HomeEvening: 900,
		ByPhone: 180, ByChat: 90, EmptyAfter: 2, RemembersIn: 5, RetryIn: 3, AwayReported: 60,
	}
}

// Target is an outstanding door (or household, or point) as the worker sees
// it. Empty is the truth that knocking finds out.
type Target struct {
	ID     int64
	Empty  bool
	People int // how many live there, 0 for not known
}

// ActionKind is what the worker does about a target.
type ActionKind string

// The kinds of action.
const (
	ActDone    ActionKind = "done"    // answered; Answers holds the form
	ActAttempt ActionKind = "attempt" // nobody answered
	ActEmpty   ActionKind = "empty"   // verified as empty
	ActAway    ActionKind = "away"    // the people live elsewhere
)

// Action is one thing done at a time.
type Action struct {
	Kind    ActionKind
	Target  int64
	At      time.Time
	Via     string         // "door", "phone" or "chat"
	Answers map[string]any // by field key, with ActDone
}

// Worker is somebody working through outstanding targets. It is not safe for
// concurrent use. The same seed and post and the same calls give the same
// actions.
type Worker struct {
	Habits
	r         *rng
	seed      uint64
	tries     map[int64]int
	not       map[int64]time.Time // not before: overlooked, or silent when last tried
	forgotten map[int64]bool
	free      time.Time // busy until then
}

// NewWorker makes the worker of a post.
func NewWorker(seed uint64, post string, h Habits) *Worker {
	return &Worker{
		Habits: h, r: newRNG(seed, textSeed(post), textSeed("worker")), seed: seed ^ textSeed(post),
		tries: map[int64]int{}, not: map[int64]time.Time{}, forgotten: map[int64]bool{},
	}
}

// Next says what the worker does now with the list of what is outstanding, in
// walking order. ok is false when there is nothing to do at this moment (off
// shift, still at the last door, everything left is to be tried later); wait
// says after how long to ask again, at most until the next shift.
func (w *Worker) Next(now time.Time, outstanding []Target, form []Field) (a Action, wait time.Duration, ok bool) {
	now = now.In(clock.CST)
	if until := w.offUntil(now); !until.IsZero() {
		return Action{}, until.Sub(now), false
	}
	if now.Before(w.free) {
		return Action{}, w.free.Sub(now), false
	}
	wait = time.Hour
	for i := range outstanding {
		t := &outstanding[i]
		if later, held := w.not[t.ID]; held && now.Before(later) {
			wait = min(wait, later.Sub(now))
			continue
		}
		if !w.forgotten[t.ID] {
			w.forgotten[t.ID] = true // thought about once
			if w.r.p(w.Forgets) {
				w.not[t.ID] = now.Add(hours(w.RemembersIn))
				continue
			}
		}
		a = w.visit(now, t, form)
		wait = w.pace()
		w.free = now.Add(wait)
		return a, wait, true
	}
	return Action{}, max(wait, time.Minute), false
}

func hours(n int) time.Duration { return time.Duration(n) * time.Hour }

// pace is the time one door takes.
func (w *Worker) pace() time.Duration {
	mean := time.Hour / time.Duration(max(1, w.PerHour))
	return mean/2 + mean*time.Duration(w.r.n(1000))/1000
}

// offUntil is when the next shift begins if the worker is off shift, else zero.
func (w *Worker) offUntil(now time.Time) time.Time {
	from, to := w.shift(now)
	switch {
	case now.Before(from):
		return from
	case now.Before(to):
		return time.Time{}
	}
	next, _ := w.shift(clock.DayStart(now).Add(36 * time.Hour))
	return next
}

// shift is when the worker begins and ends on a day: some days early, some
// days not at all (then both are the day's end).
func (w *Worker) shift(day time.Time) (from, to time.Time) {
	start := clock.DayStart(day).In(clock.CST)
	r := newRNG(w.seed, uint64(start.Unix()))
	if r.p(w.Absent) {
		end := start.Add(24 * time.Hour)
		return end, end
	}
	from, to = start.Add(hours(w.ShiftFrom)), start.Add(hours(w.ShiftTo))
	if r.p(w.LeavesEarly) {
		to = to.Add(-time.Duration(r.between(20, 180)) * time.Minute)
	}
	return from, to
}

// visit knocks, calls or reads the group.
func (w *Worker) visit(now time.Time, t *Target, form []Field) Action {
	a := Action{Target: t.ID, At: now, Via: "door"}
	tries := w.tries[t.ID]
	switch {
	case t.Empty && tries >= w.EmptyAfter:
		a.Kind = ActEmpty
	case t.Empty:
		return w.silent(a)
	case w.r.p(w.ByChat):
		a.Kind, a.Via = ActDone, "chat"
	case w.r.p(w.ByPhone):
		a.Kind, a.Via = ActDone, "phone"
	case w.home(now, t.ID):
		a.Kind = ActDone
	case tries >= 2 && w.r.p(w.AwayReported):
		a.Kind = ActAway
	default:
		return w.silent(a)
	}
	if a.Kind == ActDone {
		a.Answers = AnswerAll(w.r, form, t.People)
	}
	delete(w.tries, t.ID)
	return a
}

// silent is an attempt; the door is tried again some hours later, which soon
// means in the evening.
func (w *Worker) silent(a Action) Action {
	a.Kind = ActAttempt
	w.tries[a.Target]++
	w.not[a.Target] = a.At.Add(hours(w.RetryIn))
	return a
}

// home says whether anybody opens: the same within one part of a day.
func (w *Worker) home(now time.Time, door int64) bool {
	evening := now.Hour() >= 18
	share := w.HomeByDay
	if evening || now.Weekday() == time.Saturday || now.Weekday() == time.Sunday {
		share = w.HomeEvening
	}
	part := uint64(clock.DayStart(now).Unix()) + uint64(now.Hour()/6)
	return newRNG(w.seed, uint64(door), part).p(share)
}
