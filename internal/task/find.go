package task

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"wangge/internal/grid"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
)

// Bounds of a search for tasks: how many open ones are looked through, how many
// are listed.
const (
	maxSought = 1000
	maxHits   = 30
)

// Candidate is a task that another can be merged into or linked with.
type Candidate struct {
	Line
	Where string `json:"where,omitempty" doc:"The place it is about, in words"`
}

// Candidates lists the tasks that one can be merged into (for Merge) or linked
// with (for Join), of those open before the caller: by part of a title, the
// number or its end, or a door or place as people say it. Without words come
// those about the same place, then of the same kind, then by deadline. Errors as
// of Task.
func (s *Service) Candidates(ctx context.Context, c grid.Caller, task id.ID, a Action, words string) ([]Candidate, error) {
	const op = "task.Candidates"
	v, err := s.Task(ctx, c, task)
	if err != nil {
		return nil, err
	}
	if a == Merge && passed(v.Task) {
		return nil, errs.E(op, errs.Conflict, "task.merge.tree")
	}
	d, err := s.desk(ctx, c)
	if err != nil {
		return nil, err
	}
	rows, err := s.before(ctx, c, d, words)
	if err != nil {
		return nil, errs.Wrap(op, err)
	}
	list, err := s.open(c.Lang, rows)
	if err != nil {
		return nil, errs.Wrap(op, err)
	}
	hit, err := s.matcher(ctx, c, list, words)
	if err != nil {
		return nil, errs.Wrap(op, err)
	}
	seen := map[id.ID]bool{task: true}
	list = slices.DeleteFunc(list, func(t Task) bool {
		twice := seen[t.ID]
		seen[t.ID] = true
		st := standingOf(t, c, d.line, d.now, false, d.shifts)
		return twice || !hit(t) || st == 0 || a == Merge && st&(owner|issuer) == 0
	})
	nearest(list, v.Task)
	out, err := s.candidates(ctx, c, d, list[:min(len(list), maxHits)])
	return out, errs.Wrap(op, err)
}

// before reads the open tasks before a caller, and the one of the number asked
// for.
func (s *Service) before(ctx context.Context, c grid.Caller, d desk, words string) (out []row, err error) {
	if n, err := id.Parse(words); err == nil && n > 0 {
		if out, err = selectTask(ctx, s.DB.Read(), c.District, n); err != nil {
			return nil, err
		}
	}
	for _, l := range []listed{{by: "post_id", posts: d.all}, {by: "issuer_post_id", posts: d.own, where: elsewhere}, {by: "above_post_id", posts: d.own, where: climbed}} {
		l.where, l.order, l.limit = l.where+listedAlone, byDeadline, maxSought
		rows, err := selectListed(ctx, s.DB.Read(), c.District, l)
		if err != nil {
			return nil, err
		}
		out = append(out, rows...)
	}
	return slices.DeleteFunc(out, func(r row) bool { return !r.State.Open() }), nil
}

// matcher reports whether one of some tasks is what words ask for.
func (s *Service) matcher(ctx context.Context, c grid.Caller, list []Task, words string) (func(t Task) bool, error) {
	words = strings.ToLower(strings.TrimSpace(words))
	if words == "" {
		return func(Task) bool { return true }, nil
	}
	there, err := s.within(ctx, c, list, words)
	if err != nil {
		return nil, err
	}
	kinds, err := s.Kinds(ctx, c)
	if err != nil {
		return nil, err
	}
	return func(t Task) bool {
		k, _ := kinds.Get(t.Kind)
		return there[t.PlaceID] || strings.Contains(strings.ToLower(t.Title+"\n"+k.Name(c.Lang)), words) || len(words) >= minNumber && strings.HasSuffix(t.ID.String(), words)
	}, nil
}

// within are those of the tasks' places that lie in a place which words name.
func (s *Service) within(ctx context.Context, c grid.Caller, list []Task, words string) (map[id.ID]bool, error) {
	found, err := s.Grid.Find(ctx, c, words, id.Zero)
	if err != nil {
		return nil, err
	}
	ids := make([]id.ID, 0, len(list))
	for _, h := range append(found.Doors, found.Places...) {
		ids = append(ids, h.ID)
	}
	named := ids
	for _, t := range list {
		ids = append(ids, t.PlaceID)
	}
	places, err := s.Grid.Places(ctx, s.DB.Read(), c, ids)
	if err != nil {
		return nil, err
	}
	out := map[id.ID]bool{}
	for _, t := range list {
		p, ok := places[t.PlaceID]
		out[t.PlaceID] = ok && slices.ContainsFunc(named, func(n id.ID) bool { return places[n].Path != "" && grid.Under(p.Path, places[n].Path) })
	}
	return out, nil
}

// minNumber is how many digits of a number's end name a task.
const minNumber = 4

// nearest orders tasks by how likely they are about the same as one.
func nearest(list []Task, to Task) {
	rank := func(t Task) int {
		n := 0
		if t.PlaceID == to.PlaceID && t.PlaceID != id.Zero {
			n -= 2
		}
		if t.Kind == to.Kind {
			n--
		}
		return n
	}
	slices.SortStableFunc(list, func(a, b Task) int {
		return cmp.Or(rank(a)-rank(b), cmp.Compare(a.DeadlineMs, b.DeadlineMs), cmp.Compare(a.ID, b.ID))
	})
}

// candidates writes found tasks in words.
func (s *Service) candidates(ctx context.Context, c grid.Caller, d desk, list []Task) ([]Candidate, error) {
	for i := range list {
		list[i].Answer = ""
	}
	lines, err := s.lines(ctx, c, d, Given, list)
	if err != nil {
		return nil, err
	}
	var ids []id.ID
	for _, t := range list {
		ids = append(ids, t.PlaceID)
	}
	places, err := s.Grid.Places(ctx, s.DB.Read(), c, ids)
	if err != nil {
		return nil, err
	}
	var known []grid.Place
	for _, p := range places {
		known = append(known, p)
	}
	ways, err := s.Grid.Ways(ctx, c, known)
	out := make([]Candidate, len(lines))
	for i, l := range lines {
		out[i] = Candidate{l, ways[l.PlaceID]}
	}
	return out, err
}
