package ledger

import (
	"context"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"wangge/internal/grid"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/errs"
)

// Count says how many live below a place.
type Count struct {
	Households int `json:"households"`
	Persons    int `json:"persons" doc:"People living there, as counted by household"`
}

// Counts of a whole area are kept for a minute. Those that are quick to count
// are counted again when they are older or somebody moved; slow ones (a
// district's take seconds) are shown as they are while they are counted anew.
const (
	populationAge   = time.Minute
	populationQuick = 200 * time.Millisecond
)

// population keeps counts by path, for callers whose post covers the place.
type population struct {
	mu   sync.Mutex
	kept map[string]*keptPopulation
}

// keptPopulation is one count; its own lock lets one asker count for all.
type keptPopulation struct {
	mu      sync.Mutex
	at      clock.Stopwatch
	took    time.Duration
	stale   atomic.Bool // somebody came or went since
	running atomic.Bool
	counts  map[string]Count
}

// forget has everything counted anew after a change in this process.
func (p *population) forget() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, k := range p.kept {
		k.stale.Store(true)
	}
}

// maxPopulations bounds the counts kept.
const maxPopulations = 500

func (p *population) of(key string) *keptPopulation {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.kept == nil || len(p.kept) > maxPopulations {
		p.kept = map[string]*keptPopulation{}
	}
	if p.kept[key] == nil {
		p.kept[key] = &keptPopulation{}
	}
	return p.kept[key]
}

// Population returns the counts below each of the paths, which are children of
// the place at path, as far as the caller's posts reach.
func (s *Service) Population(ctx context.Context, c grid.Caller, path string, children []string) ([]Count, error) {
	const op = "ledger.Population"
	if err := c.Require(op, grid.PlaceRead); err != nil {
		return nil, err
	}
	out := make([]Count, len(children))
	byWidth := map[int]map[string]Count{}
	for i, child := range children {
		w := len(child)
		if byWidth[w] == nil {
			counts, err := s.populationAt(ctx, c, path, w)
			if err != nil {
				return nil, errs.Wrap(op, err)
			}
			byWidth[w] = counts
		}
		out[i] = byWidth[w][child]
	}
	return out, nil
}

// populationAt counts below path by the first width bytes of the doors' paths.
func (s *Service) populationAt(ctx context.Context, c grid.Caller, path string, width int) (map[string]Count, error) {
	if !c.CanPlace(grid.PlaceRead, path) {
		return selectPopulation(ctx, s.db.Read(), c, path, width)
	}
	k := s.people.of(path + ":" + strconv.Itoa(width))
	k.mu.Lock()
	counts, old := k.counts, k.stale.Load() || k.at.Elapsed() > populationAge
	switch {
	case counts != nil && !old:
		k.mu.Unlock()
		return counts, nil
	case counts != nil && k.took > populationQuick:
		k.mu.Unlock()
		if k.running.CompareAndSwap(false, true) {
			go s.recount(k, c.District, path, width)
		}
		return counts, nil
	}
	defer k.mu.Unlock()
	return s.count(ctx, k, c.District, path, width)
}

// recount counts in the background; when it fails the next asker tries again.
func (s *Service) recount(k *keptPopulation, district int, path string, width int) {
	defer k.running.Store(false)
	k.stale.Store(false)
	fresh := &keptPopulation{}
	if _, err := s.count(context.Background(), fresh, district, path, width); err != nil {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.at, k.took, k.counts = fresh.at, fresh.took, fresh.counts
}

// count fills k; the caller holds its lock, or k is nobody else's.
func (s *Service) count(ctx context.Context, k *keptPopulation, district int, path string, width int) (map[string]Count, error) {
	k.stale.Store(false)
	began := clock.Start()
	counts, err := selectPopulation(ctx, s.db.Read(), grid.System(district, "count"), path, width)
	if err != nil {
		return nil, err
	}
	k.at, k.took, k.counts = clock.Start(), began.Elapsed(), counts
	return counts, nil
}
