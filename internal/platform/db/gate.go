package db

import (
	"context"
	"sync"
)

// yieldEvery is how many hot writes may pass a waiting low one: under a steady
// load an import advances slowly instead of not at all.
const yieldEvery = 16

// gate lets at most a number of writes run at once. Those waiting go in order
// of arrival, hot ones before low ones.
type gate struct {
	mu     sync.Mutex
	places int
	free   int
	hot    []chan struct{}
	low    []chan struct{}
	passed int // hot writes let in since a low one
}

func newGate(n int) *gate { return &gate{places: n, free: n} }

// load returns how many run and how many of each kind wait.
func (g *gate) load() (running, hot, low int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.places - g.free, len(g.hot), len(g.low)
}

// enter waits for a place; it returns ctx's error if that ends first.
func (g *gate) enter(ctx context.Context, low bool) error {
	g.mu.Lock()
	if g.free > 0 {
		g.free--
		g.mu.Unlock()
		return nil
	}
	turn := make(chan struct{})
	if low {
		g.low = append(g.low, turn)
	} else {
		g.hot = append(g.hot, turn)
	}
	g.mu.Unlock()
	select {
	case <-turn:
		return nil
	case <-ctx.Done():
		if !g.withdraw(turn) {
			g.leave() // the turn came at the same moment: pass it on
		}
		return ctx.Err()
	}
}

// withdraw takes a waiting turn out; false when it had been given already.
func (g *gate) withdraw(turn chan struct{}) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, q := range []*[]chan struct{}{&g.hot, &g.low} {
		for i, c := range *q {
			if c == turn {
				*q = append((*q)[:i], (*q)[i+1:]...)
				return true
			}
		}
	}
	return false
}

// leave gives the place to the next one waiting.
func (g *gate) leave() {
	g.mu.Lock()
	defer g.mu.Unlock()
	lowTurn := len(g.low) > 0 && (len(g.hot) == 0 || g.passed >= yieldEvery)
	switch {
	case lowTurn:
		g.passed = 0
		close(g.low[0])
		g.low = g.low[1:]
	case len(g.hot) > 0:
		g.passed++
		close(g.hot[0])
		g.hot = g.hot[1:]
	default:
		g.free++
	}
}
