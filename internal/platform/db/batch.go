package db

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"
	"sync/atomic"

	"wangge/internal/platform/errs"
)

// BatchOptions says how a Batcher works; zero values take the defaults.
type BatchOptions struct {
	Op       string // names the operation in errors and logs
	MaxItems int    // items in one transaction, 512
	Queue    int    // items waiting in each lane before callers are turned away, 8192
	// OwnLocks means that the batch locks the rows it changes itself, in the
	// order of their keys (SELECT … ORDER BY key plus Tx.ForUpdate): PostgreSQL
	// then runs it READ COMMITTED, which replicas with hot counters need, and
	// runs the next batch while this one commits.
	OwnLocks bool
}

// ownLockLanes is how many batches of one Batcher PostgreSQL runs side by side
// where each takes its own locks.
const ownLockLanes = 2

// Item is one value on its way through a Batcher.
type Item[T any] struct {
	// Value is what was given to Do. A pointer can carry a result back.
	Value T

	err  error
	gone atomic.Int32 // who has it: 0 queued, 1 taken by a batch, 2 withdrawn by its caller
	done chan struct{}
}

const (
	itemTaken     = 1
	itemWithdrawn = 2
)

// Fail gives this item alone the error; the rest of the batch commits. Call it
// before anything of the item was written, or undo that with Tx.Savepoint.
func (it *Item[T]) Fail(err error) { it.err = err }

// Failed reports whether the item was given an error.
func (it *Item[T]) Failed() bool { return it.err != nil }

// Batcher lets hot writes share transactions: a batch is whatever was queued
// when its turn to write came; nothing waits for company. Each item gets
// its own result, after the commit. A batch that fails is run again item by
// item, each in its own transaction, so that one bad item spoils no other.
// Items of the low lane are taken only when the other lane is empty.
type Batcher[T any] struct {
	d  *DB
	o  BatchOptions
	fn func(ctx context.Context, tx *Tx, items []*Item[T]) error

	mu     sync.Mutex
	ready  sync.Cond
	hot    []*Item[T]
	low    []*Item[T]
	coming bool // a batch waits for its turn and will take what is queued then
	closed bool
	loops  sync.WaitGroup
	stats  BatchStats
}

// BatchStats counts what a Batcher did.
type BatchStats struct {
	Items    int64 // items answered
	Batches  int64 // transactions tried for more than one item, or for one alone
	Singly   int64 // items run alone because their batch failed
	Refused  int64 // items turned away because the queue was full
	Waiting  int   // items in the queues now
	MaxBatch int   // the largest batch
}

// NewBatcher starts a batcher. fn writes the items of one batch, never none,
// and may be called again for the same items when a transaction is repeated; its
// error fails the batch. Database Close drains the batcher first.
func NewBatcher[T any](d *DB, o BatchOptions, fn func(ctx context.Context, tx *Tx, items []*Item[T]) error) *Batcher[T] {
	if o.Op == "" {
		o.Op = "db.Batch"
	}
	if o.MaxItems <= 0 {
		o.MaxItems = 512
	}
	if o.Queue <= 0 {
		o.Queue = 8192
	}
	b := &Batcher[T]{d: d, o: o, fn: fn}
	b.ready.L = &b.mu
	d.life.onClose(b.Close)
	d.batchers.Store(b, func() (string, int) { return o.Op, b.Stats().Waiting })
	lanes := 1
	if o.OwnLocks && d.engine == Postgres {
		lanes = ownLockLanes
	}
	for range lanes {
		b.loops.Go(b.loop)
	}
	return b
}

// Do queues the value and returns its result after its batch has committed. If
// ctx ends while it is still queued it is withdrawn; once a batch has taken it,
// Do waits for the outcome. A full queue is TooMany "db.queue_full".
func (b *Batcher[T]) Do(ctx context.Context, v T) error { return b.do(ctx, v, false) }

// DoLow is Do in the low lane.
func (b *Batcher[T]) DoLow(ctx context.Context, v T) error { return b.do(ctx, v, true) }

func (b *Batcher[T]) do(ctx context.Context, v T, low bool) error {
	it := newItem(v)
	if err := b.queue(low, it); err != nil {
		return err
	}
	return b.wait(ctx, it)
}

// DoMany is Do for several values, which are queued together. It returns the
// result of each, in their order.
func (b *Batcher[T]) DoMany(ctx context.Context, values []T) []error {
	items := make([]*Item[T], len(values))
	for i, v := range values {
		items[i] = newItem(v)
	}
	out := make([]error, len(values))
	if err := b.queue(false, items...); err != nil {
		for i := range out {
			out[i] = err
		}
		return out
	}
	for i, it := range items {
		out[i] = b.wait(ctx, it)
	}
	return out
}

func newItem[T any](v T) *Item[T] { return &Item[T]{Value: v, done: make(chan struct{})} }

