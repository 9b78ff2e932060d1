package ledger

import (
	"context"
	"strconv"
	"sync"

	"wangge/internal/grid"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/errs"
)

// Count says how many live below a place.
type Count struct {
	Households int `json:"households"`
	Persons    int `json:"persons" doc:"People living there, as counted by household"`
}

// populationAgeSeconds is how long counts of a whole area may be kept: they
// change slowly, and a district's take about a second to count.
const populationAgeSeconds = 60

// population keeps counts by path, for callers whose post covers the place.
type population struct {
	mu   sync.Mutex
	kept map[string]keptPopulation
}

// forget drops the counts after a change in this process.
func (p *population) forget() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.kept = nil
}

type keptPopulation struct {
	at     clock.Stopwatch
	counts map[string]Count
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
	key := path + ":" + strconv.Itoa(width)
	s.people.mu.Lock()
	defer s.people.mu.Unlock()
	if k, ok := s.people.kept[key]; ok && k.at.Elapsed().Seconds() < populationAgeSeconds {
		return k.counts, nil
	}
	counts, err := selectPopulation(ctx, s.db.Read(), grid.System(c.District, "count"), path, width)
	if err != nil {
		return nil, err
	}
	if s.people.kept == nil || len(s.people.kept) > 500 {
		s.people.kept = map[string]keptPopulation{}
	}
	s.people.kept[key] = keptPopulation{at: clock.Start(), counts: counts}
	return counts, nil
}
