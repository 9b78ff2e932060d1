package web

import (
	"cmp"
	"net"
	"net/http"
	"sync"
	"time"
)

// Guard bounds what people without a log-in may try on public pages, as codes
// that are none: of one address, and of all together. It counts in memory, in
// each process. The zero value has the limits of codes.
type Guard struct {
	PerAddress int // tries of one address within GuardWindow; 0: guardAddress
	All        int // of all together; 0: guardAll
	mu         sync.Mutex
	since      time.Time
	tries      map[string]int
	all        int
}

// Limits of tries within GuardWindow.
const (
	GuardWindow  = 10 * time.Minute
	guardAddress = 20
	guardAll     = 2000
)

// Take counts a try at an instant, before it is made, so that parallel ones
// cannot slip past the limit; false: there were too many. A try that was right
// is given back.
func (g *Guard) Take(address string, now time.Time) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if now.Sub(g.since) >= GuardWindow {
		g.since, g.tries, g.all = now, map[string]int{}, 0
	}
	if g.tries[address] >= cmp.Or(g.PerAddress, guardAddress) || g.all >= cmp.Or(g.All, guardAll) {
		return false
	}
	g.tries[address]++
	g.all++
	return true
}

// GiveBack takes back a try that was right.
func (g *Guard) GiveBack(address string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.tries[address] > 0 { // the window may have ended meanwhile
		g.tries[address]--
		g.all--
	}
}

// Remote is the address a request comes from; behind a trusted proxy, the one
// the proxy heard it from.
func Remote(r *http.Request) string { return Host(r.RemoteAddr) }

// Host is an address without its port.
func Host(address string) string {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return address
	}
	return host
}
