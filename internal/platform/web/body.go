package web

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"sync"
)

// smallBody is the longest body that is read before its request takes a place.
const smallBody = 64 << 10

// awaitBody reads a small body to its end, so that a slow line holds nobody's
// place. How it failed is told to whoever reads it.
func (a *App) awaitBody(w http.ResponseWriter, r *http.Request, rt route) {
	ctl := http.NewResponseController(w)
	_ = ctl.SetReadDeadline(a.opt.Clock.Now().Add(rt.timeout)) // writers of tests have none; the handler sets its own
	raw, err := io.ReadAll(r.Body)
	var rest io.Reader = bytes.NewReader(raw)
	if err != nil {
		rest = io.MultiReader(rest, failing{err})
	}
	r.Body = struct {
		io.Reader
		io.Closer
	}{rest, r.Body}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// place is what a request holds of its class.
type place struct {
	gate  *gate
	class Class
	mu    sync.Mutex
	held  bool
}

// leave gives the place back, if it is held.
func (p *place) leave() {
	p.mu.Lock()
	held := p.held
	p.held = false
	p.mu.Unlock()
	if held {
		p.gate.leave(p.class)
	}
}

// resume takes a place again, before those who wait for their first.
func (p *place) resume(ctx context.Context) error {
	if !p.gate.resume(ctx, p.class) {
		return ctx.Err()
	}
	p.mu.Lock()
	p.held = true
	p.mu.Unlock()
	return nil
}

// arriving is a body that is long or of unknown length: while it arrives, its
// request holds no place.
type arriving struct {
	io.ReadCloser
	ctx         context.Context
	place       *place
	began, done bool
}

// Read reads on; with the end of the body the request takes its place again.
func (b *arriving) Read(p []byte) (int, error) {
	if !b.began {
		b.began = true
		b.place.leave()
	}
	n, err := b.ReadCloser.Read(p)
	if err == nil || b.done {
		return n, err
	}
	b.done = true
	if fault := b.place.resume(b.ctx); fault != nil {
		return n, fault
	}
	return n, err
}
