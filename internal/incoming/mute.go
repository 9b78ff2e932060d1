package incoming

import (
	"sync"

	"wangge/internal/platform/id"
)

// unreachable is the key of a receiver's system that did not answer.
const unreachable = "incoming.send.unreachable"

// mutedFor is how long nothing is tried at a receiver that could not be reached:
// not every lead on its way there waits for it by itself.
const mutedFor = 60_000

// mute keeps which receivers could not be reached just now, and until when nothing
// is tried there. The zero value knows none. It is safe for concurrent use.
type mute struct {
	mu    sync.Mutex
	until map[id.ID]int64
}

func (m *mute) add(receiver id.ID, until int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.until == nil {
		m.until = map[id.ID]int64{}
	}
	m.until[receiver] = until
}

// end lets the receiver be tried again.
func (m *mute) end(receiver id.ID) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.until, receiver)
}

func (m *mute) is(receiver id.ID, now int64) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return now < m.until[receiver]
}
