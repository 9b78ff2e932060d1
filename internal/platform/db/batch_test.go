package db_test

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"sync"
	"testing"

	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
)

// insertItems writes a row for each item; negative ids fail that item alone,
// 666 fails the statement, 777 panics.
func insertItems(ctx context.Context, tx *db.Tx, items []*db.Item[int64]) error {
	for _, it := range items {
		switch {
		case it.Value < 0:
			it.Fail(errs.E("test", errs.Invalid, "test.negative"))
			continue
		case it.Value == 666:
			_, err := tx.ExecContext(ctx, "INSERT INTO thing (district, id, name) VALUES ($1, 1, NULL)", district)
			return err
		case it.Value == 777:
			panic("seven")
		}
		if err := insert(tx, it.Value); err != nil {
			return err
		}
	}
	return nil
}

// hold returns a batcher whose first batch waits until let is closed, so that
// what is queued meanwhile becomes one batch.
func hold(d *db.DB, o db.BatchOptions) (b *db.Batcher[int64], held, let chan struct{}) {
	held, let = make(chan struct{}), make(chan struct{})
	var once sync.Once
	b = db.NewBatcher(d, o, func(ctx context.Context, tx *db.Tx, items []*db.Item[int64]) error {
		once.Do(func() {
			close(held)
			<-let
		})
		return insertItems(ctx, tx, items)
	})
	return b, held, let
}

// queue sends the values through Do at once and waits until all are queued.
func queue(b *db.Batcher[int64], values ...int64) (results func() map[int64]error) {
	var mu sync.Mutex
	var wg sync.WaitGroup
	got := map[int64]error{}
	before := b.Stats().Waiting
	for _, v := range values {
		wg.Go(func() {
			err := b.Do(ctx, v)
			mu.Lock()
			defer mu.Unlock()
			got[v] = err
		})
	}
	for b.Stats().Waiting < before+len(values) {
		runtime.Gosched()
	}
	return func() map[int64]error { wg.Wait(); return got }
}

func TestBatcherGivesEachItemItsResult(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		b, held, let := hold(d, db.BatchOptions{Op: "test.batch"})
		first := make(chan error, 1)
		go func() { first <- b.Do(ctx, 1) }()
		<-held
		good := queue(b, 10, 11, -5, 12)
		close(let)
		if err := <-first; err != nil {
			t.Fatal(err)
		}
		for v, err := range good() {
			if (v < 0) != errs.Is(err, errs.Invalid) || (v > 0 && err != nil) {
				t.Errorf("item %d: %v", v, err)
			}
		}
		s := b.Stats()
		if s.Batches != 2 || s.MaxBatch != 4 || s.Singly != 0 {
			t.Errorf("four items queued behind one made %+v", s)
		}
		if n := count(t, d, "SELECT count(*) FROM thing"); n != 4 {
			t.Errorf("%d rows, want 4", n)
		}
	})
}

func TestBatcherTakesManyTogether(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		b, held, let := hold(d, db.BatchOptions{Queue: 4})
		first := make(chan error, 1)
		go func() { first <- b.Do(ctx, 1) }()
		<-held
		for _, err := range b.DoMany(ctx, []int64{50, 51, 52, 53, 54}) {
			if !errs.Is(err, errs.TooMany) {
				t.Errorf("five in a queue for four: %v", err)
			}
		}
		close(let)
		if err := <-first; err != nil {
			t.Fatal(err)
		}
		got := b.DoMany(ctx, []int64{60, -6, 61})
		if len(got) != 3 || got[0] != nil || !errs.Is(got[1], errs.Invalid) || got[2] != nil {
			t.Errorf("results %v", got)
		}
		if got := b.DoMany(ctx, nil); len(got) != 0 {
			t.Errorf("nothing gives %v", got)
		}
		if s := b.Stats(); s.Refused != 5 || s.MaxBatch != 3 {
			t.Errorf("%+v", s)
		}
		if n := count(t, d, "SELECT sum(id) FROM thing"); n != 1+60+61 {
			t.Errorf("sum of ids %d", n)
		}
	})
}

func TestBatcherRunsTheItemsOfAFailedBatchAlone(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		b, held, let := hold(d, db.BatchOptions{})
		first := make(chan error, 1)
		go func() { first <- b.Do(ctx, 1) }()
		<-held
		results := queue(b, 20, 666, 21, 1, 777, 22, -1)
		close(let)
		<-first
		for v, err := range results() {
			switch v {
			case 20, 21, 22:
				if err != nil {
					t.Errorf("good item %d: %v", v, err)
				}
			case 1:
				if !db.IsDuplicate(err) {
					t.Errorf("the duplicate: %v", err)
				}
			case 777:
				if !errs.Is(err, errs.Internal) || !strings.Contains(err.Error(), "seven") {
					t.Errorf("the panic: %v", err)
				}
			default:
				if err == nil {
					t.Errorf("bad item %d has no error", v)
				}
			}
		}
		if n := count(t, d, "SELECT sum(id) FROM thing"); n != 1+20+21+22 {
			t.Errorf("sum of ids %d", n)
		}
	})
}

func TestBatcherBoundsItsQueueAndLanes(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		b, held, let := hold(d, db.BatchOptions{Queue: 2, MaxItems: 1})
		go func() { _ = b.Do(ctx, 1) }()
		<-held
		var order []int64
		var mu sync.Mutex
		var wg sync.WaitGroup
		low := func(v int64) {
			wg.Go(func() {
				if err := b.DoLow(ctx, v); err != nil {
					t.Error(err)
				}
				mu.Lock()
				defer mu.Unlock()
				order = append(order, v)
			})
		}
		low(50)
		for b.Stats().Waiting < 1 {
			runtime.Gosched()
		}
		hot := queue(b, 30, 31)
		if err := b.Do(ctx, 32); !errs.Is(err, errs.TooMany) {
			t.Errorf("a full queue says %v", err)
		}
		gone, cancel := context.WithCancel(ctx)
		low51 := make(chan error, 1)
		go func() { low51 <- b.DoLow(gone, 51) }()
		for b.Stats().Waiting < 4 {
			runtime.Gosched()
		}
		cancel()
		if err := <-low51; !errs.Is(err, errs.Unavailable) {
			t.Errorf("a withdrawn item: %v", err)
		}
		close(let)
		for v, err := range hot() {
			if err != nil {
				t.Errorf("%d: %v", v, err)
			}
		}
		wg.Wait()
		if n := count(t, d, "SELECT count(*) FROM thing WHERE id IN (32, 51)"); n != 0 {
			t.Error("a refused or withdrawn item was written")
		}
	})
}

func TestBatcherDrainsOnClose(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		b, held, let := hold(d, db.BatchOptions{MaxItems: 2})
		first := make(chan error, 1)
		go func() { first <- b.Do(ctx, 1) }()
		<-held
		results := queue(b, 40, 41, 42, 43, 44)
		closed := make(chan error, 1)
		go func() { closed <- d.Close() }()
		for b.Do(cancelled(), -1) == nil || !refuses(b) {
		}
		close(let)
		if err := errors.Join(<-first, <-closed); err != nil {
			t.Fatal(err)
		}
		for v, err := range results() {
			if err != nil {
				t.Errorf("accepted item %d was lost: %v", v, err)
			}
		}
	})
}

func refuses(b *db.Batcher[int64]) bool {
	err := b.Do(cancelled(), -1)
	return err != nil && errs.As(err).Key == "db.closing"
}
