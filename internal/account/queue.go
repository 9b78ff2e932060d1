package account

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"wangge/internal/platform/clock"
	"wangge/internal/platform/errs"
)

const (
	maxQueue  = 8192                   // people waiting; more are told when to come back
	firstCost = 30 * time.Millisecond  // of a turn, before one was measured
	costShare = 8                      // one turn moves the measured cost by an eighth
	longTurn  = 500 * time.Millisecond // a turn longer than this counts as this: the machine slept
)

// queue lets those who need a password hashed in a few at a time, in the order
// in which they came, so that a rush of log-ins at a shift's start takes neither
// every core nor all memory. Turns of the same lane follow one another.
type queue struct {
	slots int

	mu      sync.Mutex
	seq     uint64
	waiting []*seat // by since, then by seq
	running int
	lanes   map[string]bool // lanes with a turn under way
	cost    time.Duration   // of a turn, smoothed
}

// seat is a place in the queue.
type seat struct {
	q     *queue
	since int64 // UTC milliseconds
	seq   uint64
	lane  string
	turn  chan struct{} // closed when it is this one's turn
	began clock.Stopwatch
	state seatState
}

type seatState int

const (
	seatWaits seatState = iota
	seatRuns
	seatLeft
)

func newQueue(slots int) *queue {
	return &queue{slots: slots, lanes: map[string]bool{}, cost: firstCost}
}

func order(a, b *seat) int {
	return cmp.Or(cmp.Compare(a.since, b.since), cmp.Compare(a.seq, b.seq))
}

// join takes a place behind everybody who came before since. A full queue is
// Unavailable account.queue_full, with the time after which to try again.
func (q *queue) join(since int64, lane string) (*seat, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if n := len(q.waiting); n >= maxQueue {
		wait := q.lasts(n)
		return nil, errs.After(errs.E("account.queue", errs.Unavailable, "account.queue_full", minutes(wait)), wait)
	}
	q.seq++
	s := &seat{q: q, since: since, seq: q.seq, lane: lane, turn: make(chan struct{})}
	i, _ := slices.BinarySearchFunc(q.waiting, s, order)
	q.waiting = slices.Insert(q.waiting, i, s)
	q.next()
	return s, nil
}

// next begins turns while there is room. The caller holds mu.
func (q *queue) next() {
	for i := 0; i < len(q.waiting) && q.running < q.slots; {
		s := q.waiting[i]
		if s.lane != "" && q.lanes[s.lane] {
			i++
			continue
		}
		q.waiting = slices.Delete(q.waiting, i, i+1)
		if s.lane != "" {
			q.lanes[s.lane] = true
		}
		q.running++
		s.state, s.began = seatRuns, clock.Start()
		close(s.turn)
	}
}

// leave ends the turn, or the waiting for it. It may be called twice.
func (s *seat) leave() {
	q := s.q
	q.mu.Lock()
	defer q.mu.Unlock()
	switch s.state {
	case seatWaits:
		if i, ok := slices.BinarySearchFunc(q.waiting, s, order); ok {
			q.waiting = slices.Delete(q.waiting, i, i+1)
		}
	case seatRuns:
		q.running--
		delete(q.lanes, s.lane)
		q.cost += (min(s.began.Elapsed(), longTurn) - q.cost) / costShare
		q.next()
	}
	s.state = seatLeft
}

// stands returns how many are before s, and how long it will take until s is done.
func (s *seat) stands() (ahead int, wait time.Duration) {
	q := s.q
	q.mu.Lock()
	defer q.mu.Unlock()
	if s.state == seatWaits {
		i, _ := slices.BinarySearchFunc(q.waiting, s, order)
		ahead = i + q.running
	}
	return ahead, q.lasts(ahead)
}

// lasts is the time that n turns and one more take. The caller holds mu.
func (q *queue) lasts(n int) time.Duration {
	return q.cost * time.Duration(n+1) / time.Duration(q.slots)
}

// length returns how many wait.
func (q *queue) length() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.waiting)
}

// Queued returns how many wait for their password to be checked.
func (s *Service) Queued() int { return s.queue.length() }

// pass waits for a turn as long as ctx lasts; the caller ends it with leave.
func (q *queue) pass(ctx context.Context, since int64) (*seat, error) {
	s, err := q.join(since, "")
	if err != nil {
		return nil, err
	}
	select {
	case <-s.turn:
		return s, nil
	case <-ctx.Done():
		ahead, wait := s.stands()
		s.leave()
		return nil, queued(ahead, wait)
	}
}

// queued is the error of somebody whose turn did not come in time.
func queued(ahead int, wait time.Duration) error {
	return errs.After(errs.E("account.queue", errs.TooMany, "account.queue", ahead, seconds(wait)), wait)
}

// seconds rounds up to whole seconds, at least one.
func seconds(d time.Duration) int { return int(max(1, (d+time.Second-1)/time.Second)) }
