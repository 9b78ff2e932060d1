package web

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

var guardStart = time.Date(2022, 10, 12, 8, 0, 0, 0, time.UTC)

func TestGuardBoundsTries(t *testing.T) {
	var g Guard
	for i := range guardAddress {
		if !g.Take("a", guardStart) {
			t.Fatalf("try %d is refused", i)
		}
	}
	if g.Take("a", guardStart.Add(GuardWindow-1)) {
		t.Error("one more is let in")
	}
	g.GiveBack("a")
	if !g.Take("a", guardStart) {
		t.Error("what was given back counts")
	}
	for i := range guardAll - guardAddress {
		if !g.Take(fmt.Sprint(i), guardStart) {
			t.Fatal("others are refused at", i)
		}
	}
	if g.Take("b", guardStart) {
		t.Error("all together are not bounded")
	}
	if !g.Take("a", guardStart.Add(GuardWindow)) {
		t.Error("the window does not end")
	}
	g.GiveBack("b") // of the window before
	if g.all != 1 {
		t.Errorf("%d count after one was given back late", g.all)
	}
}

func TestTriesAtTheSameMoment(t *testing.T) {
	var g Guard
	var let atomic.Int64
	var all sync.WaitGroup
	for i := range 10 * guardAddress {
		all.Go(func() {
			if g.Take(fmt.Sprint(i%2), guardStart) {
				let.Add(1)
			}
		})
	}
	all.Wait()
	if let.Load() != 2*guardAddress {
		t.Errorf("%d were let in", let.Load())
	}
}
