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
	"wangge/internal/platform/seal"
)

// Change is what somebody does with a task.
type Change struct {
	Action     Action
	Seen       int    // Events of the task as it was shown; 0: whatever happened since
	Note       string // reason, comment, what was done; sealed
	Answer     string // of Finish, where the task asks something
	Signed     bool   // of Finish, where the kind asks for a signature: the caller signs with name and post
	PostID     id.ID  // of HandOn and Reissue
	MergeInto  id.ID  // of Merge
	DeadlineMs int64  // of Postpone and, if another is given, of Reissue
	PhotoID    id.ID  // kept with SavePhoto
}

// Change does one thing with a task and returns it as it is then. Two who change
// it at the same time: one is told what the other did. Errors: NotFound where
// the caller has nothing to do with it; Denied; Conflict task.is.… or task.moved;
// Invalid naming note, answer, photo, signed, post, merge or deadline.
func (s *Service) Change(ctx context.Context, c grid.Caller, task id.ID, ch Change) (Task, error) {
	var t Task
	err := s.DB.Write(ctx, "task.Change", func(tx *db.Tx) (err error) {
		t, err = s.ChangeTx(ctx, tx, c, task, ch)
		return err
	})
	return t, err
}

// ChangeTx is Change within a transaction of the caller.
func (s *Service) ChangeTx(ctx context.Context, tx *db.Tx, c grid.Caller, task id.ID, ch Change) (Task, error) {
	w, err := s.work(ctx, tx, c, task)
	if err != nil {
		return Task{}, err
	}
	if err := check(w.t, ch.Action, w.stands); err != nil {
		return Task{}, err
	}
	if ruled(w.t, ch.Action) && !c.IsSystem() {
		return Task{}, errs.E("task.Change", errs.Conflict, "task.transfer.by_hops")
	}
	if ch.Seen != 0 && ch.Seen != w.t.Events {
		if err := s.moved(ctx, tx, c, w.t, ch.Seen); err != nil {
			return Task{}, err
		}
	}
	ch.Note = strings.TrimSpace(ch.Note)
	if err := w.checkNote(ch); err != nil {
		return Task{}, err
	}
	if err := w.apply(ctx, ch); err != nil {
		return Task{}, err
	}
	return w.t, w.save(ctx)
}

// quiet are the events after which what a page shows still holds.
var quiet = []string{string(Comment), string(Receive), "climb"}

// moved refuses a change by somebody who has not seen what happened since.
func (s *Service) moved(ctx context.Context, q db.Queryer, c grid.Caller, t Task, seen int) error {
	events, err := selectEvents(ctx, q, c.District, t.ID)
	for _, e := range events {
		if err == nil && e.Seq > seen && !slices.Contains(quiet, e.Kind) {
			return errs.E("task.Change", errs.Conflict, "task.moved")
		}
	}
	return err
}

// work is a task under change, within a transaction.
type work struct {
	s      *Service
	tx     *db.Tx
	c      grid.Caller
	t      Task
	r      row
	was    int // length of the history when it was read
	kinds  Kinds
	kind   Kind
	line   *grid.Line
	now    int64
	stands standing
	events []eventRow
}

// work reads a task and how the caller stands to it.
func (s *Service) work(ctx context.Context, tx *db.Tx, c grid.Caller, task id.ID) (*work, error) {
	list, err := selectTask(ctx, tx, c.District, task)
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, errs.E("task.Change", errs.NotFound, "task.not_found")
	}
	w := &work{s: s, tx: tx, c: c, r: list[0], was: list[0].Events, now: s.now()}
	opened, err := s.open(list)
	if err != nil {
		return nil, err
	}
	w.t = opened[0]
	if w.kinds, err = s.Kinds(ctx, c); err != nil {
		return nil, err
	}
	w.kind, _ = w.kinds.Get(w.t.Kind)
	if w.line, err = s.lineWith(ctx, tx, c, w.t.PostID, w.t.IssuerPostID); err != nil {
		return nil, err
	}
	watching, err := watches(ctx, tx, c.District, task, c.AccountID)
	w.stands = standingOf(w.t, c, w.line, w.now, watching)
	return w, err
}

