package jobs

import (
	"context"
	"log/slog"
	"maps"
	"sync"
	"time"

	"wangge/internal/platform/clock"
	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
)

// SeatTime is how long the holder of a seat may fall silent before another
// process takes its place.
const SeatTime = 12 * time.Second

// seenFor is how long a process remembers a holding that it does not meet again.
const seenFor = 48 * time.Hour

// Seats are the places of one process among those that share a database: work
// that one of them does (the leader's), or that must not go on twice at once
// (writing a round's list).
//
// A holder counts its beats in the seat's row, from a number that no other
// taking begins with: the same count is the same taking, standing still. Whoever
// sees it for SeatTime by a stopwatch of its own takes the seat, so that the
// clocks of the machines need not agree; a holder that could not beat for so long
// stops. For a moment both may be at work: what is done on a seat bears being
// done twice. On SQLite, where no other process writes, every seat is free.
type Seats struct {
	d        *db.DB
	district int
	owner    string
	log      *slog.Logger
	silence  time.Duration

	mu   sync.Mutex
	held map[string]bool // by this process
	seen map[string]sighting
}

// holding is the row of a seat.
type holding struct {
	owner string
	beats int64
}

// sighting is a holding and since when it has stood still.
type sighting struct {
	holding
	since clock.Stopwatch
}

// NewSeats returns the seats of a district for this process; silence is how long
// a holder may fall silent, SeatTime but for tests.
func NewSeats(d *db.DB, district int, log *slog.Logger, silence time.Duration) *Seats {
	return &Seats{d: d, district: district, owner: id.New().String(), log: log, silence: silence, held: map[string]bool{}, seen: map[string]sighting{}}
}

// Alone runs fn while this process holds the seat, and gives the seat up
// afterwards. ok is false, and fn does not run, where another process or another
// call holds it. fn's context ends when the seat is lost.
func (s *Seats) Alone(ctx context.Context, name string, fn func(ctx context.Context) error) (ok bool, err error) {
	if !s.enter(name) {
		return false, nil
	}
	defer s.leave(name)
	if s.d.Engine() == db.SQLite {
		return true, fn(ctx)
	}
	h, err := s.take(ctx, name)
	if err != nil || h.owner != s.owner {
		return false, errs.Wrap("jobs.Alone", err)
	}
	held, stop := s.keep(ctx, name, h)
	defer func() {
		stop()
		s.giveUp(context.WithoutCancel(ctx), name)
	}()
	return true, fn(held)
}

// Lead runs fn whenever this process is the one that leads, until ctx ends.
// fn's context ends when another leads; fn returns then.
func (s *Seats) Lead(ctx context.Context, name string, fn func(ctx context.Context)) {
	for ctx.Err() == nil {
		_, err := s.Alone(ctx, name, func(held context.Context) error {
			s.log.Info("this process leads", "work", name)
			fn(held)
			return nil
		})
		if err != nil && ctx.Err() == nil {
			s.log.Warn("the leader's seat cannot be asked for; tried again", "work", name, "error", err)
		}
		select {
		case <-ctx.Done():
		case <-clock.Real().After(s.silence / 4):
		}
	}
}

func (s *Seats) enter(name string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.held[name] {
		return false
	}
	s.held[name] = true
	return true
}

func (s *Seats) leave(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.held, name)
}

// take takes the seat where it is free or its holder fell silent, and returns
// how it stands.
func (s *Seats) take(ctx context.Context, name string) (holding, error) {
	now, err := selectSeat(ctx, s.d.Read(), s.district, name)
	if err != nil {
		return holding{}, err
	}
	if now.owner != "" && !s.silent(name, now) {
		return now, nil
	}
	s.forget(name)
	next := holding{s.owner, int64(id.New())}
	ok, err := s.swap(ctx, name, now, next)
	if !ok {
		return now, err
	}
	return next, err
}

// silent reports whether the holding has stood still for so long that its holder is gone.
func (s *Seats) silent(name string, now holding) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	was, ok := s.seen[name]
	if !ok || was.holding != now {
		maps.DeleteFunc(s.seen, func(_ string, was sighting) bool { return was.since.Elapsed() > seenFor })
		s.seen[name] = sighting{now, clock.Start()}
		return false
	}
	return was.since.Elapsed() >= s.silence
}

// forget drops what was seen of a seat that is free to be taken.
func (s *Seats) forget(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.seen, name)
}

func (s *Seats) swap(ctx context.Context, name string, was, next holding) (ok bool, err error) {
	err = s.d.Write(ctx, "jobs.Seat", func(tx *db.Tx) (err error) {
		ok, err = swapSeat(ctx, tx, s.district, name, was, next)
		return err
	})
	return ok && err == nil, err
}

// keep beats until stop is called. The context it returns ends when the seat went
// to another, or when no beat was written for the time of silence.
func (s *Seats) keep(ctx context.Context, name string, h holding) (held context.Context, stop func()) {
	held, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer cancel()
		last := clock.Start()
		for last.Elapsed() < s.silence {
			select {
			case <-held.Done():
				return
			case <-clock.Real().After(s.silence / 6):
			}
			beat, end := context.WithTimeout(held, s.silence/3)
			next := holding{s.owner, h.beats + 1}
			ok, err := s.swap(beat, name, h, next)
			end()
			switch {
			case ok:
				h, last = next, clock.Start()
			case err == nil && !s.wasMine(held, name, &h):
				return
			}
		}
	}()
	return held, func() { cancel(); <-done }
}

// wasMine tells, after a beat met another count than expected, whether it was
// this process's own beat whose answer was lost; then h is what stands.
func (s *Seats) wasMine(ctx context.Context, name string, h *holding) bool {
	now, err := selectSeat(ctx, s.d.Read(), s.district, name)
	if err != nil {
		return true // not known: the next beat tells
	}
	if now.owner == s.owner {
		*h = now
		return true
	}
	return false
}

// giveUp frees the seat, so that another need not wait for the silence.
func (s *Seats) giveUp(ctx context.Context, name string) {
	ctx, cancel := context.WithTimeout(ctx, s.silence/3)
	defer cancel()
	err := s.d.Write(ctx, "jobs.Seat", func(tx *db.Tx) error { return deleteSeat(ctx, tx, s.district, name, s.owner) })
	if err != nil {
		s.log.Warn("a seat was not given up; others wait until it counts as silent", "seat", name, "error", err)
	}
}