// wait returns the result of an item that is queued.
func (b *Batcher[T]) wait(ctx context.Context, it *Item[T]) error {
	select {
	case <-it.done:
		return it.err
	case <-ctx.Done():
	}
	if it.gone.CompareAndSwap(0, itemWithdrawn) {
		return Fault(b.o.Op, ctx.Err())
	}
	<-it.done
	return it.err
}

// queue takes all of the items or, where they do not fit, none.
func (b *Batcher[T]) queue(low bool, items ...*Item[T]) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return errs.E(b.o.Op, errs.Unavailable, "db.closing")
	}
	lane := &b.hot
	if low {
		lane = &b.low
	}
	if len(*lane)+len(items) > b.o.Queue {
		b.stats.Refused += int64(len(items))
		return errs.E(b.o.Op, errs.TooMany, "db.queue_full")
	}
	*lane = append(*lane, items...)
	b.ready.Signal()
	return nil
}

// Stats returns the counts so far.
func (b *Batcher[T]) Stats() BatchStats {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := b.stats
	s.Waiting = len(b.hot) + len(b.low)
	return s
}

// Close takes no more items and returns when all that were queued are answered.
func (b *Batcher[T]) Close() {
	b.mu.Lock()
	b.closed = true
	b.ready.Broadcast()
	b.mu.Unlock()
	b.d.batchers.Delete(b)
	b.loops.Wait()
}

func (b *Batcher[T]) loop() {
	for {
		low, ok := b.next()
		if !ok {
			return
		}
		b.write(low)
	}
}

// next waits for items and tells their lane; ok is false when the batcher is
// closed and empty.
func (b *Batcher[T]) next() (low, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for b.coming || len(b.hot) == 0 && len(b.low) == 0 {
		if b.closed && !b.coming {
			return false, false
		}
		b.ready.Wait()
	}
	b.coming = true
	return len(b.hot) == 0, true
}

// take takes at most a batch of one lane. It is called when it is the batch's
// turn to write: who came while it waited goes with it, and need not wait for
// the next turn.
func (b *Batcher[T]) take() []*Item[T] {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.coming = false
	defer b.ready.Broadcast()
	lane := &b.hot
	if len(b.hot) == 0 {
		lane = &b.low
	}
	n := min(len(*lane), b.o.MaxItems)
	items := make([]*Item[T], 0, n)
	for _, it := range (*lane)[:n] {
		if it.gone.CompareAndSwap(0, itemTaken) {
			items = append(items, it)
		}
	}
	if n == len(*lane) {
		clear(*lane)
		*lane = (*lane)[:0]
	} else {
		*lane = append((*lane)[:0:0], (*lane)[n:]...)
	}
	return items
}

// write runs a batch and answers its items.
func (b *Batcher[T]) write(low bool) {
	var items []*Item[T]
	err := b.try(low, func() []*Item[T] {
		if items == nil {
			items = b.take()
		}
		return items
	})
	if items == nil { // it never came to write: those who wait are told why
		items = b.take()
	}
	alone := err != nil && len(items) > 1 && !errs.Is(err, errs.Unavailable)
	b.count(len(items), alone)
	switch {
	case alone:
		b.d.log.Warn("batch failed, its items run one by one", "op", b.o.Op, "items", len(items), "error", err)
		for _, it := range items {
			if err := b.try(low, func() []*Item[T] { return []*Item[T]{it} }); err != nil && it.err == nil {
				it.err = err
			}
			close(it.done)
		}
	default:
		for _, it := range items {
			if err != nil && it.err == nil { // what fails on its own keeps its reason
				it.err = err
			}
			close(it.done)
		}
	}
}

func (b *Batcher[T]) count(n int, alone bool) {
	if n == 0 {
		return
	}
	if o := b.d.observed(); o.Batched != nil {
		o.Batched(b.o.Op, n)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.stats.Items += int64(n)
	b.stats.Batches++
	b.stats.MaxBatch = max(b.stats.MaxBatch, n)
	if alone {
		b.stats.Singly += int64(n)
	}
}

// try runs the items in one transaction. A panic becomes an error of the batch:
// it must not end the process for the thousands who share it.
func (b *Batcher[T]) try(low bool, take func() []*Item[T]) (err error) {
	defer func() {
		if p := recover(); p != nil {
			b.d.log.Error("panic in a batch", "op", b.o.Op, "panic", p, "stack", string(debug.Stack()))
			err = errs.Wrap(b.o.Op, fmt.Errorf("panic: %v", p))
		}
	}()
	ctx := context.Background()
	return b.d.run(ctx, b.o.Op, mode{low: low, relaxed: b.o.OwnLocks}, func(tx *Tx) error {
		items := take()
		for _, it := range items {
			it.err = nil
		}
		if len(items) == 0 { // all were withdrawn
			return nil
		}
		return b.fn(ctx, tx, items)
	})
}
