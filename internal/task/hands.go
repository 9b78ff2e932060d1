package task

import (
	"cmp"
	"context"
	"slices"
	"strconv"

	"wangge/internal/grid"
	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
)

// A shift is reckoned with handsMinutes of work by each person on duty; what is
// late or due within that time must be done by who is there.
const handsMinutes = 8 * 60

// communityWidth is the length of a community's path, by which work and hands
// are set against each other.
const communityWidth = 12

// due is how many open tasks of a kind a post has that are late or due soon.
type due struct {
	post id.ID
	kind string
	n    int
}

// Need is the work of a community that is due within a shift, against the hands
// there are.
type Need struct {
	Tasks   int `json:"tasks"`
	Minutes int `json:"minutes"`
	Hands   int `json:"hands" doc:"People on duty now, by the roster where there is one"`
}

// Short reports whether the hands are too few.
func (n Need) Short() bool { return n.Minutes > n.Hands*handsMinutes }

// needs sums up the work that is due by the community its posts are in.
func needs(kinds Kinds, line *grid.Line, list []due, now int64) map[string]Need {
	out := map[string]Need{}
	for _, d := range list {
		p := line.Post(d.post)
		if p == nil || len(p.Path) < communityWidth || d.kind == KindHands {
			continue
		}
		k, _ := kinds.Get(d.kind)
		at := p.Path[:communityWidth]
		n := out[at]
		n.Tasks, n.Minutes = n.Tasks+d.n, n.Minutes+d.n*k.Minutes
		out[at] = n
	}
	people := map[string]map[id.ID]bool{}
	line.Each(now, func(p *grid.LinePost) {
		if len(p.Path) < communityWidth || !p.Role.May(grid.TaskDo) {
			return
		}
		at := p.Path[:communityWidth]
		if _, asked := out[at]; !asked {
			return
		}
		if people[at] == nil {
			people[at] = map[id.ID]bool{}
		}
		for _, a := range p.OnDuty(now) {
			people[at][a] = true
		}
	})
	for at, n := range out {
		n.Hands = len(people[at])
		out[at] = n
	}
	return out
}

// Hands sets the work that is due within a shift against the people on duty,
// community by community. Where they are too few, whoever can send more is
// told: an alarm "too few hands" goes to the nearest filled post above that may
// give out posts, one at a time for each community, and is closed when there
// are enough again. It returns how many communities are short.
func (s *Service) Hands(ctx context.Context, c grid.Caller) (short int, err error) {
	const op = "task.Hands"
	if !c.IsSystem() {
		return 0, errs.E(op, errs.Denied, "error.denied")
	}
	kinds, err := s.Kinds(ctx, c)
	if err != nil {
		return 0, err
	}
	line, err := s.Grid.Line(ctx, c)
	if err != nil {
		return 0, err
	}
	now := s.now()
	list, err := selectDueWork(ctx, s.DB.Read(), c.District, now+handsMinutes*minuteMs)
	if err != nil {
		return 0, errs.Wrap(op, err)
	}
	alarms, err := selectHandsAlarms(ctx, s.DB.Read(), c.District)
	if err != nil {
		return 0, errs.Wrap(op, err)
	}
	found := needs(kinds, line, list, now)
	var paths []string
	for at, n := range found {
		if n.Short() {
			short++
			paths = append(paths, at)
		}
	}
	slices.Sort(paths)
	for _, at := range paths {
		if alarms[at] == id.Zero {
			if err := s.alarm(ctx, c, line, at, found[at], now); err != nil {
				return short, errs.Wrap(op, err)
			}
		}
	}
	for at, alarm := range alarms {
		if !found[at].Short() {
			if _, err := s.Change(ctx, c, alarm, Change{Action: Cancel, Note: handsEnough}); err != nil && !errs.Is(err, errs.Conflict) {
				return short, errs.Wrap(op, err)
			}
		}
	}
	return short, nil
}

// handsEnough is what the history of an alarm says when it ends.
const handsEnough = "task.hands.enough"

// numbers are numbers as messages hold them.
func numbers(list ...int) []string {
	out := make([]string, len(list))
	for i, n := range list {
		out[i] = strconv.Itoa(n)
	}
	return out
}

// alarm tells whoever can send more hands to a community.
func (s *Service) alarm(ctx context.Context, c grid.Caller, line *grid.Line, at string, n Need, now int64) error {
	place, err := s.Grid.Area(ctx, c, at)
	if err != nil {
		return err
	}
	over, err := s.Grid.PostsOver(ctx, c, place)
	if err != nil {
		return err
	}
	to := slices.IndexFunc(over, func(p id.ID) bool {
		q := line.Post(p)
		return q != nil && q.Path != at && q.Role.May(grid.PostWrite) && len(q.Holders(now)) > 0
	})
	if to < 0 {
		return nil // nobody above it can send anybody; the district's duty post always can
	}
	in := Issue{Kind: KindHands, PostID: over[to], PlaceID: place.ID, Says: &Says{Title: Message{"task.hands.title", []string{place.Name}},
		Text: Message{"task.hands.text", numbers(n.Tasks, (n.Minutes+59)/60, n.Hands, cmp.Or(n.Minutes/handsMinutes-n.Hands, 1))}}}
	return s.DB.Write(ctx, "task.Hands", func(tx *db.Tx) error {
		again, err := hasHandsAlarm(ctx, tx, c.District, place.ID)
		if err != nil || again {
			return err
		}
		_, err = s.IssueTx(ctx, tx, c, in)
		return err
	})
}
