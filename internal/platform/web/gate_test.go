package web

import (
	"context"
	"runtime"
	"testing"
	"time"

	"wangge/internal/platform/clock"
)

var small = map[Class]Limits{
	Urgent: {Running: 2, Waiting: 4, Patience: 1000 * time.Hour},
	Work:   {Running: 2, Waiting: 4, Patience: 1000 * time.Hour},
	Read:   {Running: 1, Waiting: 2, Patience: time.Second},
	Heavy:  {Running: 1, Waiting: 1, Patience: time.Second},
}

func newTestGate() (*gate, *clock.Manual) {
	clk := clock.NewManual(time.Date(2022, 3, 14, 12, 0, 0, 0, clock.CST))
	return newGate(small, clk), clk
}

// asks has a request of class c wait at g, and returns what becomes of it.
func asks(t *testing.T, g *gate, ctx context.Context, c Class) <-chan bool {
	t.Helper()
	g.mu.Lock()
	before := len(g.waiting[c])
	g.mu.Unlock()
	out := make(chan bool, 1)
	go func() { out <- g.enter(ctx, c) }()
	for {
		g.mu.Lock()
		n := len(g.waiting[c])
		g.mu.Unlock()
		if n > before {
			return out
		}
		runtime.Gosched()
	}
}

func waits(out <-chan bool) bool {
	select {
	case <-out:
		return false
	default:
		return true
	}
}

func TestTheImportantGoFirst(t *testing.T) {
	g, _ := newTestGate()
	ctx := t.Context()
	for _, c := range []Class{Work, Work, Read, Heavy} {
		if !g.enter(ctx, c) {
			t.Fatalf("%v is refused though there is room", c)
		}
	}
	bulk, page, mark := asks(t, g, ctx, Heavy), asks(t, g, ctx, Read), asks(t, g, ctx, Work)
	if !g.enter(ctx, Urgent) {
		t.Error("an urgent request waits for others")
	}
	g.leave(Heavy)
	g.leave(Read)
	if !waits(bulk) || !waits(page) {
		t.Error("pages begin while a mark waits")
	}
	g.leave(Work)
	if !<-mark || !<-page || !<-bulk {
		t.Error("refused with room for all")
	}
}

func TestTheLeastImportantAreRefusedFirst(t *testing.T) {
	g, clk := newTestGate()
	ctx := t.Context()
	for _, c := range []Class{Work, Work, Read, Heavy} {
		g.enter(ctx, c)
	}
	bulk := asks(t, g, ctx, Heavy)
	if g.enter(ctx, Heavy) {
		t.Error("more wait than may")
	}
	mark := asks(t, g, ctx, Work)
	page := asks(t, g, ctx, Read)
	for refused := 0; refused < 2; {
		select {
		case ok := <-bulk:
			refused++
			if ok {
				t.Error("an export went before the mark")
			}
		case ok := <-page:
			refused++
			if ok {
				t.Error("a page went before the mark")
			}
		default:
			clk.Advance(time.Second)
			runtime.Gosched()
		}
	}
	if !waits(mark) {
		t.Error("the mark was refused with them")
	}
	g.leave(Work)
	if !<-mark {
		t.Error("the mark is refused")
	}
	if g.refused[Heavy].Load() != 2 || g.refused[Read].Load() != 1 || g.refused[Work].Load() != 0 {
		t.Errorf("refused: %d bulk, %d pages, %d marks", g.refused[Heavy].Load(), g.refused[Read].Load(), g.refused[Work].Load())
	}
}

func TestWhoLeavesHoldsNobodyBack(t *testing.T) {
	g, _ := newTestGate()
	for range 2 {
		g.enter(t.Context(), Work)
	}
	ctx, gone := context.WithCancel(t.Context())
	mark := asks(t, g, ctx, Work)
	page := asks(t, g, t.Context(), Read)
	gone()
	if <-mark || !<-page {
		t.Error("the page waits for a mark whose sender left")
	}
	g.leave(Read)
	g.leave(Work)
	g.leave(Work)
	if g.running != [Own]int{} || !g.enter(t.Context(), Own) {
		t.Errorf("running: %v", g.running)
	}
}

func TestAdmissionAllocatesNothing(t *testing.T) {
	g := newGate(nil, clock.Real())
	ctx := t.Context()
	if n := testing.AllocsPerRun(1000, func() {
		for _, c := range ranks {
			g.enter(ctx, c)
		}
		for _, c := range ranks {
			g.leave(c)
		}
	}); n != 0 {
		t.Errorf("%v allocations for four requests", n)
	}
}

// BenchmarkAdmission is what a request pays for being admitted while there is room.
func BenchmarkAdmission(b *testing.B) {
	g := newGate(nil, clock.Real())
	ctx := b.Context()
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if g.enter(ctx, Work) {
				g.leave(Work)
			}
		}
	})
}
