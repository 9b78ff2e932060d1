package task

import (
	"cmp"
	"context"
	"slices"

	"wangge/internal/grid"
	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
)

// View is a task as its page shows it to somebody.
type View struct {
	Task
	KindName  string           `json:"kind_name"`
	Posts     map[id.ID]string `json:"-"` // posts in words
	Names     map[id.ID]string `json:"-"` // accounts
	History   []Event          `json:"history"`
	Links     []Tie            `json:"links"`
	MoreLinks int              `json:"more_links,omitempty" doc:"Links beyond those listed: at most 50 are"`
	Covers    []Cover          `json:"covers" doc:"Who answered for the owning post while nobody held it"`
	AnswersID id.ID            `json:"answers_id" doc:"The post that answers for it now: the owner's, or the nearest filled one up the line"`
	On        []string         `json:"on,omitempty" doc:"Who is in that post"`
	Watching  bool             `json:"watching"`
	Can       map[Action]bool  `json:"can" doc:"What the caller may do with it now"`
	CanPass   bool             `json:"can_pass"`
	OwnWork   bool             `json:"own_work,omitempty" doc:"It waits for being verified by somebody else than the caller, who did it"`
	Spec      Kind             `json:"kind_spec"`
	IsLate    bool             `json:"late"`
	Quiet     int64            `json:"quiet_until_ms,omitempty" doc:"Residents are not called on before"`
	Where     string           `json:"where,omitempty" doc:"The place it is about, in words"`
	stands    standing
	tied      map[Link]Tie // what links and their history speak of, in words
	on        []id.ID      // accounts in the post that answers
}

// Lets reports whether the caller may do an action with the task now.
func (v View) Lets(action string) bool { return v.Can[Action(action)] }

// Cover is who answered for a post, from an instant on.
type Cover struct {
	AtMs      int64 `json:"at_ms"`
	AnswersID id.ID `json:"answers_id"`
}

// Task returns a task with its history. Who may: the posts that own, issued,
// did or supervise it, one line up from the owner, and watchers who still stand
// somewhere up the line; everybody else
// gets NotFound. The answer is shown to who gave it and to the level above.
func (s *Service) Task(ctx context.Context, c grid.Caller, task id.ID) (View, error) {
	const op = "task.Task"
	var v View
	if err := c.Require(op, grid.TaskDo); err != nil {
		return v, err
	}
	b, err := s.bearings(ctx, c)
	if err != nil {
		return v, err
	}
	err = s.DB.Snapshot(ctx, op, func(q db.Queryer) error { return s.read(ctx, q, c, b, task, &v) })
	if err != nil {
		return v, err
	}
	return v, errs.Wrap(op, s.words(ctx, c, b, &v))
}

// bearings are what it takes to judge how a caller stands to tasks at an instant.
type bearings struct {
	kinds  Kinds
	line   *grid.Line
	shifts Shifts
	now    int64
}

// bearings reads them, each by a reader of its own where it is not kept: not
// within a snapshot, whose reader would be held while waiting for a second one.
func (s *Service) bearings(ctx context.Context, c grid.Caller) (b bearings, err error) {
	b.now = s.now()
	if b.kinds, err = s.Kinds(ctx, c); err != nil {
		return b, err
	}
	if b.line, err = s.Grid.Line(ctx, c); err != nil {
		return b, err
	}
	b.shifts, err = s.shiftsOf(ctx, c, b.line, b.now)
	return b, err
}

func (s *Service) read(ctx context.Context, q db.Queryer, c grid.Caller, b bearings, task id.ID, v *View) error {
	list, err := selectTask(ctx, q, c.District, task)
	if err != nil {
		return err
	}
	if len(list) == 0 {
		return errs.E("task.Task", errs.NotFound, "task.not_found")
	}
	opened, err := s.open(c.Lang, list)
	if err != nil {
		return err
	}
	if v.Watching, err = watches(ctx, q, c.District, task, c.AccountID); err != nil {
		return err
	}
	if err := b.judge(c, opened[0], v); err != nil {
		return err
	}
	if v.Links, err = selectTies(ctx, q, c.District, task); err != nil {
		return err
	}
	if v.Covers, err = selectCovers(ctx, q, c.District, v.PostID, v.CreatedMs, cmp.Or(v.EndedMs, s.now())); err != nil {
		return err
	}
	events, err := selectEvents(ctx, q, c.District, task)
	for _, e := range events {
		if len(e.sealed) > 0 && err == nil {
			b, bad := s.Keys.Open(v.register, eventAAD(v.register, task, e.Seq), e.sealed)
			if bad != nil && !errs.Is(bad, errs.NotFound) {
				err = bad
			}
			e.Note = string(b)
			e.Note = noteIn(c.Lang, e.Event)
		}
		v.History = append(v.History, e.Event)
	}
	if err != nil {
		return err
	}
	return s.addPlaces(ctx, q, c.District, v.History)
}

