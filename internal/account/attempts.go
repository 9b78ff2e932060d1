package account

import (
	"context"
	"sync"
	"time"

	"wangge/internal/platform/clock"
	"wangge/internal/platform/errs"
)

// Limits of failed attempts kept in memory: of one address (an office behind
// one address has many people) and of one log-in name, also of names that do
// not exist, so that the answer does not tell which do.
const (
	addressFailures = 60
	nameFailures    = 20
	failureWindow   = 10 * time.Minute
	maxTracked      = 50_000
)

// attempts counts failures and lets only one attempt on a name run at a time,
// so that parallel guesses cannot slip past the count.
type attempts struct {
	clk   clock.Clock
	mu    sync.Mutex
	items map[string]*attempt
}

type attempt struct {
	busy     chan struct{} // holds one token while an attempt runs
	users    int
	failures int
	since    time.Time
	row      int // failures since the last success, however long ago
	last     time.Time
}

func newAttempts(clk clock.Clock) *attempts {
	return &attempts{clk: clk, items: map[string]*attempt{}}
}

// get returns the record of key. The caller holds mu.
func (a *attempts) get(key string) *attempt {
	it := a.items[key]
	now := a.clk.Now()
	if it == nil {
		if len(a.items) >= maxTracked {
			a.sweep(now)
		}
		it = &attempt{busy: make(chan struct{}, 1), since: now}
		a.items[key] = it
	}
	if now.Sub(it.since) >= failureWindow {
		it.failures, it.since = 0, now
	}
	return it
}

// sweep forgets what is over; under attack also what is not, rather than
// growing without bound.
func (a *attempts) sweep(now time.Time) {
	for k, it := range a.items {
		if it.users == 0 && (now.Sub(it.since) >= failureWindow || len(a.items) >= maxTracked) {
			delete(a.items, k)
		}
	}
}

// allowed refuses a key with too many failures (TooMany).
func (a *attempts) allowed(key string, limit int) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	it := a.get(key)
	if it.failures < limit {
		return nil
	}
	left := failureWindow - a.clk.Now().Sub(it.since)
	return errs.E("account.attempts", errs.TooMany, "account.too_many", minutes(left))
}

// failed counts a failure of each key.
func (a *attempts) failed(keys ...string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, k := range keys {
		it := a.get(k)
		it.failures++
		it.row++
		it.last = a.clk.Now()
	}
}

// lockedFor returns how long a name that does not exist stays locked: as long
// as one that does, so that the lock does not tell which do.
func (a *attempts) lockedFor(key string) time.Duration {
	a.mu.Lock()
	defer a.mu.Unlock()
	it := a.get(key)
	return lockFor(it.row) - a.clk.Now().Sub(it.last)
}

// forget clears a key after a success.
func (a *attempts) forget(key string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if it := a.items[key]; it != nil {
		it.failures, it.row = 0, 0
	}
}

// alone waits until no other attempt on key runs; done ends this one.
func (a *attempts) alone(ctx context.Context, key string) (done func(), err error) {
	a.mu.Lock()
	it := a.get(key)
	it.users++
	a.mu.Unlock()
	leave := func() {
		a.mu.Lock()
		it.users--
		a.mu.Unlock()
	}
	select {
	case it.busy <- struct{}{}:
		return func() { <-it.busy; leave() }, nil
	case <-ctx.Done():
	case <-clock.Real().After(hashWait):
	}
	leave()
	return nil, errs.E("account.alone", errs.Unavailable, "account.busy")
}

// minutes rounds up, for messages.
func minutes(d time.Duration) int { return int((d + time.Minute - 1) / time.Minute) }
