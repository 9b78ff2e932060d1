package task

import (
	"cmp"
	"context"

	"wangge/internal/grid"
	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/platform/seal"
)

// Kept is what a record of another package asks of the task that stands for it.
// The task has the record's id and no words of its own; what it is about is
// the record's to say.
type Kept struct {
	ID         id.ID
	PostID     id.ID // answers for the record; Zero: who does already
	PlaceID    id.ID // what it is about; Zero: as it is
	FromPost   id.ID // of a new task: in whose name; Zero: the district's duty post, else PostID
	DeadlineMs int64
	Begun      bool   // somebody has begun the work
	End        Action // Finish or Cancel where the work has ended; else empty
}

// KeepTx brings the tasks of a kind in step with the records they stand for, in
// the transaction that changes those: a record without a task gets one, and
// what differs becomes the task's history. What is as it should be is left
// alone, so that it may be called for any record at any time. People change
// such tasks only through their records. Errors: Conflict task.no_duty_post
// where nobody at all would answer.
func (s *Service) KeepTx(ctx context.Context, tx *db.Tx, c grid.Caller, kind string, list []Kept) error {
	const op = "task.Keep"
	kinds, err := s.Kinds(ctx, c)
	if err != nil {
		return err
	}
	line, err := s.Grid.Line(ctx, c)
	if err != nil {
		return err
	}
	k := keeper{c: c, kind: kind, kinds: kinds, line: line, now: s.now(), told: map[id.ID]bool{}}
	there, err := selectKept(ctx, tx, c.District, kind, list)
	if err != nil {
		return errs.Wrap(op, err)
	}
	for _, want := range list {
		if t := there[want.ID]; t != nil {
			k.follow(t, want)
		} else if err := k.issue(want); err != nil {
			return err
		}
	}
	if err := insertTasks(ctx, tx, c.District, k.fresh); err != nil {
		return errs.Wrap(op, err)
	}
	if err := updateKept(ctx, tx, c.District, k.moved); err != nil {
		return errs.Wrap(op, err)
	}
	if err := insertEvents(ctx, tx, c.District, k.events); err != nil {
		return errs.Wrap(op, err)
	}
	tellPosts(tx, k.told)
	for i, t := range k.moved {
		if i < maxTold {
			tx.Notify(topicTask + t.ID.String())
		}
	}
	return nil
}

// keeper collects what brings tasks in step with their records.
type keeper struct {
	c      grid.Caller
	kind   string
	kinds  Kinds
	line   *grid.Line
	now    int64
	fresh  []row
	moved  []Task
	events []eventRow
	told   map[id.ID]bool
}

// issue makes the task of a record that has none; one that has ended needs none.
func (k *keeper) issue(want Kept) error {
	if want.PostID == id.Zero {
		want.PostID = k.line.Duty(k.now)
	}
	switch {
	case want.End != "":
		return nil
	case k.line.Effective(want.PostID, k.now) == id.Zero:
		return errs.E("task.Keep", errs.Conflict, "task.no_duty_post")
	case want.FromPost == id.Zero:
		want.FromPost = cmp.Or(k.line.Duty(k.now), want.PostID)
	}
	t := Task{ID: want.ID, Kind: k.kind, PostID: want.PostID, IssuerPostID: want.FromPost, PlaceID: want.PlaceID, PromisedMs: want.DeadlineMs,
		CreatedMs: k.now, register: seal.Standing, issuer: k.c.AccountID}
	k.kinds.setClock(&t, want.DeadlineMs)
	k.note(&t, "issue", Issued)
	k.events[len(k.events)-1].ByPostID = t.IssuerPostID
	k.begin(&t, want)
	k.fresh = append(k.fresh, row{Task: t})
	return nil
}

// follow changes an open task to what its record asks.
func (k *keeper) follow(t *Task, want Kept) {
	was := *t
	switch {
	case !t.State.Open():
	case want.End == Finish:
		k.begin(t, Kept{Begun: true})
		t.DoneMs, t.EndedMs, t.ClimbMs, t.doneBy = k.now, k.now, 0, k.c.AccountID
		k.note(t, string(Finish), Done)
		k.note(t, "close", Closed)
	case want.End != "":
		t.EndedMs, t.ClimbMs = k.now, 0
		k.note(t, string(Cancel), Cancelled)
	default:
		t.PlaceID = cmp.Or(want.PlaceID, t.PlaceID)
		if want.PostID != id.Zero && !k.stays(t.PostID, want.PostID) {
			k.told[t.PostID] = true
			t.PostID = want.PostID
			k.note(t, string(HandOn), Transferred)
		}
		if t.DeadlineMs != want.DeadlineMs {
			k.kinds.setClock(t, want.DeadlineMs)
			k.note(t, string(Postpone), t.State)
		}
		k.begin(t, want)
	}
	if t.Events != was.Events || t.PlaceID != was.PlaceID {
		k.told[was.AbovePostID], k.told[t.AbovePostID] = true, true
		k.moved = append(k.moved, *t)
	}
}

// stays reports whether a task stays with its post: two posts over one place
// answer alike, so that a new one there takes nothing from the other.
func (k *keeper) stays(has, want id.ID) bool {
	a, b := k.line.Post(has), k.line.Post(want)
	return has == want || a != nil && b != nil && a.Runs(k.now) && a.Path == b.Path && a.Role == b.Role
}

// begin notes that the work on a task was begun.
func (k *keeper) begin(t *Task, want Kept) {
	if !want.Begun || t.State != Issued && t.State != Received && t.State != Transferred {
		return
	}
	if t.ReceivedMs == 0 {
		t.ReceivedMs = k.now
	}
	k.note(t, string(Take), InHand)
}

// note adds a line to a task's history that leads to a state.
func (k *keeper) note(t *Task, kind string, to State) {
	t.State = to
	t.Events++
	k.told[t.PostID] = true
	k.events = append(k.events, eventRow{task: t.ID, Event: Event{Seq: t.Events, Kind: kind, State: to, PostID: t.PostID, AccountID: k.c.AccountID,
		ByPostID: k.c.PostFor(grid.TaskDo), AtMs: k.now, NotedMs: k.now}})
}

// Custody is who answers for the task of a record, in words.
type Custody struct {
	TaskID  id.ID  `json:"task_id"`
	Owner   string `json:"owner" doc:"The post it belongs to"`
	Answers string `json:"answers" doc:"The post whose holder answers now: the owner, or the nearest filled one up the line"`
	Above   string `json:"above,omitempty" doc:"The post it climbed to"`
	ClimbMs int64  `json:"climb_ms,omitempty" doc:"When it climbs next"`
}

// CustodyOf says who answers for the open task of a record that the caller may
// see; nil where there is none.
func (s *Service) CustodyOf(ctx context.Context, c grid.Caller, kind string, record id.ID) (*Custody, error) {
	const op = "task.CustodyOf"
	there, err := selectKept(ctx, s.DB.Read(), c.District, kind, []Kept{{ID: record}})
	t := there[record]
	if err != nil || t == nil || !t.State.Open() {
		return nil, errs.Wrap(op, err)
	}
	line, err := s.Grid.Line(ctx, c)
	if err != nil {
		return nil, err
	}
	answers := line.Effective(t.PostID, s.now())
	words, err := s.postsFor(ctx, c, []id.ID{t.PostID, answers, t.AbovePostID})
	return &Custody{TaskID: t.ID, Owner: words[t.PostID], Answers: words[answers], Above: words[t.AbovePostID], ClimbMs: t.ClimbMs}, errs.Wrap(op, err)
}
