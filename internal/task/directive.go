package task

import (
	"context"
	"slices"
	"strings"
	"unicode/utf8"

	"wangge/internal/grid"
	"wangge/internal/platform/audit"
	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
)

// maxAddressees bounds a directive; a district has some 7,000 posts.
const maxAddressees = 20_000

// Direct issues a directive to many posts at once: a task for each, and one of
// the issuer's own that holds them together and closes by itself when the last
// of them has ended. Title, text and question are sealed once and shared. in's
// PostID is not used. Errors as of Issue; Invalid posts where there are none.
func (s *Service) Direct(ctx context.Context, c grid.Caller, in Issue, to Address) (Task, error) {
	const op = "task.Direct"
	var head Task
	err := s.DB.Write(ctx, op, func(tx *db.Tx) error {
		kinds, err := s.Kinds(ctx, c)
		if err != nil {
			return err
		}
		in := in
		line, err := s.lineWith(ctx, tx, c, append(slices.Clone(to.Posts), in.FromPost)...)
		if err != nil {
			return err
		}
		posts, err := s.addressees(c, kinds, line, &in, to.Posts)
		if err != nil {
			return err
		}
		in.PostID = posts[0]
		t, err := s.plan(ctx, tx, c, kinds, line, &in)
		if err != nil {
			return err
		}
		head = t
		head.PostID, head.State, head.Children, head.ReceivedMs = t.IssuerPostID, InHand, len(posts), t.CreatedMs
		r := row{Task: head}
		if r.sealed, err = s.sealContent(t.register, t.ID, content{Title: in.Title, Text: in.Text, Question: in.Question}); err != nil {
			return err
		}
		list, err := s.children(head, t, posts, func(p id.ID) string { return to.Notes[p] })
		if err != nil {
			return err
		}
		return s.write(ctx, tx, c, append([]row{r}, list...), in)
	})
	return head, err
}

// addressees are the posts a directive goes to, each once and without the
// issuer's own, every one of them below it.
func (s *Service) addressees(c grid.Caller, kinds Kinds, line *grid.Line, in *Issue, posts []id.ID) ([]id.ID, error) {
	const op = "task.Direct"
	k, _ := kinds.Get(in.Kind)
	now := s.now()
	if err := issuingPost(c, k, line, in, now); err != nil {
		return nil, err
	}
	posts = slices.Compact(slices.Sorted(slices.Values(posts)))
	posts = slices.DeleteFunc(posts, func(p id.ID) bool { return p == in.FromPost })
	if len(posts) == 0 || len(posts) > maxAddressees {
		return nil, errs.Field(errs.E(op, errs.Invalid, "task.direct.posts", maxAddressees), "posts")
	}
	for _, p := range posts {
		if err := mayAddress(k, line, in.FromPost, p, now); err != nil {
			return nil, err
		}
	}
	return posts, nil
}

