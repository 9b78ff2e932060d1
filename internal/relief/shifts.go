package relief

import (
	"context"
	"slices"
	"strings"

	"wangge/internal/grid"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/i18n"
	"wangge/internal/platform/id"
	"wangge/internal/task"
)

// Shifts says what rosters and signatures make of a caller's inbox: whose open
// tasks the caller is told of, and which posts the caller's mind. It answers for
// package task.
func (s *Service) Shifts(ctx context.Context, c grid.Caller, line *grid.Line, nowMs int64) (task.Shifts, error) {
	const op = "relief.Shifts"
	if len(line.Rostered()) == 0 {
		return task.Shifts{}, nil
	}
	b, err := s.books(ctx, s.DB.Read(), c, line, nowMs)
	if err != nil {
		return task.Shifts{}, errs.Wrap(op, err)
	}
	x := task.Shifts{Told: teller(line, c.AccountID, nowMs, b)}
	x.Minded, err = s.mindedOf(ctx, c, line, nowMs)
	return x, errs.Wrap(op, err)
}

// mindedOf lists the posts whose open tasks are before a caller's posts since
// nobody of theirs has the shift.
func (s *Service) mindedOf(ctx context.Context, c grid.Caller, line *grid.Line, now int64) (out []id.ID, err error) {
	own := ownPosts(c)
	if !slices.ContainsFunc(own, func(p id.ID) bool { return isLine(line, p) }) {
		return nil, nil
	}
	by, err := s.mindedBy(ctx, c, line, now)
	for _, p := range own {
		for _, m := range by[p] {
			if !slices.Contains(own, m) {
				out = append(out, m)
			}
		}
	}
	return out, err
}

// teller tells whether an account is told of a post's open tasks at an instant.
func teller(line *grid.Line, account id.ID, now int64, b *books) func(id.ID) (bool, error) {
	known := map[id.ID]bool{}
	return func(post id.ID) (bool, error) {
		at := line.Effective(post, now)
		told, seen := known[at]
		if !seen {
			_, accounts := before(line, at, now, b.of)
			told = slices.Contains(accounts, account)
			known[at] = told
		}
		return told, b.err
	}
}

// ownPosts are the posts by which a caller handles tasks, each once.
func ownPosts(c grid.Caller) (out []id.ID) {
	for _, g := range c.Grants {
		if g.Role.May(grid.TaskDo) && !slices.Contains(out, g.PostID) {
			out = append(out, g.PostID)
		}
	}
	return out
}

func isLine(line *grid.Line, post id.ID) bool {
	p := line.Post(post)
	return p != nil && p.Role.Line()
}

// maxAsides bounds the lines above an inbox.
const maxAsides = 5

// mutedMs is for how long the inbox says that one may mute.
const mutedMs = 60 * minuteMs

// Asides are what a caller's inbox says of shifts: what is to be signed, that
// one may mute, and for which late reliefs the caller's posts stand in.
func (s *Service) Asides(ctx context.Context, c grid.Caller) ([]task.Aside, error) {
	const op = "relief.Asides"
	line, err := s.Grid.Line(ctx, c)
	if err != nil || len(line.Rostered()) == 0 {
		return nil, err
	}
	now := s.now()
	late, err := s.lateOf(ctx, c, line, now)
	if err != nil {
		return nil, errs.Wrap(op, err)
	}
	rostered := slices.DeleteFunc(ownPosts(c), func(p id.ID) bool { return line.Post(p) == nil || !line.Post(p).HasRoster() })
	if len(rostered) == 0 && len(late) == 0 {
		return nil, nil
	}
	words, err := s.Grid.PostWords(ctx, c, slices.Concat(rostered, late))
	if err != nil {
		return nil, err
	}
	out, err := s.toSign(ctx, c, line, now, rostered, words)
	for _, p := range late {
		out = append(out, aside(c, p, words, true, "relief.note.late"))
	}
	return out[:min(len(out), maxAsides)], errs.Wrap(op, err)
}

