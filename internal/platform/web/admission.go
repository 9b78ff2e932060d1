package web

import (
	"context"
	"net/http"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"wangge/internal/platform/clock"
	"wangge/internal/platform/errs"
)

// Class says how important the requests of a route are when more come than can
// be answered. A more important one goes first; the least important are refused
// first, at once and in plain words, so that the others keep their speed. A route
// names its class when it is registered (As, OpAs); one that does not is Read.
type Class uint8

// The classes; Admitted gives their order. The zero value is that of a route that
// names none.
const (
	Read   Class = iota // lists, pages, live updates; what names no class
	Urgent              // emergency exits, acknowledgements of tasks: never refused for others
	Work                // marks and scans, what the field notes down
	Heavy               // exports, charts, imports: what can wait a minute
	Own                 // log-ins: takes no place; what hashes has a queue of its own
)

// ranks are the classes that are admitted, the most important first.
var ranks = [...]Class{Urgent, Work, Read, Heavy}

// Admitted are the classes that can be refused, the most important first.
func Admitted() []Class { return slices.Clone(ranks[:]) }

var classNames = [...]string{Read: "read", Urgent: "urgent", Work: "work", Heavy: "heavy", Own: "own"}

// String returns the class's name in metrics.
func (c Class) String() string { return classNames[c] }

// Limits bound the requests of one class.
type Limits struct {
	Running  int           // at once
	Waiting  int           // for a place; one more is refused at once
	Patience time.Duration // one that waited longer is refused
	Again    time.Duration // told to whoever is refused (Retry-After)
}

// DefaultLimits are those of a machine with so many cores. Pages and heavy work
// are the processor's work: more of them at once only take it from each other and
// from marks, which mostly wait for their commit.
func DefaultLimits(cores int) map[Class]Limits {
	return map[Class]Limits{
		Urgent: {Running: 1024, Waiting: 8192, Patience: 30 * time.Second, Again: time.Second},
		Work:   {Running: 512, Waiting: 4096, Patience: 10 * time.Second, Again: 2 * time.Second},
		Read:   {Running: 2 * cores, Waiting: 128 * cores, Patience: 5 * time.Second, Again: 5 * time.Second},
		Heavy:  {Running: max(1, cores/2), Waiting: 8 * cores, Patience: 3 * time.Second, Again: 30 * time.Second},
	}
}

// gate admits requests by class: one begins where its class has room and nobody
// as important or more so waits.
type gate struct {
	limits [Own]Limits
	clk    clock.Clock

	mu      sync.Mutex
	running [Own]int
	waiting [Own][]*waiter

	offered, refused [Own]atomic.Int64
}

// waiter is a request that waits for its place.
type waiter struct {
	class Class
	turn  chan struct{} // closed when it may begin
}

func newGate(limits map[Class]Limits, clk clock.Clock) *gate {
	g := &gate{clk: clk}
	for c, l := range DefaultLimits(runtime.GOMAXPROCS(0)) {
		g.limits[c] = l
	}
	for c, l := range limits {
		g.limits[c] = l
	}
	return g
}

// enter waits for a place; false: the request is refused, or its client left.
// leave gives the place back. Neither allocates while there is room.
func (g *gate) enter(ctx context.Context, c Class) bool {
	if c >= Own {
		return true
	}
	g.offered[c].Add(1)
	g.mu.Lock()
	if g.running[c] < g.limits[c].Running && !g.heldBack(c) {
		g.running[c]++
		g.mu.Unlock()
		return true
	}
	if len(g.waiting[c]) >= g.limits[c].Waiting {
		g.mu.Unlock()
		g.refused[c].Add(1)
		return false
	}
	w := &waiter{class: c, turn: make(chan struct{})}
	g.waiting[c] = append(g.waiting[c], w)
	g.mu.Unlock()
	return g.wait(ctx, w)
}

