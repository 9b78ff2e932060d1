package web

import (
	"context"
	"io"
	"net/http"
	"sort"
	"sync"
	"time"

	"wangge/internal/platform/clock"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
)

// Limits of live updates.
const (
	liveGap      = time.Second      // between two events of one topic on one stream
	liveBeat     = 20 * time.Second // between signs of life on a quiet stream
	liveAge      = 15 * time.Minute // after which a stream ends and is authorised anew
	maxTopics    = 40               // on one stream
	maxTopicLen  = 80               // bytes
	maxPerPerson = 12               // streams of one account
)

// Hub tells browsers that something changed, so that they read it again. An
// event is the name of a topic and nothing else, as "round:123"; what is read
// afterwards passes the usual permission checks.
type Hub struct {
	clk    clock.Clock
	max    int
	done   chan struct{}
	mu     sync.Mutex
	closed bool
	topics map[string]map[*stream]struct{}
	owners map[id.ID]int
	count  int
}

// stream is one browser's connection: the topics that changed since they were
// last told.
type stream struct {
	topics  []string
	wake    chan struct{}
	mu      sync.Mutex
	pending map[string]struct{}
}

// NewHub returns a hub of at most max streams at once. clk is the machine's
// clock, since the gaps between events are for networks, not for the drill.
func NewHub(clk clock.Clock, max int) *Hub {
	return &Hub{clk: clk, max: max, done: make(chan struct{}),
		topics: map[string]map[*stream]struct{}{}, owners: map[id.ID]int{}}
}

// Publish says that the topics changed. It never waits. Call it after commit.
func (h *Hub) Publish(topics ...string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, topic := range topics {
		for s := range h.topics[topic] {
			s.mark(topic)
		}
	}
}

// PublishAll says that any topic may have changed: news may have been missed.
func (h *Hub) PublishAll() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for topic, streams := range h.topics {
		for s := range streams {
			s.mark(topic)
		}
	}
}

func (s *stream) mark(topic string) {
	s.mu.Lock()
	s.pending[topic] = struct{}{}
	s.mu.Unlock()
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// Streams returns how many browsers listen now.
func (h *Hub) Streams() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.count
}

// Close ends every stream and refuses new ones. It may be called twice.
func (h *Hub) Close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.closed {
		h.closed = true
		close(h.done)
	}
}

// Handler serves GET /live?topic=a&topic=b as an event stream; register it
// with the option Stream. Topics that allow refuses are left out; a stream
// without any is denied. nil allows every topic.
func (h *Hub) Handler(allow func(ctx context.Context, topic string) bool) Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		topics := allowedTopics(r, allow)
		if len(topics) == 0 {
			return errs.E("web.live", errs.Denied, "web.error.topic")
		}
		s := &stream{topics: topics, wake: make(chan struct{}, 1), pending: map[string]struct{}{}}
		account := SessionFrom(r.Context()).AccountID
		if !h.join(s, account) {
			return errs.E("web.live", errs.TooMany, "web.error.streams")
		}
		defer h.leave(s, account)
		head := w.Header()
		head.Set("Content-Type", "text/event-stream; charset=utf-8")
		head.Set("Cache-Control", "no-store")
		head.Set("X-Accel-Buffering", "no")
		w.WriteHeader(http.StatusOK)
		h.run(w, r, s)
		return nil
	}
}

func allowedTopics(r *http.Request, allow func(context.Context, string) bool) []string {
	seen := map[string]bool{}
	var out []string
	for _, t := range r.URL.Query()["topic"] {
		if t == "" || len(t) > maxTopicLen || seen[t] || len(out) == maxTopics {
			continue
		}
		seen[t] = true
		if allow == nil || allow(r.Context(), t) {
			out = append(out, t)
		}
	}
	return out
}

func (h *Hub) join(s *stream, account id.ID) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed || h.count >= h.max || account != id.Zero && h.owners[account] >= maxPerPerson {
		return false
	}
	h.count++
	h.owners[account]++
	for _, t := range s.topics {
		if h.topics[t] == nil {
			h.topics[t] = map[*stream]struct{}{}
		}
		h.topics[t][s] = struct{}{}
	}
	return true
}

func (h *Hub) leave(s *stream, account id.ID) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.count--
	if h.owners[account]--; h.owners[account] == 0 {
		delete(h.owners, account)
	}
	for _, t := range s.topics {
		delete(h.topics[t], s)
		if len(h.topics[t]) == 0 {
			delete(h.topics, t)
		}
	}
}

// run writes events until the client leaves, the hub closes or the stream is
// old.
func (h *Hub) run(w http.ResponseWriter, r *http.Request, s *stream) {
	ctl := http.NewResponseController(w)
	send := func(text string) bool {
		_ = ctl.SetWriteDeadline(clock.Real().Now().Add(10 * time.Second))
		if _, err := io.WriteString(w, text); err != nil {
			return false
		}
		return ctl.Flush() == nil
	}
	if !send("retry: 3000\n: listening\n\n") {
		return
	}
	told := map[string]time.Time{}
	end, beat := h.clk.After(liveAge), h.clk.After(liveBeat)
	var later <-chan time.Time
	for {
		select {
		case <-r.Context().Done():
			return
		case <-h.done:
			return
		case <-end:
			return
		case <-beat:
			beat = h.clk.After(liveBeat)
			if !send(": beat\n\n") {
				return
			}
			continue
		case <-s.wake:
		case <-later:
		}
		due, wait := s.take(h.clk.Now(), told)
		if len(due) > 0 && !send(frames(due)) {
			return
		}
		later = nil
		if wait > 0 {
			later = h.clk.After(wait)
		}
	}
}

// take returns the changed topics that may be told now, and how long to wait
// for those that may not yet (zero: there are none).
func (s *stream) take(now time.Time, told map[string]time.Time) (due []string, wait time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for topic := range s.pending {
		rest := liveGap - now.Sub(told[topic])
		if last, ok := told[topic]; ok && rest > 0 && !now.Before(last) {
			if wait == 0 || rest < wait {
				wait = rest
			}
			continue
		}
		told[topic] = now
		delete(s.pending, topic)
		due = append(due, topic)
	}
	sort.Strings(due)
	return due, wait
}

func frames(topics []string) string {
	out := ""
	for _, t := range topics {
		out += "data: " + t + "\n\n"
	}
	return out
}
