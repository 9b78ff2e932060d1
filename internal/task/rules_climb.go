package task

import (
	"slices"
	"strings"

	"wangge/internal/grid"
	"wangge/internal/platform/id"
)

// setClock gives a task a deadline and with it a fresh ladder.
func (ks Kinds) setClock(t *Task, deadlineMs int64) {
	t.DeadlineMs, t.Step, t.AbovePostID, t.ClimbMs = deadlineMs, 0, id.Zero, 0
	if l := ks.ladder(t.Kind); len(l) > 0 {
		k, _ := ks.Get(t.Kind)
		t.ClimbMs = max(deadlineMs, k.after(deadlineMs, l[0].After))
	}
}

// climb takes one step of a task's ladder at the instant it is due, ClimbMs,
// and sets the next. It follows from the task, the ladder and who was in post
// then, not from when it is worked out.
func (ks Kinds) climb(t *Task, line *grid.Line) {
	ladder := ks.ladder(t.Kind)
	k, _ := ks.Get(t.Kind)
	at := t.ClimbMs
	if t.Step < len(ladder) {
		if to := rungPost(ladder[t.Step], *t, line, at); to != id.Zero {
			t.AbovePostID = to
		}
	}
	t.Step++
	t.ClimbMs = 0
	if t.Step < len(ladder) && !line.Top(t.AbovePostID) {
		t.ClimbMs = k.after(at, ladder[t.Step].After)
	}
}

// rungPost is the post that a step of a ladder leads to, filled at an instant:
// the one it names, the first of the level it names, else the next up the line
// from whoever has been told last.
func rungPost(r Rung, t Task, line *grid.Line, at int64) id.ID {
	base := t.AbovePostID
	if base == id.Zero {
		base = line.Effective(t.PostID, at)
	}
	if text, ok := strings.CutPrefix(r.To, "post:"); ok {
		if post, err := id.Parse(text); err == nil && line.Post(post) != nil {
			return line.Effective(post, at)
		}
	}
	if role, ok := levelRoles[r.To]; ok {
		for _, up := range line.Up(t.PostID) {
			if p := line.Post(up); p.Role == role && len(p.Holders(at)) > 0 && p.Role.Level() < levelOf(line, base) {
				return up
			}
		}
	}
	if line.Top(base) {
		return base
	}
	return line.Above(base, at)
}

// levelRoles are the posts that a ladder's level means.
var levelRoles = map[string]grid.Role{"community": grid.RoleCommunity, "street": grid.RoleStreet, "district": grid.RoleCommand}

func levelOf(line *grid.Line, post id.ID) int {
	if p := line.Post(post); p != nil {
		return p.Role.Level()
	}
	return 0
}

// below reports whether a post is one that another may give tasks down to: its
// object lies within the other's, and its role stands no higher.
func below(line *grid.Line, from, to id.ID) bool {
	a, b := line.Post(from), line.Post(to)
	if a == nil || b == nil || from == to {
		return false
	}
	return slices.Contains(line.Up(to), from) || strings.HasPrefix(b.Path, a.Path) && a.Path != "" && a.Role.Level() <= b.Role.Level()
}