// standingOf is how a caller stands to a task at an instant.
func standingOf(t Task, c grid.Caller, line *grid.Line, now int64, watching bool) standing {
	if c.IsSystem() {
		return owner | issuer | above
	}
	mine := postsOf(c)
	holds := func(post id.ID) bool {
		return post != id.Zero && slices.Contains(mine, line.Effective(post, now))
	}
	var s standing
	if holds(t.PostID) {
		s |= owner
	}
	if holds(t.IssuerPostID) {
		s |= issuer
	}
	if holds(t.AbovePostID) {
		s |= above
	}
	if holds(t.DoerPostID) {
		s |= doer
	}
	if watching {
		s |= watcher
	}
	if has := line.Effective(t.PostID, now); !line.Top(has) && slices.Contains(mine, line.Above(has, now)) {
		s |= oneUp
	}
	return s
}

// checkNote refuses a missing reason or too long a text.
func (w *work) checkNote(ch Change) error {
	const op = "task.Change"
	switch {
	case utf8.RuneCountInString(ch.Note) > maxNote:
		return errs.Field(errs.E(op, errs.Invalid, "error.too_long", maxNote), "note")
	case ch.Note == "" && slices.Contains(needsReason, ch.Action):
		return errs.Field(errs.E(op, errs.Invalid, "task.reason"), "note")
	case ch.Note == "" && ch.Action == Comment && ch.PhotoID == id.Zero:
		return errs.Field(errs.E(op, errs.Invalid, "error.required"), "note")
	}
	return nil
}

// apply does what the action means.
func (w *work) apply(ctx context.Context, ch Change) error {
	switch ch.Action {
	case Receive:
		w.receive()
	case Take:
		w.receive()
		w.step(string(Take), InHand, ch)
	case Finish:
		return w.finish(ch)
	case Verify:
		return w.verify(ch)
	case Accept:
		return w.close(ch)
	case Reject:
		w.reject(ch)
	case SendBack:
		w.t.DoerPostID, w.t.PostID = w.t.PostID, w.t.IssuerPostID
		w.kinds.setClock(&w.t, w.kind.after(w.now, w.kind.Check))
		w.step(string(SendBack), Returned, ch)
	case HandOn:
		return w.handOn(ch)
	case Reissue:
		return w.reissue(ch)
	case Cancel:
		return w.end(ctx, string(Cancel), Cancelled, ch)
	case Merge:
		return w.merge(ctx, ch)
	case Comment:
		w.step(string(Comment), w.t.State, ch)
	case Postpone:
		return w.postpone(ch)
	default:
		return errs.E("task.Change", errs.Invalid, "task.action.unknown")
	}
	return nil
}

// step notes an event that leads to a state.
func (w *work) step(kind string, to State, ch Change) {
	w.t.State = to
	w.t.Events++
	w.events = append(w.events, eventRow{task: w.t.ID, Event: Event{Seq: w.t.Events, Kind: kind, State: to, PostID: w.t.PostID, OtherID: ch.MergeInto,
		AccountID: w.c.AccountID, ByPostID: w.speaksFor(), AtMs: w.now, NotedMs: w.now, PhotoID: ch.PhotoID, Note: ch.Note}})
}

// speaksFor is the post in whose name the caller acts.
func (w *work) speaksFor() id.ID {
	mine := postsOf(w.c)
	for _, p := range []id.ID{w.t.PostID, w.t.IssuerPostID, w.t.AbovePostID, w.t.DoerPostID} {
		if e := w.line.Effective(p, w.now); p != id.Zero && slices.Contains(mine, e) {
			return e
		}
	}
	return w.c.PostFor(grid.TaskDo)
}

// receive notes the receipt that opening, or beginning, a task is.
func (w *work) receive() {
	if w.t.State != Issued && w.t.State != Transferred {
		return
	}
	if w.t.ReceivedMs == 0 {
		w.t.ReceivedMs = w.now
	}
	w.step(string(Receive), Received, Change{})
}

