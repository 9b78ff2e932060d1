package db

import (
	"sync"

	"wangge/internal/platform/errs"
)

// lifecycle counts the running writes and closes the door for new ones.
type lifecycle struct {
	mu      sync.Mutex
	running int
	closing bool
	closed  bool
	idle    chan struct{} // closed when closing and nothing runs any more
	drains  []func()
}

// enter registers a write; it is refused once closing began.
func (l *lifecycle) enter(op string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closing {
		return errs.E(op, errs.Unavailable, "db.closing")
	}
	l.running++
	return nil
}

// leave ends a write that entered.
func (l *lifecycle) leave() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.running--
	if l.closing && l.running == 0 {
		close(l.idle)
	}
}

// onClose registers what must finish before writes are refused.
func (l *lifecycle) onClose(fn func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.drains = append(l.drains, fn)
}

// drain returns what must finish first, each function once.
func (l *lifecycle) drain() []func() {
	l.mu.Lock()
	defer l.mu.Unlock()
	fns := l.drains
	l.drains = nil
	return fns
}

// shut refuses new writes and waits for the running ones. It reports whether
// this call is the one that closes.
func (l *lifecycle) shut() bool {
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		return false
	}
	l.closing, l.closed = true, true
	l.idle = make(chan struct{})
	if l.running == 0 {
		close(l.idle)
	}
	l.mu.Unlock()
	<-l.idle
	return true
}
