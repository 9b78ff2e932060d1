package relief

import (
	"context"
	"strconv"

	"wangge/internal/grid"
	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/i18n"
	"wangge/internal/platform/id"
	"wangge/internal/task"
)

// sweepPage is how many late reliefs are recorded in one transaction.
const sweepPage = 100

// late is a change of shift whose waiting time is over.
type late struct {
	post *grid.LinePost
	turn Turn
	pass int64
}

// Sweep records which reliefs had not signed when the waiting time was over, and
// tells the post that the open tasks passed to, by one task at a time for each
// post; what was due while nothing ran is caught up with, as of when it was. It
// decides nothing: with whom the tasks are follows from rosters and signatures
// without it. It may be run by anybody at any time, and returns how many were
// recorded.
func (s *Service) Sweep(ctx context.Context, c grid.Caller) (n int, err error) {
	const op = "relief.Sweep"
	if !c.IsSystem() {
		return 0, errs.E(op, errs.Denied, "error.denied")
	}
	line, err := s.Grid.Line(ctx, c)
	if err != nil {
		return 0, err
	}
	now := s.now()
	since, until, err := selectSwept(ctx, s.DB.Read(), c.District)
	if err != nil {
		return 0, errs.Wrap(op, err)
	}
	if since > now { // the first time: what was before is signed by nobody
		return 0, s.swept(ctx, c, now, now)
	}
	due := lates(line, since, until, now)
	err = db.Chunks(due, sweepPage, func(part []late) error {
		passed := 0
		err := s.DB.WriteLow(ctx, op, func(tx *db.Tx) (err error) {
			passed, err = s.passAll(ctx, tx, c, line, part, now)
			return err
		})
		n += passed
		return err
	})
	if err == nil && len(due) > 0 || err == nil && now-until > 60*minuteMs {
		err = s.swept(ctx, c, since, now)
	}
	return n, errs.Wrap(op, err)
}

func (s *Service) swept(ctx context.Context, c grid.Caller, since, until int64) error {
	return s.DB.WriteLow(ctx, "relief.swept", func(tx *db.Tx) error { return saveSwept(ctx, tx, c.District, since, until) })
}

// lates lists the changes of shift whose waiting time ended after an instant and
// not after another, as far back as rosters are looked at.
func lates(line *grid.Line, since, after, until int64) (out []late) {
	after = max(after, until-backMs+dayMs)
	for _, p := range line.Rostered() {
		wait := waitMs(p.Role)
		r := roster{p, p.Duties(after-wait-dayMs, until+dayMs), since}
		for _, t := range r.turns(after-wait, until-wait) {
			out = append(out, late{p, t, t.EndMs + wait})
		}
	}
	return out
}

func (s *Service) passAll(ctx context.Context, tx *db.Tx, c grid.Caller, line *grid.Line, list []late, now int64) (n int, err error) {
	for _, l := range list {
		passed, err := s.pass(ctx, tx, c, line, l, now)
		if err != nil {
			return 0, err
		}
		if passed {
			n++
		}
	}
	return n, nil
}

// pass records that a relief had not signed when the waiting time was over.
// Where nobody stands above there is nobody to pass anything to.
func (s *Service) pass(ctx context.Context, tx *db.Tx, c grid.Caller, line *grid.Line, l late, now int64) (bool, error) {
	r, err := selectRecord(ctx, tx, tx.ForUpdate(), c.District, l.post.ID, l.turn.EndMs)
	if err != nil || r.PassedMs != 0 || r.InMs != 0 && r.InMs <= l.pass {
		return false, err
	}
	b, err := s.books(ctx, tx, c, line, now)
	if err != nil {
		return false, err
	}
	at, _ := before(line, l.post.ID, l.pass, b.of)
	if b.err != nil || at == l.post.ID || at == id.Zero {
		return false, b.err
	}
	r.LeaderPostID, r.PassedMs, r.NotedMs = at, l.pass, now
	if r.InMs == 0 && now < l.turn.NextMs {
		if r.TaskID, err = s.alarm(ctx, tx, c, l, at); err != nil {
			return false, err
		}
	}
	s.tell(tx, l.post.ID, at)
	return true, saveRecord(ctx, tx, c.District, r)
}

// alarm tells the leader, unless a task about the post does so already.
func (s *Service) alarm(ctx context.Context, tx *db.Tx, c grid.Caller, l late, leader id.ID) (id.ID, error) {
	open, err := openAlarms(ctx, tx, c.District, l.post.ID)
	if err != nil || len(open) > 0 {
		return id.Zero, err
	}
	c.Lang = i18n.ZH // of the post's name; the rest is written out for who reads it
	words, err := s.Grid.PostWords(ctx, c, []id.ID{l.post.ID})
	if err != nil {
		return id.Zero, err
	}
	t, err := s.Tasks.IssueTx(ctx, tx, c, task.Issue{Kind: task.KindAlarm, PostID: leader, FromPost: l.post.ID,
		Says:  alarmSays(words[l.post.ID].String(), l),
		Links: []task.Link{{Kind: "relief", ObjectID: l.post.ID}}})
	return t.ID, err
}

// alarmSays is what tells the leader.
func alarmSays(post string, l late) *task.Says {
	minutes := strconv.FormatInt((l.pass-l.turn.EndMs)/minuteMs, 10)
	return &task.Says{Title: task.Message{Key: "relief.alarm.title", Args: []string{post}},
		Text: task.Message{Key: "relief.alarm.text", Args: []string{clockAt(l.turn.EndMs), minutes}}}
}
