package db

import (
	"context"
	"sync"
)

// hub passes topics to the listeners of this process. A slow listener delays
// nobody: what it has not received yet is kept once for each topic.
type hub struct {
	mu     sync.Mutex
	subs   map[*subscriber]struct{}
	closed bool
}

type subscriber struct {
	mu      sync.Mutex
	pending []string
	has     map[string]struct{}
	wake    chan struct{}
	cancel  context.CancelFunc
}

func newHub() *hub { return &hub{subs: map[*subscriber]struct{}{}} }

// subscribe returns a channel that is closed when ctx ends or the hub closes.
func (h *hub) subscribe(ctx context.Context) <-chan string {
	out := make(chan string)
	ctx, cancel := context.WithCancel(ctx)
	s := &subscriber{has: map[string]struct{}{}, wake: make(chan struct{}, 1), cancel: cancel}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		cancel()
		close(out)
		return out
	}
	h.subs[s] = struct{}{}
	go func() {
		s.pump(ctx, out)
		cancel()
		h.mu.Lock()
		delete(h.subs, s)
		h.mu.Unlock()
		close(out)
	}()
	return out
}

// publish queues the topic for every listener.
func (h *hub) publish(topic string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for s := range h.subs {
		s.add(topic)
	}
}

func (h *hub) close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = true
	for s := range h.subs {
		s.cancel()
	}
}

func (s *subscriber) add(topic string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.has[topic]; ok {
		return
	}
	s.has[topic] = struct{}{}
	s.pending = append(s.pending, topic)
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// next returns the oldest topic waiting.
func (s *subscriber) next() (string, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.pending) == 0 {
		return "", false
	}
	topic := s.pending[0]
	s.pending = s.pending[1:]
	delete(s.has, topic)
	return topic, true
}

func (s *subscriber) pump(ctx context.Context, out chan<- string) {
	for {
		topic, ok := s.next()
		if !ok {
			select {
			case <-s.wake:
				continue
			case <-ctx.Done():
				return
			}
		}
		select {
		case out <- topic:
		case <-ctx.Done():
			return
		}
	}
}