func aside(c grid.Caller, post id.ID, words map[id.ID]grid.PostWord, waits bool, key string, args ...any) task.Aside {
	return task.Aside{Text: i18n.T(c.Lang, key, append([]any{words[post].String()}, args...)...), Href: "/relief/" + post.String(), Waits: waits}
}

// lateOf lists the posts a caller's mind because their reliefs are late.
func (s *Service) lateOf(ctx context.Context, c grid.Caller, line *grid.Line, now int64) ([]id.ID, error) {
	minded, err := s.mindedOf(ctx, c, line, now)
	if err != nil || len(minded) == 0 {
		return nil, err
	}
	b, err := s.books(ctx, s.DB.Read(), c, line, now)
	if err != nil {
		return nil, err
	}
	late := slices.DeleteFunc(minded, func(p id.ID) bool { return stand(line.Post(p), now, b.of(p)).Side != Leader })
	return late, b.err
}

// toSign is what there is to sign for a caller at posts with a roster.
func (s *Service) toSign(ctx context.Context, c grid.Caller, line *grid.Line, now int64, posts []id.ID, words map[id.ID]grid.PostWord) (out []task.Aside, err error) {
	list, err := selectOf(ctx, s.DB.Read(), c.District, posts, now-backMs-dayMs)
	if err != nil {
		return nil, err
	}
	since, err := s.sinceMs(ctx, s.DB.Read(), c.District)
	for _, p := range posts {
		r := rosterOf(line.Post(p), now, dayMs, since)
		for _, t := range r.turns(now-backMs, now+soonMs()) {
			if handedOver(list, p, t.EndMs, c.AccountID) {
				continue
			}
			if key, waits := noteOf(t, recordOf(list, p, t.EndMs), c.AccountID, now, t.EndMs+waitMs(line.Post(p).Role)); key != "" {
				out = append(out, aside(c, p, words, waits, key, clockAt(t.EndMs)))
			}
		}
	}
	return out, err
}

// handedOver reports whether somebody signed as outgoing at a later change of a
// post: whether they once signed in does not matter any more.
func handedOver(list []Record, post id.ID, end int64, account id.ID) bool {
	return slices.ContainsFunc(list, func(r Record) bool { return r.PostID == post && r.EndMs > end && r.OutID == account })
}

// noteOf is what an inbox says of a change of shift to one of those who go or
// come; empty: nothing.
func noteOf(t Turn, r Record, account id.ID, now, pass int64) (key string, warn bool) {
	goes, comes := slices.Contains(t.Out, account), slices.Contains(t.In, account)
	over := now >= t.EndMs
	switch {
	case now >= t.NextMs:
		return "", false
	case goes && r.InMs != 0 && r.OutMs != 0 && now < max(r.InMs, r.OutMs, t.EndMs)+mutedMs:
		return "relief.note.mute", false
	case goes && r.OutMs == 0 && !over:
		return "relief.note.ends", false
	case goes && r.OutMs == 0 && r.InMs == 0 && now >= pass:
		return "relief.note.passed", true
	case goes && r.OutMs == 0:
		return "relief.note.ended", true
	case comes && r.InMs == 0 && !over:
		return "relief.note.begins", false
	case comes && r.InMs == 0:
		return "relief.note.began", true
	}
	return "", false
}

func recordOf(list []Record, post id.ID, end int64) Record {
	for _, r := range list {
		if r.PostID == post && r.EndMs == end {
			return r
		}
	}
	return Record{PostID: post, EndMs: end}
}

// clockAt is an instant as the hour people say; midnight is 24:00.
func clockAt(ms int64) string {
	s := clock.FromMs(ms).In(clock.CST).Format("15:04")
	if strings.HasPrefix(s, "00:00") {
		return "24:00"
	}
	return s
}

// muted reports whether a caller is told of the open tasks of no post at all.
func (s *Service) muted(ctx context.Context, q db.Queryer, c grid.Caller, line *grid.Line, now int64) (bool, error) {
	b, err := s.books(ctx, q, c, line, now)
	if err != nil {
		return false, err
	}
	told := teller(line, c.AccountID, now, b)
	for _, p := range ownPosts(c) {
		if hears, err := told(p); hears || err != nil {
			return false, err
		}
	}
	return true, nil
}
