// Package clock is the only place that asks the machine what time it is.
// Everything else takes a Clock, so that tests, the demo's faster clock and
// the checks at a given instant all run the same code.
//
// The database holds UTC milliseconds; pages and day boundaries use fixed UTC+8.
package clock

import (
	"sync"
	"time"
)

// Clock tells the time.
type Clock interface {
	// Now returns the current instant of this clock.
	Now() time.Time
	// After delivers once when d of this clock's time has passed.
	After(d time.Duration) <-chan time.Time
}

// CST is China Standard Time, UTC+8 without summer time.
var CST = time.FixedZone("UTC+8", 8*3600)

// Ms returns t as UTC milliseconds, the form kept in the database.
func Ms(t time.Time) int64 { return t.UnixMilli() }

// FromMs returns the instant of UTC milliseconds, in UTC+8.
func FromMs(ms int64) time.Time { return time.UnixMilli(ms).In(CST) }

// Day returns the calendar day of t in UTC+8, as 2006-01-02.
func Day(t time.Time) string { return t.In(CST).Format(time.DateOnly) }

// DayStart returns midnight in UTC+8 of the day that holds t.
func DayStart(t time.Time) time.Time {
	y, m, d := t.In(CST).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, CST)
}

type realClock struct{}

func (realClock) Now() time.Time                         { return time.Now() }
func (realClock) After(d time.Duration) <-chan time.Time { return time.After(d) }

// Real returns the machine's clock.
func Real() Clock { return realClock{} }

type fastClock struct {
	start time.Time
	speed float64
}

// Fast returns a clock that starts now and runs speed times as fast as the
// machine's (the demo's --speed).
func Fast(speed float64) Clock {
	if speed == 1 {
		return Real()
	}
	return &fastClock{start: time.Now(), speed: speed}
}

func (c *fastClock) Now() time.Time {
	return c.start.Add(time.Duration(float64(time.Since(c.start)) * c.speed))
}

func (c *fastClock) After(d time.Duration) <-chan time.Time {
	return time.After(time.Duration(float64(d) / c.speed))
}

// Manual is a clock for tests: it stands still until told to move.
type Manual struct {
	mu      sync.Mutex
	now     time.Time
	waiting []waiter
}

type waiter struct {
	at time.Time
	ch chan time.Time
}

// NewManual returns a clock that stands at t.
func NewManual(t time.Time) *Manual { return &Manual{now: t} }

// Now returns the instant the clock stands at.
func (c *Manual) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// After delivers when the clock has been moved past d from now.
func (c *Manual) After(d time.Duration) <-chan time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	ch := make(chan time.Time, 1)
	c.waiting = append(c.waiting, waiter{at: c.now.Add(d), ch: ch})
	c.fire()
	return ch
}

// Advance moves the clock by d.
func (c *Manual) Advance(d time.Duration) { c.Set(c.Now().Add(d)) }

// Set moves the clock to t, which may lie in the past.
func (c *Manual) Set(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = t
	c.fire()
}

// Next returns how far the clock must move until somebody waiting is served;
// ok is false when nobody waits. Tests ask it instead of hoping that a
// goroutine has begun to wait.
func (c *Manual) Next() (d time.Duration, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, w := range c.waiting {
		if left := w.at.Sub(c.now); !ok || left < d {
			d, ok = left, true
		}
	}
	return d, ok
}

func (c *Manual) fire() {
	kept := c.waiting[:0]
	for _, w := range c.waiting {
		if w.at.After(c.now) {
			kept = append(kept, w)
			continue
		}
		w.ch <- c.now
	}
	c.waiting = kept
}

// Stopwatch measures real elapsed time, for benches and logs.
type Stopwatch struct{ start time.Time }

// Start returns a running stopwatch.
func Start() Stopwatch { return Stopwatch{time.Now()} }

// Elapsed returns the real time since Start.
func (s Stopwatch) Elapsed() time.Duration { return time.Since(s.start) }
