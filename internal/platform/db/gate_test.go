package db

import (
	"context"
	"runtime"
	"slices"
	"sync"
	"testing"
)

// TestGateLetsHotWritesPass queues low and hot writes behind a running one and
// checks the order they are let in.
func TestGateLetsHotWritesPass(t *testing.T) {
	g := newGate(1)
	ctx := context.Background()
	if err := g.enter(ctx, false); err != nil {
		t.Fatal(err)
	}
	var order []string
	var wg sync.WaitGroup
	waitFor := func(low bool, name string) {
		before := g.waiting()
		wg.Go(func() {
			if err := g.enter(ctx, low); err != nil {
				t.Error(err)
			}
			order = append(order, name) // the gate lets one in at a time
			g.leave()
		})
		for g.waiting() == before {
			runtime.Gosched()
		}
	}
	waitFor(true, "low")
	waitFor(true, "low")
	for range yieldEvery + 2 {
		waitFor(false, "hot")
	}
	g.leave()
	wg.Wait()
	want := slices.Concat(slices.Repeat([]string{"hot"}, yieldEvery), []string{"low", "hot", "hot", "low"})
	if !slices.Equal(order, want) {
		t.Errorf("let in as %v, want %v", order, want)
	}
}

func TestGateForgetsWhoGaveUp(t *testing.T) {
	g := newGate(1)
	if err := g.enter(context.Background(), false); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	gaveUp := make(chan error, 1)
	go func() { gaveUp <- g.enter(ctx, false) }()
	for g.waiting() == 0 {
		runtime.Gosched()
	}
	cancel()
	if err := <-gaveUp; err == nil || g.waiting() != 0 {
		t.Errorf("gave up with %v, %d still wait", err, g.waiting())
	}
	g.leave()
	if err := g.enter(context.Background(), true); err != nil {
		t.Error("the place was lost")
	}
}

func (g *gate) waiting() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.hot) + len(g.low)
}