// finish says that the work is done: the kind's evidence must be there, the
// question answered. Where the doing closes it, it is closed; else it waits with
// the issuer.
func (w *work) finish(ch Change) error {
	const op = "task.Change"
	field := func(name, key string) error { return errs.Field(errs.E(op, errs.Invalid, key), name) }
	switch {
	case w.kind.Asks(EvidenceText) && ch.Note == "" && ch.Answer == "":
		return field("note", "task.evidence.text")
	case w.kind.Asks(EvidencePhoto) && ch.PhotoID == id.Zero:
		return field("photo", "task.evidence.photo")
	case w.kind.Asks(EvidenceSignature) && !ch.Signed:
		return field("signed", "task.evidence.signature")
	}
	if err := w.answer(ch.Answer); err != nil {
		return err
	}
	w.receive()
	w.t.DoneMs, w.t.doneBy = w.now, w.c.AccountID
	if w.kind.Closes == ClosesDone {
		w.step(string(Finish), Done, ch)
		w.t.EndedMs, w.t.ClimbMs = w.now, 0
		w.step("close", Closed, Change{})
		return nil
	}
	w.t.DoerPostID, w.t.PostID = w.t.PostID, w.t.IssuerPostID
	w.kinds.setClock(&w.t, w.kind.after(w.now, w.kind.Check))
	w.step(string(Finish), Done, ch)
	return nil
}

// answer seals the answer to the task's question.
func (w *work) answer(text string) (err error) {
	if w.t.Question == nil {
		return nil
	}
	if w.t.Answer, err = checkAnswer(*w.t.Question, text); err != nil {
		return err
	}
	w.r.answer, err = w.s.Keys.Seal(w.t.register, seal.AAD(w.t.register, "task_answer", w.t.ID), []byte(w.t.Answer))
	return err
}

// verify is the look of another person at what was done.
func (w *work) verify(ch Change) error {
	if w.t.doneBy == w.c.AccountID && !w.c.IsSystem() {
		return errs.E("task.Change", errs.Denied, "task.verify.self")
	}
	w.step(string(Verify), Verified, ch)
	return nil
}

// close ends what was done, and verified where the kind asks for it.
func (w *work) close(ch Change) error {
	if w.kind.Verify && w.t.State != Verified {
		return errs.E("task.Change", errs.Conflict, "task.verify.first")
	}
	w.t.EndedMs, w.t.ClimbMs = w.now, 0
	w.step(string(Accept), Closed, ch)
	return nil
}

// leastAgain is how long, in minutes, who gets a task back has at least.
const leastAgain = 120

// again is the deadline of a task that goes back to work: the first one, or two
// hours from now where that is too near.
func (w *work) again() int64 { return max(w.t.PromisedMs, w.kind.after(w.now, leastAgain)) }

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
		d, err := deadlineOf(w.kind, in, w.line, w.now)
		if err != nil {
			return err
		}
		deadline = d
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
	d, err := deadlineOf(w.kind, in, w.line, w.now)
	if err != nil {
		return err
	}
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
	case standingOf(into, w.c, w.line, w.now, false)&(owner|issuer) == 0:
		return bad("task.merge.unknown")
	case w.t.Children > 0 || w.t.RootID != id.Zero:
		return bad("task.merge.tree")
	}
	w.t.MergedID = into.ID
	if err := insertLinks(ctx, w.tx, w.c.District, into.ID, []Link{{"task", w.t.ID}}); err != nil {
		return err
	}
	return w.end(ctx, string(Merge), Merged, ch)
}

// save writes the task and what was noted.
func (w *work) save(ctx context.Context) error {
	w.r.Task = w.t
	ok, err := updateTask(ctx, w.tx, w.c.District, w.r, w.was)
	if err != nil {
		return err
	}
	if !ok {
		return errs.E("task.Change", errs.Conflict, "task.moved")
	}
	for i, e := range w.events {
		if w.events[i].sealed, err = w.s.sealNote(w.t.register, e.task, e.Seq, e.Note); err != nil {
			return err
		}
	}
	if err := insertEvents(ctx, w.tx, w.c.District, w.events); err != nil {
		return err
	}
	tell(w.tx, w.t)
	return nil
}
