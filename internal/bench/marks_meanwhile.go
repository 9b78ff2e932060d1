package bench

import (
	"context"
	"errors"
	"sync"
	"time"

	"wangge/internal/platform/clock"
	"wangge/internal/platform/id"
	"wangge/internal/round"
)

// meanwhilePause is how long each of the callers that mark beside other work
// waits between two marks.
const meanwhilePause = 20 * time.Millisecond

// marksMeanwhile marks doors of an open round, again and again, while do runs,
// and tells how long the marks took.
func (w *world) marksMeanwhile(ctx context.Context, name string, rid id.ID, do func() error) error {
	v, err := w.Rounds.Round(ctx, w.sys, rid)
	if err != nil {
		return err
	}
	list, _, err := w.clients(ctx, v.OccurrenceID, writers)
	if err != nil {
		return err
	}
	stop := make(chan struct{})
	var wg sync.WaitGroup
	times := make([][]time.Duration, len(list))
	faults := make([]error, len(list))
	for i := range list {
		wg.Go(func() { times[i], faults[i] = w.markUntil(ctx, stop, rid, &list[i]) })
	}
	err = do()
	close(stop)
	wg.Wait()
	if err = errors.Join(append(faults, err)...); err != nil {
		return err
	}
	var all []time.Duration
	for _, t := range times {
		all = append(all, t...)
	}
	return w.emit(Figure{Name: name, Engine: w.engine(), Size: len(all), Value: percentile(all, 0.99), Unit: "ms",
		P50: percentile(all, 0.5), P99: percentile(all, 0.99), Correct: len(all) > 0})
}

// markUntil marks until it is told to stop, once at least.
func (w *world) markUntil(ctx context.Context, stop <-chan struct{}, rid id.ID, c *client) (times []time.Duration, err error) {
	for n := 0; ; n++ {
		sw := clock.Start()
		in := round.MarkInput{RoundID: rid, ObjectID: c.objects[n%len(c.objects)], Result: "answered", Answers: screeningAnswers}
		for _, out := range w.Rounds.MarkMany(ctx, c.caller, []round.MarkInput{in}) {
			if out.Err != nil {
				return times, out.Err
			}
		}
		times = append(times, sw.Elapsed())
		select {
		case <-stop:
			return times, nil
		case <-clock.Real().After(meanwhilePause):
		}
	}
}
