package task

import (
	"context"
	"slices"

	"wangge/internal/grid"
	"wangge/internal/platform/audit"
	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/platform/seal"
)

// Issue makes a task and returns it. Who may issue which kind to whom is the
// kind's: a caller needs a post of one of its roles, and the way (up, down) must
// lead to the post addressed. A post nobody holds is no obstacle: the nearest
// filled one up the line answers for it at once. Errors: Denied, Invalid naming
// the field, Conflict task.no_duty_post where nobody at all is in post above.
func (s *Service) Issue(ctx context.Context, c grid.Caller, in Issue) (Task, error) {
	var t Task
	if err := s.linkableAll(ctx, c, in.Links); err != nil {
		return t, err
	}
	err := s.DB.Write(ctx, "task.Issue", func(tx *db.Tx) (err error) {
		t, err = s.IssueTx(ctx, tx, c, in)
		return err
	})
	return t, err
}

// IssueTx is Issue within a transaction of the caller: a task and the fact it
// follows from are both there or neither. grid.System may issue every kind to
// every post; its issuing post is FromPost, else the district's duty post.
func (s *Service) IssueTx(ctx context.Context, tx *db.Tx, c grid.Caller, in Issue) (Task, error) {
	const op = "task.Issue"
	kinds, err := s.Kinds(ctx, c)
	if err != nil {
		return Task{}, err
	}
	line, err := s.lineWith(ctx, tx, c, in.FromPost, in.PostID)
	if err != nil {
		return Task{}, err
	}
	t, err := s.plan(ctx, tx, c, kinds, line, &in)
	if err != nil {
		return Task{}, err
	}
	r := row{Task: t}
	if r.sealed, err = s.sealContent(t.register, t.ID, content{Title: in.Title, Text: in.Text, Says: in.Says, Question: in.Question, Fact: in.Fact}); err != nil {
		return Task{}, errs.Wrap(op, err)
	}
	return t, errs.Wrap(op, s.write(ctx, tx, c, []row{r}, in))
}

// lineWith is the line, read anew where one of the posts was made in this
// transaction.
func (s *Service) lineWith(ctx context.Context, tx *db.Tx, c grid.Caller, posts ...id.ID) (*grid.Line, error) {
	line, err := s.Grid.Line(ctx, c)
	if err != nil {
		return nil, err
	}
	for _, p := range posts {
		if p != id.Zero && line.Post(p) == nil {
			return s.Grid.LineIn(ctx, tx, c)
		}
	}
	return line, nil
}

// plan checks what is to be issued and makes the task of it, not yet sealed.
func (s *Service) plan(ctx context.Context, q db.Queryer, c grid.Caller, kinds Kinds, line *grid.Line, in *Issue) (Task, error) {
	const op = "task.Issue"
	now := s.now()
	k, ok := kinds.Get(in.Kind)
	if !ok || k.Retired {
		return Task{}, errs.Field(errs.E(op, errs.Invalid, "task.kind.unknown", in.Kind), "kind")
	}
	if k.Key == KindTransfer && !in.Hops {
		return Task{}, errs.Field(errs.E(op, errs.Invalid, "task.transfer.plan"), "kind")
	}
	if k.Key == KindLead {
		return Task{}, errs.Field(errs.E(op, errs.Invalid, "task.lead.plan"), "kind")
	}
	if err := nameFact(c.Lang, in); err != nil {
		return Task{}, err
	}
	if err := tidy(in); err != nil {
		return Task{}, err
	}
	if err := minimal(k, in); err != nil {
		return Task{}, err
	}
	if err := issuingPost(c, k, line, in, now); err != nil {
		return Task{}, err
	}
	if err := s.addressee(ctx, q, c, k, line, in, now); err != nil {
		return Task{}, err
	}
	in.Links = append(slices.Clone(in.Links), knowers(*in, line, now)...)
	if in.SignedPost != id.Zero {
		if err := signed(c, k, *in, line, now); err != nil {
			return Task{}, err
		}
	}
	deadline, err := deadlineOf(c, k, *in, line, now)
	if err != nil {
		return Task{}, err
	}
	t := Task{ID: in.ID, Kind: k.Key, State: Issued, Title: in.Title, Text: in.Text, Fact: in.Fact, Urgent: in.Urgent, SignedPostID: in.SignedPost, PostID: in.PostID,
		IssuerPostID: in.FromPost, PlaceID: in.PlaceID, PromisedMs: deadline, Events: max(1, len(in.Photos)), CreatedMs: now, Question: in.Question,
		register: seal.Standing, issuer: c.AccountID}
	if t.ID == id.Zero {
		t.ID = id.New()
	}
	if in.EmergencyID != id.Zero {
		t.register = seal.EmergencyKey(in.EmergencyID)
	}
	kinds.setClock(&t, deadline)
	return t, nil
}

