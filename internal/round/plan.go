package round

import (
	"context"
	"math"
	"slices"
	"strings"
	"sync"

	"wangge/internal/grid"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/id"
)

// DayPlan is what today asks of the workers of a place, and whether they are
// enough for it. It counts doors and hands, never what a worker has done.
type DayPlan struct {
	Left    int  `json:"left" doc:"Targets outstanding in the open rounds"`
	Evening int  `json:"evening" doc:"Doors to be tried again this evening"`
	Minutes int  `json:"minutes" doc:"Work for today: what is left, spread over the days until it is due"`
	Need    int  `json:"need" doc:"Hands needed for it"`
	Have    int  `json:"have" doc:"Workers on duty now: by the roster of the hour where their post has one, else in post"`
	Off     int  `json:"off" doc:"Workers in post whose roster does not have them on duty at this hour"`
	Short   int  `json:"short" doc:"Hands lacking, of communities each by itself: too few hands, not late"`
	Roster  bool `json:"roster" doc:"A roster was asked for somebody among them"`
}

func (d *DayPlan) add(o DayPlan) {
	d.Left += o.Left
	d.Minutes += o.Minutes
	d.Need += o.Need
	d.Have += o.Have
	d.Off += o.Off
	d.Roster = d.Roster || o.Roster
	d.Short += o.Short
}

// load is the work of one open round at a place.
type load struct {
	kind   TargetKind
	fields int
	left   int
	days   int // until it is due, today counted
}

// workOf returns the minutes that rounds ask of a place today. A knock is made
// once for all of them; each asks its own questions.
func workOf(list []load) int {
	knock, asking := map[TargetKind]float64{}, 0.0
	for _, l := range list {
		today := float64(l.left) / float64(max(1, l.days))
		kind := l.kind
		if kind == Households || kind == Persons { // behind the same doors
			kind = Doors
		}
		knock[kind] = max(knock[kind], today*costs.Minutes[l.kind])
		asking += today * float64(l.fields) * costs.PerField
	}
	for _, m := range knock {
		asking += m
	}
	return int(math.Ceil(asking))
}

// handsFor returns how many hands an amount of minutes needs in a day.
func handsFor(minutes int) int {
	return (minutes + costs.HandMinutes - 1) / costs.HandMinutes
}

// daysUntil counts the days until a deadline, today included; at least one.
func daysUntil(now, due int64) int {
	days := int(clock.DayStart(clock.FromMs(due)).Sub(clock.DayStart(clock.FromMs(now))).Hours()/24) + 1
	return max(1, days)
}

// hand is a worker in post, by the path of what the post is for.
type hand struct {
	path    string
	account id.ID
	role    grid.Role

	rostered bool // the post has a roster
	off      bool // which does not have the worker on duty now
}

// handsCache keeps who is in post for half a minute: the board asks each second.
type handsCache struct {
	mu   sync.Mutex
	at   map[int]clock.Stopwatch
	list map[int][]hand
}

// forget has the next asker read who is in post.
func (h *handsCache) forget() {
	h.mu.Lock()
	defer h.mu.Unlock()
	clear(h.at)
}

func (s *Service) hands(ctx context.Context, district int) ([]hand, error) {
	s.posted.mu.Lock()
	defer s.posted.mu.Unlock()
	if sw, ok := s.posted.at[district]; ok && sw.Elapsed().Seconds() < pathAgeSeconds {
		return s.posted.list[district], nil
	}
	list, err := selectHands(ctx, s.DB.Read(), district, s.now())
	if err != nil {
		return nil, err
	}
	list = slices.DeleteFunc(list, func(h hand) bool { return !h.role.Worker() || !h.role.May(grid.RoundMark) })
	slices.SortFunc(list, func(a, b hand) int { return strings.Compare(a.path, b.path) })
	if s.posted.at == nil {
		s.posted.at, s.posted.list = map[int]clock.Stopwatch{}, map[int][]hand{}
	}
	s.posted.at[district], s.posted.list[district] = clock.Start(), list
	return list, nil
}

