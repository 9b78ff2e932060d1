package incoming

import (
	"sync"
	"time"

	"wangge/internal/platform/errs"
)

// gate bounds what people without a log-in may send: from one address, and from
// all together, within a window.
type gate struct {
	mu    sync.Mutex
	since time.Time
	from  map[string]int
	all   int
}

// Bounds of a gate. A household, or an office, sends from one address.
const (
	gateWindow  = 10 * time.Minute
	gateAddress = 20
	gateAll     = 3000
)

// pass counts one request from an address. TooMany when there were too many.
func (g *gate) pass(address string, now time.Time) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.from == nil || now.Sub(g.since) >= gateWindow {
		g.since, g.from, g.all = now, map[string]int{}, 0
	}
	if g.from[address] >= gateAddress || g.all >= gateAll {
		left := gateWindow - now.Sub(g.since)
		return errs.After(errs.E("incoming.gate", errs.TooMany, "incoming.too_many", int(left/time.Minute)+1), left)
	}
	g.from[address]++
	g.all++
	return nil
}
