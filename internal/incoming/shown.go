package incoming

import (
	"sync"

	"wangge/internal/platform/id"
)

// shownMs is for how long a lead stays with the caller whose desk shows it: the
// call may be under way.
const shownMs = 15 * 60_000

// shown knows which leads desks show, and since when last. It is kept in memory
// only: what it guards is over in minutes.
type shown struct {
	mu sync.Mutex
	at map[id.ID]int64
}

// mark notes that a desk shows a lead, and forgets those that lie back.
func (s *shown) mark(v id.ID, now int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.at == nil {
		s.at = map[id.ID]int64{}
	}
	for x, at := range s.at {
		if now-at >= shownMs {
			delete(s.at, x)
		}
	}
	s.at[v] = now
}

// lately reports whether a desk has shown a lead so lately that somebody may be
// calling.
func (s *shown) lately(v id.ID, now int64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	at, ok := s.at[v]
	return ok && now-at < shownMs
}
