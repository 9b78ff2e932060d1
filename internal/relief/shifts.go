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
// tasks the caller is told of, which posts the caller's mind, and what there is
// to sign. It answers for package task.
func (s *Service) Shifts(ctx context.Context, c grid.Caller, line *grid.Line, nowMs int64) (task.Shifts, error) {
	const op = "relief.Shifts"
	if len(line.Rostered()) == 0 {
		return task.Shifts{}, nil
	}
	b, err := s.books(ctx, s.DB.Read(), c, line, nowMs)
	if err != nil {
		return task.Shifts{}, errs.Wrap(op, err)
	}
	own := ownPosts(c)
	x := task.Shifts{}
	var late []id.ID
	if slices.ContainsFunc(own, func(p id.ID) bool { return isLine(line, p) }) {
		by, err := s.mindedBy(ctx, c, line, nowMs)
		if err != nil {
			return x, errs.Wrap(op, err)
		}
		for _, p := range own {
			for _, m := range by[p] {
				if slices.Contains(own, m) {
					continue
				}
				x.Minded = append(x.Minded, m)
				if stand(line.Post(m), nowMs, b.of(m)).Side == Leader {
					late = append(late, m)
				}
			}
		}
	}
	x.Told = teller(line, c.AccountID, nowMs, b)
	if x.Notes, err = s.notes(ctx, c, line, nowMs, own, late); err == nil {
		err = b.err
	}
	return x, errs.Wrap(op, err)
}

// teller tells whether an account is told of a post's open tasks at an instant.
func teller(line *grid.Line, account id.ID, now int64, b *books) func(id.ID) bool {
	known := map[id.ID]bool{}
	return func(post id.ID) bool {
		at := line.Effective(post, now)
		told, seen := known[at]
		if !seen {
			_, accounts := before(line, at, now, b.of)
			told = slices.Contains(accounts, account)
			known[at] = told
		}
		return told
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

// maxNotes bounds the lines above an inbox.
const maxNotes = 5

// mutedMs is for how long the inbox says that one may mute.
const mutedMs = 60 * minuteMs

// notes are what a caller's inbox says of shifts: what is to be signed, that
// one may mute, and for whom the caller's posts stand in.
func (s *Service) notes(ctx context.Context, c grid.Caller, line *grid.Line, now int64, own, late []id.ID) ([]task.Note, error) {
	rostered := slices.DeleteFunc(slices.Clone(own), func(p id.ID) bool { return line.Post(p) == nil || !line.Post(p).HasRoster() })
	if len(rostered) == 0 && len(late) == 0 {
		return nil, nil
	}
	list, err := selectOf(ctx, s.DB.Read(), c.District, rostered, now-backMs-dayMs)
	if err != nil {
		return nil, err
	}
	since, err := s.sinceMs(ctx, s.DB.Read(), c.District)
	if err != nil {
		return nil, err
	}
	words, err := s.Grid.PostWords(ctx, c, append(slices.Clone(rostered), late...))
	if err != nil {
		return nil, err
	}
	var out []task.Note
	add := func(p id.ID, warn bool, key string, args ...any) {
		out = append(out, task.Note{Text: i18n.T(c.Lang, key, append([]any{words[p].String()}, args...)...), Do: i18n.T(c.Lang, "relief.open"), Href: "/relief/" + p.String(), Warn: warn})
	}
	for _, p := range rostered {
		r := rosterOf(line.Post(p), now, dayMs, since)
		for _, t := range r.turns(now-backMs, now+soonMs()) {
			if key, warn := noteOf(t, recordOf(list, p, t.EndMs), c.AccountID, now, t.EndMs+waitMs(line.Post(p).Role)); key != "" {
				add(p, warn, key, clockAt(t.EndMs))
			}
		}
	}
	for _, p := range late {
		add(p, true, "relief.note.late")
	}
	return out[:min(len(out), maxNotes)], nil
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
	return !slices.ContainsFunc(ownPosts(c), told), b.err
}