// children are the tasks of a directive's addressees, below the task parent,
// with what of t holds for them all. note is what a post is told besides.
func (s *Service) children(parent, t Task, posts []id.ID, note func(post id.ID) string) ([]row, error) {
	out := make([]row, len(posts))
	root, text := parent.RootID, parent.textID
	if root == id.Zero {
		root = parent.ID
	}
	if text == id.Zero {
		text = parent.ID
	}
	for i, p := range posts {
		k := t
		k.ID, k.PostID, k.State, k.ParentID, k.RootID, k.textID, k.Children = id.New(), p, Issued, parent.ID, root, text, 0
		out[i] = row{Task: k}
		if text := note(p); text != "" {
			var err error
			if out[i].sealed, err = s.sealContent(t.register, k.ID, content{Note: text}); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}

// PassOn gives a task that the caller has before them to posts below, with a
// note of their own; the task stays with the caller's post, who answers for the
// whole. A deadline may be earlier than the task's present one, never later (0: the
// same); who gets it has the kind's least time, unless a leader signed for less.
// Errors: NotFound, Denied, Conflict where it is done already, Invalid naming
// posts, note or deadline.
func (s *Service) PassOn(ctx context.Context, c grid.Caller, task id.ID, to Address, note string, deadlineMs int64) (Task, error) {
	const op = "task.PassOn"
	note = strings.TrimSpace(note)
	if utf8.RuneCountInString(note) > maxNote {
		return Task{}, errs.Field(errs.E(op, errs.Invalid, "error.too_long", maxNote), "note")
	}
	var out Task
	err := s.DB.Write(ctx, op, func(tx *db.Tx) error {
		w, err := s.work(ctx, tx, c, task)
		if err != nil {
			return err
		}
		if err := check(w.t, Take, w.stands); err != nil && w.t.State != InHand {
			return err
		}
		if w.t.Kind != KindDirective {
			return errs.E(op, errs.Conflict, "task.pass.kind")
		}
		if err := rules(w.t, HandOn); err != nil {
			return err
		}
		list, in, err := s.passed(w, to, note, deadlineMs)
		if err != nil {
			return err
		}
		w.receive()
		w.t.Children += len(list)
		w.step("pass", InHand, Change{Note: note})
		if err := w.save(ctx); err != nil {
			return err
		}
		out = w.t
		if err := s.write(ctx, tx, c, list, in); err != nil {
			return err
		}
		return s.Audit.Append(ctx, tx, audit.Entry{Account: c.AccountID, Post: w.speaksFor(), Action: "task.pass", Object: "task", ObjectID: w.t.ID})
	})
	return out, err
}

// passed makes the tasks that one is passed on as.
func (s *Service) passed(w *work, to Address, note string, deadlineMs int64) ([]row, Issue, error) {
	const op = "task.PassOn"
	in := Issue{Kind: w.t.Kind, FromPost: w.speaksFor()}
	if w.c.IsSystem() {
		in.FromPost = w.t.PostID
	}
	posts, err := s.addressees(w.c, w.kinds, w.line, &in, to.Posts)
	if err != nil {
		return nil, in, err
	}
	deadline := w.t.DeadlineMs
	if !w.t.Urgent || w.t.SignedPostID == id.Zero { // a leader's signature holds for those below
		deadline = max(deadline, w.now+int64(w.kind.Least)*minuteMs)
	}
	switch {
	case deadlineMs > deadline:
		return nil, in, errs.Field(errs.E(op, errs.Invalid, "task.deadline.later"), "deadline")
	case deadlineMs != 0:
		again := Issue{DeadlineMs: deadlineMs, Urgent: w.t.Urgent, SignedPost: w.t.SignedPostID, FromPost: in.FromPost}
		if deadline, err = deadlineOf(w.c, w.kind, again, w.line, w.now); err != nil {
			return nil, in, err
		}
	}
	k := Task{Kind: w.t.Kind, Urgent: w.t.Urgent, SignedPostID: w.t.SignedPostID, IssuerPostID: in.FromPost, PlaceID: w.t.PlaceID, PromisedMs: deadline, Events: 1,
		CreatedMs: w.now, register: w.t.register, issuer: w.c.AccountID}
	w.kinds.setClock(&k, deadline)
	list, err := s.children(w.t, k, posts, func(p id.ID) string { return strings.TrimSpace(note + "\n" + to.Notes[p]) })
	return list, in, err
}

// endBelow ends what a task was passed on to, at every level.
func (w *work) endBelow(ctx context.Context, kind string, to State, ch Change) error {
	list, err := selectRows(ctx, w.tx, "WHERE t.district = $1 AND t.parent_id = $2 AND t.open = 1 ORDER BY t.id", w.c.District, w.t.ID)
	if err != nil {
		return err
	}
	opened, err := w.s.open(w.c.Lang, list)
	if err != nil {
		return err
	}
	for i, r := range list {
		k := *w
		k.r, k.t, k.was, k.events = r, opened[i], r.Events, nil
		k.t.EndedMs, k.t.ClimbMs = w.now, 0
		k.step(kind, to, Change{Note: ch.Note})
		if err := k.save(ctx); err != nil {
			return err
		}
		if k.t.Children > 0 {
			if err := k.endBelow(ctx, kind, to, ch); err != nil {
				return err
			}
		}
	}
	return nil
}
