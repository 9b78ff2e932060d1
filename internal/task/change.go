package task

import (
	"context"
	"slices"
	"strings"
	"unicode/utf8"

	"wangge/internal/grid"
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
	if !c.IsSystem() {
		if err := rules(w.t, ch.Action); err != nil {
			return Task{}, err
		}
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

// quiet are the events after which what a page shows still holds, besides those
// of links.
var quiet = []string{string(Comment), string(Receive), "climb"}

// moved refuses a change by somebody who has not seen what happened since.
func (s *Service) moved(ctx context.Context, q db.Queryer, c grid.Caller, t Task, seen int) error {
	events, err := selectEvents(ctx, q, c.District, t.ID)
	for _, e := range events {
		if err == nil && e.Seq > seen && !slices.Contains(quiet, e.Kind) && linkOf(e.Event).Kind == "" {
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
	shifts Shifts
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
	opened, err := s.open(c.Lang, list)
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
	if err != nil {
		return nil, err
	}
	if w.shifts, err = s.shiftsOf(ctx, c, w.line, w.now); err != nil {
		return nil, err
	}
	w.stands = standingOf(w.t, c, w.line, w.now, watching, w.shifts)
	return w, nil
}

// standingOf is how a caller stands to a task at an instant. Who minds a post
// while nobody of it has the shift does what its holder may.
func standingOf(t Task, c grid.Caller, line *grid.Line, now int64, watching bool, x Shifts) standing {
	if c.IsSystem() {
		return owner | issuer | above
	}
	mine := postsOf(c)
	holds := func(post id.ID) bool {
		return post != id.Zero && slices.Contains(mine, line.Effective(post, now))
	}
	var s standing
	if holds(t.PostID) || x.minds(line, t.PostID, now) {
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
	if has := line.Effective(t.PostID, now); !line.Top(has) && slices.Contains(mine, line.Above(has, now)) {
		s |= oneUp
	}
	if watching && (s != 0 || overs(t, mine, line)) {
		s |= watcher
	}
	return s
}

// overs reports whether one of some posts stands up the line from a task: who
// watched it and changed posts reads it no longer.
func overs(t Task, mine []id.ID, line *grid.Line) bool {
	for _, p := range []id.ID{t.PostID, t.DoerPostID} {
		if p != id.Zero && slices.ContainsFunc(line.Up(p), func(up id.ID) bool { return slices.Contains(mine, up) }) {
			return true
		}
	}
	return false
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

// answer keeps the answer to the task's question.
func (w *work) answer(text string) error {
	if w.t.Question == nil {
		return nil
	}
	text, err := checkAnswer(*w.t.Question, text)
	if err != nil {
		return err
	}
	return w.keepAnswer(text)
}

// keepAnswer seals an answer that fits.
func (w *work) keepAnswer(text string) (err error) {
	w.t.Answer = text
	w.r.answer, err = w.s.Keys.Seal(w.t.register, seal.AAD(w.t.register, "task_answer", w.t.ID), []byte(text))
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