// handsBelow counts the workers whose posts lie below a path, each once: those
// on duty now, and those whose rosters say that they are not. Who holds two
// posts is on duty if one of them says so.
// on is scratch.
func handsBelow(list []hand, path string, on map[id.ID]bool) (have, off int, roster bool) {
	lo, _ := slices.BinarySearchFunc(list, path, func(h hand, p string) int { return strings.Compare(h.path, p) })
	clear(on)
	for _, h := range list[lo:] {
		if !strings.HasPrefix(h.path, path) {
			break
		}
		on[h.account] = on[h.account] || !h.off
		roster = roster || h.rostered
	}
	for _, is := range on {
		have += bit(is)
	}
	return have, len(on) - have, roster
}

// Plans returns the plan of today for each of the paths. An area above
// communities adds up theirs: hands too few in one are not made up by another.
// Below a community only the work is told.
func (s *Service) Plans(ctx context.Context, c grid.Caller, paths []string) ([]DayPlan, error) {
	if err := c.Require("round.Plans", grid.RoundRead); err != nil {
		return nil, err
	}
	work, err := s.openWork(ctx, c)
	if err != nil {
		return nil, err
	}
	hands, err := s.hands(ctx, c.District)
	if err != nil {
		return nil, err
	}
	var communities []string
	if slices.ContainsFunc(paths, func(p string) bool { return len(p) < areaPathLen }) {
		if communities, err = s.where.communities(ctx, s.DB.Read(), c.District); err != nil {
			return nil, err
		}
	}
	out := make([]DayPlan, len(paths))
	for i, path := range paths {
		if len(path) >= areaPathLen {
			out[i] = work.plan(path, hands)
			if len(path) > areaPathLen { // a community sends its people where they are needed
				out[i] = DayPlan{Left: out[i].Left, Minutes: out[i].Minutes}
			}
			continue
		}
		lo, _ := slices.BinarySearch(communities, path)
		for _, community := range communities[lo:] {
			if !strings.HasPrefix(community, path) {
				break
			}
			out[i].add(work.plan(community, hands))
		}
	}
	return out, nil
}

// work are the open rounds with what a caller sees of their counters.
type work struct {
	now   int64
	list  []Round
	views []*view
	asks  []int // questions of each
	on    map[id.ID]bool
}

func (s *Service) openWork(ctx context.Context, c grid.Caller) (*work, error) {
	rounds, err := s.Rounds(ctx, c, ListFilter{States: []RoundState{Open}})
	if err != nil {
		return nil, err
	}
	w := &work{now: s.now(), on: map[id.ID]bool{}}
	for _, r := range rounds {
		if r.Reports() { // a report is no walk
			continue
		}
		v, err := s.viewOf(ctx, c, grid.RoundRead, r.OccurrenceID)
		if err != nil {
			return nil, err
		}
		info, err := s.info(ctx, c.District, r.ID)
		if err != nil {
			return nil, err
		}
		w.list, w.views, w.asks = append(w.list, r), append(w.views, v), append(w.asks, len(info.form.Fields))
	}
	return w, nil
}

func (w *work) plan(path string, hands []hand) DayPlan {
	var d DayPlan
	var list []load
	for i, r := range w.list {
		left := w.views[i].sum(path).Outstanding
		d.Left += left
		list = append(list, load{r.TargetKind, w.asks[i], left, daysUntil(w.now, r.DueMs)})
	}
	d.Minutes = workOf(list)
	d.Need = handsFor(d.Minutes)
	d.Have, d.Off, d.Roster = handsBelow(hands, path, w.on)
	d.Short = max(0, d.Need-d.Have)
	return d
}

// PlanAt is the plan of today for one place, with what is to be tried again in
// the evening.
func (s *Service) PlanAt(ctx context.Context, c grid.Caller, path string) (DayPlan, error) {
	plans, err := s.Plans(ctx, c, []string{path})
	if err != nil {
		return DayPlan{}, err
	}
	rounds, err := s.Rounds(ctx, c, ListFilter{States: []RoundState{Open}})
	if err != nil {
		return DayPlan{}, err
	}
	d := plans[0]
	for _, r := range rounds {
		n, err := eveningBelow(ctx, s.DB.Read(), c, r.OccurrenceID, path)
		if err != nil {
			return d, err
		}
		d.Evening += n
	}
	return d, nil
}
