package task

import (
	"cmp"
	"context"
	"slices"

	"wangge/internal/grid"
	"wangge/internal/platform/audit"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
)

// leastAgain is how long, in minutes, who gets a task back has at least.
const leastAgain = 120

// again is the deadline of a task that goes back to work: the present one,
// which is the first or what the issuer changed it to, or two hours from now
// where that is too near.
func (w *work) again() int64 {
	return max(cmp.Or(w.t.agreedMs, w.t.PromisedMs), w.kind.after(w.now, leastAgain))
}

// reject gives a task back to whoever did it.
func (w *work) reject(ch Change) {
	w.t.PostID, w.t.DoerPostID = w.t.DoerPostID, id.Zero
	w.t.DoneMs, w.t.doneBy = 0, id.Zero
	w.kinds.setClock(&w.t, w.again())
	w.step(string(Reject), InHand, ch)
}

// handOn gives a task to another post; its clock goes on.
func (w *work) handOn(ch Change) error {
	if err := w.to(ch.PostID); err != nil {
		return err
	}
	w.step(string(HandOn), Transferred, ch)
	return nil
}

// to changes the owner. Who may not give tasks to others hands them up the line.
func (w *work) to(post id.ID) error {
	const op = "task.Change"
	p := w.line.Post(post)
	bad := func(key string) error { return errs.Field(errs.E(op, errs.Invalid, key), "post") }
	switch {
	case p == nil:
		return bad("task.post.unknown")
	case post == w.t.PostID:
		return bad("task.post.same")
	case !p.Role.May(grid.TaskDo):
		return bad("task.post.idle")
	case !p.Runs(w.now):
		return bad("task.post.ended")
	case w.line.Effective(post, w.now) == id.Zero:
		return errs.E(op, errs.Conflict, "task.no_duty_post")
	case !w.c.Can(grid.TaskIssue) && !slices.Contains(w.line.Up(w.t.PostID), post):
		return bad("task.post.not_up")
	}
	w.t.PostID = post
	return nil
}

// reissue sends a returned task out again, to the same post or another.
func (w *work) reissue(ch Change) error {
	post := ch.PostID
	if post == id.Zero {
		post = w.t.DoerPostID
	}
	if post != w.t.PostID {
		if err := w.to(post); err != nil {
			return err
		}
	}
	deadline := w.again()
	if ch.DeadlineMs != 0 {
		in := Issue{DeadlineMs: ch.DeadlineMs, Urgent: w.t.Urgent, SignedPost: w.t.SignedPostID, FromPost: w.t.IssuerPostID}
		d, err := deadlineOf(w.c, w.kind, in, w.line, w.now)
		if err != nil {
			return err
		}
		deadline, w.t.agreedMs = d, d
	}
	w.t.DoerPostID = id.Zero
	w.kinds.setClock(&w.t, deadline)
	w.step(string(Reissue), Issued, ch)
	return nil
}

// postpone gives the owner another deadline.
func (w *work) postpone(ch Change) error {
	in := Issue{DeadlineMs: ch.DeadlineMs, Urgent: w.t.Urgent, SignedPost: w.t.SignedPostID, FromPost: w.t.IssuerPostID}
	if ch.DeadlineMs == 0 {
		return errs.Field(errs.E("task.Change", errs.Invalid, "error.required"), "deadline")
	}
	d, err := deadlineOf(w.c, w.kind, in, w.line, w.now)
	if err != nil {
		return err
	}
	w.t.agreedMs = d
	w.kinds.setClock(&w.t, d)
	w.step(string(Postpone), w.t.State, ch)
	return nil
}

// end ends a task that is not done; what it was passed on to ends with it.
func (w *work) end(ctx context.Context, kind string, to State, ch Change) error {
	w.t.EndedMs, w.t.ClimbMs = w.now, 0
	w.step(kind, to, ch)
	if w.t.Children > 0 {
		if err := w.endBelow(ctx, kind, to, ch); err != nil {
			return err
		}
	}
	return w.s.Audit.Append(ctx, w.tx, audit.Entry{Account: w.c.AccountID, Post: w.speaksFor(), Action: "task.end", Object: "task", ObjectID: w.t.ID, Detail: "state=" + string(to)})
}

// passed reports whether a task was passed on or came from one that was; it
// cannot be merged into another.
func passed(t Task) bool { return t.Children > 0 || t.RootID != id.Zero }

// merge ends a task in another open one, which it is linked with from then on.
func (w *work) merge(ctx context.Context, ch Change) error {
	const op = "task.Change"
	bad := func(key string) error { return errs.Field(errs.E(op, errs.Invalid, key), "merge") }
	list, err := selectTask(ctx, w.tx, w.c.District, ch.MergeInto)
	if err != nil {
		return err
	}
	if len(list) == 0 || ch.MergeInto == w.t.ID {
		return bad("task.merge.unknown")
	}
	into := list[0].Task
	switch {
	case !into.State.Open():
		return bad("task.merge.ended")
	case standingOf(into, w.c, w.line, w.now, false, w.shifts)&(owner|issuer) == 0:
		return bad("task.merge.unknown")
	case passed(w.t):
		return bad("task.merge.tree")
	}
	w.t.MergedID = into.ID
	if err := insertLinks(ctx, w.tx, w.c.District, into.ID, []Link{{"task", w.t.ID}}, id.Zero); err != nil {
		return err
	}
	return w.end(ctx, string(Merge), Merged, ch)
}
