package db_test

import (
	"runtime"
	"sync"
	"testing"

	"wangge/internal/platform/db"
)

// Who marks a door while others hold the database goes together with whoever
// came before, in one turn.
func TestBatcherTakesWhoCameWhileItWaited(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		b := db.NewBatcher(d, db.BatchOptions{}, insertItems)
		const others = 16 // more than may write at once
		let := make(chan struct{})
		var wg sync.WaitGroup
		for range others {
			wg.Go(func() {
				if err := d.Write(ctx, "test.other", func(*db.Tx) error { <-let; return nil }); err != nil {
					t.Error(err)
				}
			})
		}
		waitFor(func() bool { l := d.Load(); return l.Writing+l.WaitingHot == others })
		first := queue(b, 1)
		waitFor(func() bool { l := d.Load(); return l.Writing+l.WaitingHot == others+1 })
		second := queue(b, 2, 3)
		close(let)
		wg.Wait()
		if first()[1] != nil || second()[2] != nil || second()[3] != nil {
			t.Error(first(), second())
		}
		if s := b.Stats(); s.Batches != 1 || s.MaxBatch != 3 || s.Items != 3 {
			t.Errorf("%+v", s)
		}
	})
}

func waitFor(done func() bool) {
	for !done() {
		runtime.Gosched()
	}
}

// Long work takes little while somebody else writes.
func TestPace(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		p := d.NewPace(10, 1000)
		if n := p.Next(); n != 1000 {
			t.Errorf("%d while nobody writes", n)
		}
		if err := d.WriteLow(ctx, "test.piece", func(tx *db.Tx) error { return insert(tx, 1) }); err != nil {
			t.Fatal(err)
		}
		if n := p.Next(); n != 1000 {
			t.Errorf("%d after a piece of its own", n)
		}
		write(t, d, func(tx *db.Tx) error { return insert(tx, 2) })
		if a, b := p.Next(), p.Next(); a != 10 || b != 10 {
			t.Errorf("%d and %d right after somebody wrote", a, b)
		}
	})
}
