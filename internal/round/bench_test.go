package round

import (
	"sync"
	"testing"

	"wangge/internal/platform/clock"
	"wangge/internal/platform/db"
	"wangge/internal/platform/db/dbtest"
)

// BenchmarkMarks measures marks through the batcher from 64 callers, and a bare
// insert of the same row in a transaction of its own as the baseline.
func BenchmarkMarks(b *testing.B) {
	w := newWorld(b, dbtest.One(b), 20, 4, 25)
	w.emergency()
	r := w.opened(Doors, streetPath, Filter{}, w.form().ID)
	b.Run("batcher", func(b *testing.B) {
		start := clock.Start()
		var wg sync.WaitGroup
		next := make(chan int)
		for range 64 {
			wg.Go(func() {
				for i := range next {
					if _, err := w.s.Mark(w.ctx, sys, MarkInput{RoundID: r.ID, ObjectID: w.doors[i%len(w.doors)], Result: "normal"}); err != nil {
						b.Error(err)
					}
				}
			})
		}
		for i := range b.N {
			next <- i
		}
		close(next)
		wg.Wait()
		b.ReportMetric(float64(b.N)/start.Elapsed().Seconds(), "marks/s")
	})
	b.Run("many", func(b *testing.B) {
		start := clock.Start()
		n := 0
		for n < b.N {
			var ins []MarkInput
			for range 1000 {
				ins = append(ins, MarkInput{RoundID: r.ID, ObjectID: w.doors[n%len(w.doors)], Result: "normal"})
				n++
			}
			w.s.MarkMany(w.ctx, sys, ins)
		}
		b.ReportMetric(float64(n)/start.Elapsed().Seconds(), "marks/s")
	})
	b.Run("bare", func(b *testing.B) {
		start := clock.Start()
		for range b.N {
			m, err := w.s.ownMark(r, w.doors[0], "normal", "", AtDoor, 1, 1)
			w.ok(err)
			w.write(func(tx *db.Tx) error { return insertMarks(w.ctx, tx, district, []*markRow{m}) })
		}
		b.ReportMetric(float64(b.N)/start.Elapsed().Seconds(), "inserts/s")
	})
}