// issuingPost settles in whose name a task is issued: the post asked for, which
// the caller must hold, else the first that may.
func issuingPost(c grid.Caller, k Kind, line *grid.Line, in *Issue, now int64) error {
	const op = "task.Issue"
	if c.IsSystem() {
		if in.FromPost == id.Zero {
			in.FromPost = line.Duty(now)
		}
		if in.FromPost == id.Zero {
			return errs.E(op, errs.Conflict, "task.no_duty_post")
		}
		return nil
	}
	for _, g := range c.Grants {
		if (in.FromPost == id.Zero || in.FromPost == g.PostID) && k.MayIssue(g.Role) {
			in.FromPost = g.PostID
			return nil
		}
	}
	if err := c.Require(op, grid.TaskDo); err != nil {
		return err
	}
	return errs.Field(errs.E(op, errs.Denied, "task.kind.denied"), "kind")
}

// addressee settles who is to do a task, and that somebody will answer for it.
func (s *Service) addressee(ctx context.Context, q db.Queryer, c grid.Caller, k Kind, line *grid.Line, in *Issue, now int64) error {
	const op = "task.Issue"
	if in.PlaceID != id.Zero {
		p, err := s.Grid.PlaceIn(ctx, q, c, in.PlaceID)
		if err != nil {
			return errs.Field(err, "place")
		}
		if in.PostID == id.Zero && k.Way != WayUp {
			over, err := s.Grid.PostsOver(ctx, c, p)
			if err != nil {
				return err
			}
			if over = slices.DeleteFunc(over, func(p id.ID) bool { return p == in.FromPost }); len(over) > 0 {
				in.PostID = over[0]
			}
		}
	}
	if in.PostID == id.Zero && k.Way != WayDown {
		if up := line.Up(in.FromPost); len(up) > 0 {
			in.PostID = up[0]
		}
	}
	if in.PostID == id.Zero {
		return errs.Field(errs.E(op, errs.Invalid, "error.required"), "post")
	}
	if !c.IsSystem() {
		if err := mayAddress(k, line, in.FromPost, in.PostID, now); err != nil {
			return err
		}
	}
	if line.Effective(in.PostID, now) == id.Zero {
		return errs.E(op, errs.Conflict, "task.no_duty_post")
	}
	return nil
}

// maxTold is of how many tasks issued at once the open pages are told; those of
// the others find them at their next poll.
const maxTold = 500

// issued is how the history of a task begins: with its issue, and each further
// photo of the issuer's.
func issued(c grid.Caller, t Task, photos []id.ID) []eventRow {
	first := Event{Seq: 1, Kind: "issue", State: t.State, PostID: t.PostID, AccountID: c.AccountID, ByPostID: t.IssuerPostID, AtMs: t.CreatedMs, NotedMs: t.CreatedMs}
	out := []eventRow{{t.ID, first, nil}}
	for i, p := range photos {
		if i > 0 {
			more := first
			more.Seq, more.Kind = i+1, string(Comment)
			out = append(out, eventRow{t.ID, more, nil})
		}
		out[i].PhotoID = p
	}
	return out
}

// write stores issued tasks with the first line of their histories.
func (s *Service) write(ctx context.Context, tx *db.Tx, c grid.Caller, list []row, in Issue) error {
	var events []eventRow
	for _, r := range list {
		events = append(events, issued(c, r.Task, in.Photos)...)
	}
	if err := insertTasks(ctx, tx, c.District, list); err != nil {
		return err
	}
	if err := insertEvents(ctx, tx, c.District, events); err != nil {
		return err
	}
	by := c.AccountID
	if c.IsSystem() {
		by = id.Zero
	}
	for i, r := range list {
		if err := insertLinks(ctx, tx, c.District, r.ID, in.Links, by); err != nil {
			return err
		}
		for _, w := range in.Watchers {
			if err := setWatch(ctx, tx, c.District, r.ID, w, true); err != nil {
				return err
			}
		}
		if i < maxTold {
			tell(tx, r.Task)
		}
	}
	if in.Numbers {
		if err := s.Audit.Append(ctx, tx, audit.Entry{Account: c.AccountID, Post: in.FromPost, Action: "task.numbers", Object: "task", ObjectID: list[0].ID}); err != nil {
			return err
		}
	}
	if in.Urgent && in.SignedPost != id.Zero {
		return s.Audit.Append(ctx, tx, audit.Entry{Account: c.AccountID, Post: in.FromPost, Action: "task.urgent", Object: "task", ObjectID: list[0].ID, Detail: "signed=" + in.SignedPost.String()})
	}
	return nil
}
