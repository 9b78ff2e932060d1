package importer

import (
	"context"
	"sync"

	"wangge/internal/ledger"
	"wangge/internal/platform/id"
)

// queue holds pieces between who reads a roster and who writes it.
type queue struct {
	ctx    context.Context
	pieces chan piece
	given  sync.WaitGroup // pieces that are yet to be written
	ended  chan struct{}
	mu     sync.Mutex
	err    error
	panic  any
}

// start begins to write what is given; cancel is called when that fails.
func (w *writer) start(ctx context.Context, cancel func()) {
	w.ctx, w.pieces, w.ended = ctx, make(chan piece, 2), make(chan struct{})
	go func() {
		defer close(w.ended)
		for p := range w.pieces {
			if w.fault() == nil {
				w.try(ctx, p)
			}
			if w.fault() != nil {
				cancel()
			}
			w.given.Done()
		}
	}()
}

// try writes a piece; a panic goes on where the writer's end is awaited.
func (w *writer) try(ctx context.Context, p piece) {
	var err error
	defer func() {
		what := recover()
		w.mu.Lock()
		defer w.mu.Unlock()
		if w.err, w.panic = err, what; what != nil {
			w.err = context.Canceled
		}
	}()
	err = w.write(ctx, p)
}

// fault is why writing stopped; nil while it goes on.
func (w *writer) fault() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.err
}

// give queues a piece to be written. It returns why an earlier one was not.
func (w *writer) give(p piece) error {
	if err := w.fault(); err != nil {
		return err
	}
	w.given.Add(1)
	w.pieces <- p
	return nil
}

// end waits until everything that was given is written.
func (w *writer) end() error {
	close(w.pieces)
	<-w.ended
	if w.panic != nil {
		panic(w.panic)
	}
	return w.err
}

// personAgain reads somebody whom an earlier piece wrote.
func (w *writer) personAgain(person id.ID) (*ledger.Person, error) {
	w.given.Wait()
	if err := w.fault(); err != nil {
		return nil, err
	}
	return w.s.Ledger.Written(w.ctx, w.c, person)
}

// homeAgain reads a household that an earlier piece wrote.
func (w *writer) homeAgain(household id.ID) (*ledger.Household, error) {
	w.given.Wait()
	if err := w.fault(); err != nil {
		return nil, err
	}
	return w.s.Ledger.WrittenHousehold(w.ctx, w.c, household)
}