// judge works out how the caller stands to a task, and leaves out what is not
// for them.
func (b bearings) judge(c grid.Caller, t Task, v *View) error {
	line, now := b.line, b.now
	v.Task = t
	v.Spec, _ = b.kinds.Get(t.Kind)
	v.KindName = v.Spec.Name(c.Lang)
	v.stands = standingOf(t, c, line, now, v.Watching, b.shifts)
	if v.stands == 0 {
		return errs.E("task.Task", errs.NotFound, "task.not_found")
	}
	if v.stands&(owner|issuer|doer) == 0 {
		v.Answer = ""
	}
	v.AnswersID = line.Effective(t.PostID, now)
	v.Can = can(t, v.stands)
	v.CanPass = c.Can(grid.TaskIssue) && t.Kind == KindDirective && !t.Head() && v.stands&owner != 0 && slices.Contains(working, t.State)
	v.IsLate = t.Late(now)
	v.Quiet = v.Spec.QuietUntil(now)
	v.on = line.Post(v.AnswersID).Holders(now)
	for a := range v.Can {
		v.Can[a] = v.Can[a] && !ruled(t, a)
	}
	v.OwnWork = v.Can[Verify] && v.Spec.Verify && t.doneBy == c.AccountID
	v.Can[Verify] = v.Can[Verify] && v.Spec.Verify && !v.OwnWork
	v.Can[Accept] = v.Can[Accept] && (!v.Spec.Verify || t.State == Verified)
	return nil
}

// shown is a task that the caller changed, as they may read it now; who has
// nothing to do with it any more is told where it is and how it stands.
func (s *Service) shown(ctx context.Context, c grid.Caller, t Task) (Task, error) {
	v, err := s.Task(ctx, c, t.ID)
	if errs.Is(err, errs.NotFound) {
		return Task{ID: t.ID, Kind: t.Kind, State: t.State, PostID: t.PostID, Events: t.Events}, nil
	}
	return v.Task, err
}

// words fills in what posts and people are called.
func (s *Service) words(ctx context.Context, c grid.Caller, b bearings, v *View) (err error) {
	posts := []id.ID{v.PostID, v.IssuerPostID, v.AbovePostID, v.DoerPostID, v.AnswersID, v.SignedPostID}
	accounts := slices.Clone(v.on)
	for _, e := range v.History {
		posts = append(posts, e.PostID, e.ByPostID, e.OtherID)
		accounts = append(accounts, e.AccountID)
	}
	for _, l := range v.Links {
		if l.Kind == linkKnow {
			posts = append(posts, l.ObjectID)
		}
	}
	for _, k := range v.Covers {
		posts = append(posts, k.AnswersID)
	}
	if v.Posts, err = s.postsFor(ctx, c, posts); err != nil {
		return err
	}
	if v.Names, err = s.names(ctx, accounts); err != nil {
		return err
	}
	for _, a := range v.on {
		if n := v.Names[a]; n != "" {
			v.On = append(v.On, n)
		}
	}
	if err := s.tieWords(ctx, c, b, v); err != nil {
		return err
	}
	if v.PlaceID != id.Zero {
		places, err := s.Grid.Places(ctx, s.DB.Read(), c, []id.ID{v.PlaceID})
		if err != nil {
			return err
		}
		p := places[v.PlaceID]
		ways, err := s.Grid.Ways(ctx, c, []grid.Place{p})
		v.Where = ways[p.ID]
		return err
	}
	return nil
}

// postsFor writes posts in words for somebody: who works in one community needs no
// word of it, who looks at several does.
func (s *Service) postsFor(ctx context.Context, c grid.Caller, posts []id.ID) (map[id.ID]string, error) {
	in := ""
	for i, g := range c.Grants {
		at := g.Path[:min(len(g.Path), communityWidth)]
		if len(at) < communityWidth || i > 0 && at != in {
			return s.PostsInArea(ctx, c, posts)
		}
		in = at
	}
	return s.postWords(ctx, c, posts)
}

func (s *Service) postWords(ctx context.Context, c grid.Caller, posts []id.ID) (map[id.ID]string, error) {
	posts = slices.DeleteFunc(slices.Clone(posts), func(p id.ID) bool { return p == id.Zero })
	words, err := s.Grid.PostWords(ctx, c, posts)
	out := make(map[id.ID]string, len(words))
	for p, w := range words {
		out[p] = w.String()
	}
	return out, err
}

func (s *Service) names(ctx context.Context, accounts []id.ID) (map[id.ID]string, error) {
	accounts = slices.DeleteFunc(accounts, func(a id.ID) bool { return a == id.Zero })
	if s.Names == nil || len(accounts) == 0 {
		return nil, nil
	}
	return s.Names(ctx, accounts)
}

// Watch begins or ends the caller's watching of a task; one may watch what one
// may see.
func (s *Service) Watch(ctx context.Context, c grid.Caller, task id.ID, on bool) error {
	const op = "task.Watch"
	return s.DB.Write(ctx, op, func(tx *db.Tx) error {
		w, err := s.work(ctx, tx, c, task)
		if err != nil {
			return err
		}
		if on && w.stands == 0 {
			return errs.E(op, errs.NotFound, "task.not_found")
		}
		return setWatch(ctx, tx, c.District, task, c.AccountID, on)
	})
}
