package task

import (
	"context"
	"slices"

	"wangge/internal/grid"
	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
)

// Shifts is what rosters and changes of shift make of a caller's inbox at an
// instant. It says who is told, never who owns.
type Shifts struct {
	// Told reports whether the caller's account is to be told of the open tasks
	// of a post; nil: as the roster has it (grid.LinePost.OnDuty).
	Told func(post id.ID) (bool, error)
	// Minded are posts the caller does not hold whose open tasks are before the
	// caller's, since nobody of theirs has the shift. Their tasks may be worked on.
	Minded []id.ID
}

// AskShifts gives the service what answers for changes of shift; it is set
// before the service is used.
func (s *Service) AskShifts(fn func(ctx context.Context, c grid.Caller, line *grid.Line, nowMs int64) (Shifts, error)) {
	s.shifts = fn
}

func (s *Service) shiftsOf(ctx context.Context, c grid.Caller, line *grid.Line, now int64) (Shifts, error) {
	if s.shifts == nil || c.IsSystem() {
		return Shifts{}, nil
	}
	return s.shifts(ctx, c, line, now)
}

// minds reports whether a task's post, or the one that answers for it, is
// minded by the caller.
func (x Shifts) minds(line *grid.Line, post id.ID, now int64) bool {
	return len(x.Minded) > 0 && slices.Contains(x.Minded, line.Effective(post, now))
}

// told reports whether an account is to be told of a post's open tasks.
func (x Shifts) told(line *grid.Line, post, account id.ID, now int64) (bool, error) {
	if x.Told != nil {
		return x.Told(post)
	}
	return slices.Contains(line.Post(line.Effective(post, now)).OnDuty(now), account), nil
}

// OpenOf lists the open tasks of a post by deadline, at most so many, and
// counts them up to 1000. The caller must hold the post or have it minded, or
// stand one line up; who may see the post's changes of shift from further up is
// told the number alone.
func (s *Service) OpenOf(ctx context.Context, c grid.Caller, post id.ID, limit int) (list []Line, n int, err error) {
	const op = "task.OpenOf"
	line, err := s.Grid.Line(ctx, c)
	if err != nil {
		return nil, 0, err
	}
	d := desk{line: line, own: postsOf(c), now: s.now()}
	if n, err = s.CountOpenOf(ctx, s.DB.Read(), c, post); err != nil {
		return nil, 0, errs.Wrap(op, err)
	}
	x, err := s.shiftsOf(ctx, c, line, d.now)
	if err != nil {
		return nil, 0, err
	}
	if standingOf(Task{PostID: post}, c, line, d.now, false, x)&(owner|oneUp) == 0 {
		return nil, n, nil
	}
	rows, err := selectListed(ctx, s.DB.Read(), c.District, listed{by: "post_id", posts: []id.ID{post}, where: listedAlone, order: byDeadline, limit: limit})
	if err != nil {
		return nil, 0, errs.Wrap(op, err)
	}
	tasks, err := s.open(c.Lang, rows)
	if err != nil {
		return nil, 0, errs.Wrap(op, err)
	}
	list, err = s.lines(ctx, c, d, Mine, tasks)
	return list, n, errs.Wrap(op, err)
}

// CountOpenOf counts the open tasks of a post up to 1000, people to be verified
// not among them, within a transaction
// or snapshot of a caller that may know.
func (s *Service) CountOpenOf(ctx context.Context, q db.Queryer, c grid.Caller, post id.ID) (int, error) {
	return countOpen(ctx, q, c.District, "post_id", []id.ID{post}, listedAlone, 0)
}