// resume waits for the place of a request that had one already: before those of
// its class who wait for their first, and for as long as its client does.
func (g *gate) resume(ctx context.Context, c Class) bool {
	g.mu.Lock()
	if g.running[c] < g.limits[c].Running && !g.heldBack(c) {
		g.running[c]++
		g.mu.Unlock()
		return true
	}
	w := &waiter{class: c, turn: make(chan struct{})}
	g.waiting[c] = slices.Insert(g.waiting[c], 0, w)
	g.mu.Unlock()
	select {
	case <-w.turn:
		return true
	case <-ctx.Done():
		return !g.withdraw(w)
	}
}

// heldBack reports whether somebody as important as c or more so waits. The
// caller holds mu.
func (g *gate) heldBack(c Class) bool {
	for _, r := range ranks {
		if len(g.waiting[r]) > 0 {
			return true
		}
		if r == c {
			break
		}
	}
	return false
}

func (g *gate) wait(ctx context.Context, w *waiter) bool {
	select {
	case <-w.turn:
		return true
	case <-ctx.Done():
	case <-g.clk.After(g.limits[w.class].Patience):
	}
	return !g.withdraw(w)
}

// withdraw takes a waiter out of its line; false: its place came at the last
// moment.
func (g *gate) withdraw(w *waiter) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	i := slices.Index(g.waiting[w.class], w)
	if i < 0 {
		return false
	}
	g.waiting[w.class] = slices.Delete(g.waiting[w.class], i, i+1)
	g.refused[w.class].Add(1)
	g.next() // whoever was held back by this one
	return true
}

// leave gives the place of a request back.
func (g *gate) leave(c Class) {
	if c >= Own {
		return
	}
	g.mu.Lock()
	g.running[c]--
	g.next()
	g.mu.Unlock()
}

// next lets those begin who may, the most important first. The caller holds mu.
func (g *gate) next() {
	for _, c := range ranks {
		for len(g.waiting[c]) > 0 {
			if g.running[c] >= g.limits[c].Running {
				return // nobody less important begins before these
			}
			w := g.waiting[c][0]
			g.waiting[c] = g.waiting[c][1:]
			g.running[c]++
			close(w.turn)
		}
	}
}

// Load is how one class stands.
type Load struct {
	Class            Class
	Running, Waiting int   // now
	Offered, Refused int64 // since the start
}

// Loads tells how every class stands, the most important first.
func (a *App) Loads() []Load {
	g := a.gate
	g.mu.Lock()
	defer g.mu.Unlock()
	out := make([]Load, len(ranks))
	for i, c := range ranks {
		out[i] = Load{c, g.running[c], len(g.waiting[c]), g.offered[c].Load(), g.refused[c].Load()}
	}
	return out
}

// admit answers r through the rest of the shell once its class has a place, or
// refuses it. A stream is admitted to begin, and holds no place afterwards; nor
// does a request hold one while its body arrives.
func (a *App) admit(w http.ResponseWriter, r *http.Request, rt route) {
	small := 0 <= r.ContentLength && r.ContentLength <= smallBody
	if small && r.ContentLength > 0 && rt.class < Own {
		a.awaitBody(w, r, rt)
	}
	if !a.gate.enter(r.Context(), rt.class) {
		a.turnAway(w, r, rt.class)
		return
	}
	p := &place{gate: a.gate, class: rt.class, held: true}
	if rt.stream {
		p.leave()
	} else {
		defer p.leave()
	}
	if !small && rt.class < Own {
		r.Body = &arriving{ReadCloser: r.Body, ctx: r.Context(), place: p}
	}
	a.inner.ServeHTTP(w, r)
}

// turnAway says that there is too much to do just now. It costs little and is
// counted, not logged as a fault: there are many.
func (a *App) turnAway(w http.ResponseWriter, r *http.Request, c Class) {
	again := a.gate.limits[c].Again
	err := errs.After(errs.E("web.admit", errs.Unavailable, "web.error.overload", int(again/time.Second)), again)
	answerProblem(w, r, ProblemOf(Lang(r.Context()), err))
}
