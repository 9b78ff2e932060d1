package account

import (
	"bytes"
	"context"
	"sync"
	"time"

	"wangge/internal/platform/clock"
	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
)

// leaveAfter is how long after the last sign of somebody waiting the place is
// given up. The ticket stays good: who comes back joins at the old place.
const leaveAfter = 30 * time.Second

// outcome is what a turn brought.
type outcome struct {
	err   error
	found row    // the account, where the password was right
	hash  string // what is kept of the password chosen
}

// errand is somebody's waiting in this process.
type errand struct {
	t    ticket // its own copy; wiped when the turn is over
	seat *seat
	done chan struct{} // closed when out is there
	out  outcome
	gone chan struct{} // closed when nobody waits for it any more

	mu      sync.Mutex // guards what follows
	seen    time.Time
	present int // requests waiting now
	taken   bool
}

// desk holds the errands of this process by ticket.key. They are no more than
// the queue holds and those whose outcome was not fetched yet.
type desk struct {
	clk  clock.Clock
	mu   sync.Mutex
	open map[string]*errand
}

func newDesk(clk clock.Clock) *desk { return &desk{clk: clk, open: map[string]*errand{}} }

// find returns the errand of key and counts the caller as waiting for it.
func (d *desk) find(key string) *errand {
	d.mu.Lock()
	defer d.mu.Unlock()
	e := d.open[key]
	if e != nil && !e.arrive(d.clk.Now()) {
		return nil
	}
	return e
}

// arrive counts a request as waiting; false where the outcome was fetched already.
func (e *errand) arrive(now time.Time) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.taken {
		return false
	}
	e.present++
	e.seen = now
	return true
}

// depart ends arrive.
func (e *errand) depart(now time.Time) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.present--
	e.seen = now
}

// claim ends the errand for everybody else; false where another was first.
func (e *errand) claim() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.taken {
		return false
	}
	e.taken = true
	close(e.gone)
	return true
}

// absent returns how long there was no sign of whoever waits.
func (e *errand) absent(now time.Time) time.Duration {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.present > 0 {
		return 0
	}
	return now.Sub(e.seen)
}

// begin opens an errand for t and has it served; an error is of queue.join.
func (s *Service) begin(key string, t ticket, lane string) (*errand, error) {
	seat, err := s.queue.join(t.Since, lane)
	if err != nil {
		return nil, err
	}
	t.Given, t.Fresh = bytes.Clone(t.Given), bytes.Clone(t.Fresh)
	e := &errand{t: t, seat: seat, done: make(chan struct{}), gone: make(chan struct{}), seen: s.clk.Now(), present: 1}
	s.desk.mu.Lock()
	s.desk.open[key] = e // of two at the same instant the later one stays to be found
	s.desk.mu.Unlock()
	go s.serve(key, e)
	return e, nil
}

// serve waits for the errand's turn, takes it, and keeps the outcome until it is
// fetched or its person was not seen for leaveAfter.
func (s *Service) serve(key string, e *errand) {
	defer s.desk.drop(key, e)
	defer e.seat.leave()
	turn := e.seat.turn
	for {
		select {
		case <-turn:
			turn = nil
			e.out = s.try(e.t)
			e.t.wipe()
			e.seat.leave()
			close(e.done)
		case <-e.gone:
			return
		case <-s.clk.After(leaveAfter - e.absent(s.clk.Now())):
			if e.absent(s.clk.Now()) >= leaveAfter {
				return
			}
		}
	}
}

// drop forgets an errand.
func (d *desk) drop(key string, e *errand) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.open[key] == e {
		delete(d.open, key)
	}
	e.claim() // whoever came just now begins anew
	e.t.wipe()
}

// leaveQueue gives up what somebody waits for; its ticket opens nothing any more.
func (s *Service) leaveQueue(ctx context.Context, t ticket) error {
	const op = "account.leaveQueue"
	err := s.d.Write(ctx, op, func(tx *db.Tx) error {
		_, err := s.insertSpent(ctx, tx, t)
		return errs.Wrap(op, err)
	})
	if err != nil {
		return err
	}
	s.desk.mu.Lock()
	e := s.desk.open[s.key(t)]
	s.desk.mu.Unlock()
	if e != nil {
		e.claim()
	}
	return nil
}

// waiting is where somebody stands in the queue.
type waiting struct {
	ahead  int
	wait   time.Duration // until it is done, as far as one can tell
	ticket ticket
}

// ask goes on with the errand of t, or begins it, and waits for its outcome while
// ctx and patience (0: for ever) last; then w says where it stands. Errors that
// are known before any waiting are told at once.
func (s *Service) ask(ctx context.Context, t ticket, patience time.Duration) (out outcome, w *waiting, err error) {
	key := s.key(t)
	var enough <-chan time.Time
	if patience > 0 {
		enough = clock.Real().After(patience)
	}
	for {
		e := s.desk.find(key)
		if e == nil {
			lane, err := s.mayTry(ctx, t)
			if err != nil {
				return outcome{}, nil, err
			}
			if e, err = s.begin(key, t, lane); err != nil {
				return outcome{}, nil, err
			}
		}
		out, w, fetched := s.await(ctx, e, enough)
		if w != nil {
			w.ticket = t
			w.ticket.Since = e.t.Since
		}
		if fetched || w != nil {
			return out, w, nil
		}
		if t.made { // another request had this outcome: this one is a try of its own
			t.renew()
		}
	}
}

// await waits for e. Neither fetched nor w: another request fetched the outcome.
func (s *Service) await(ctx context.Context, e *errand, enough <-chan time.Time) (out outcome, w *waiting, fetched bool) {
	defer func() { e.depart(s.clk.Now()) }()
	select {
	case <-e.done:
		if e.claim() {
			return e.out, nil, true
		}
		return outcome{}, nil, false
	case <-e.gone: // by another request
		return outcome{}, nil, false
	case <-ctx.Done():
	case <-enough:
	}
	w = &waiting{}
	w.ahead, w.wait = e.seat.stands()
	return outcome{}, w, false
}

// tryTime bounds one turn.
const tryTime = 30 * time.Second

// mayTry refuses what may not be tried now before it joins the queue, and names
// the lane in which tries at the same thing follow one another, so that parallel
// guesses cannot slip past their count.
func (s *Service) mayTry(ctx context.Context, t ticket) (lane string, err error) {
	switch t.Kind {
	case errandLogin:
		_, _, lane, err = s.barred(ctx, t)
		return lane, err
	case errandChange:
		return ownKey(t.Account), s.allowed(ctx, s.d.Read(), ownKey(t.Account), nameFailures)
	}
	_, err = s.choosing(ctx, t)
	return ownKey(t.Account), err
}

// try does the work of a turn. It outlives the request that asked for it.
func (s *Service) try(t ticket) outcome {
	ctx, cancel := context.WithTimeout(context.Background(), tryTime)
	defer cancel()
	switch t.Kind {
	case errandLogin:
		return s.tryLogin(ctx, t)
	case errandChange:
		return s.tryChange(ctx, t)
	}
	r, err := s.selectAccount(ctx, s.d.Read(), t.Account)
	if err != nil {
		return outcome{err: errs.Wrap("account.try", err)}
	}
	return s.tryFresh(t, r)
}
