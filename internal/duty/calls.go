package duty

import (
	"context"
	"time"

	"wangge/internal/grid"
	"wangge/internal/platform/audit"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/platform/seal"
	"wangge/internal/platform/web"
	"wangge/internal/task"
)

// Log writes down a call and gives it to the post that answers for the place:
// both are there or neither. The code in the answer is for the caller. Errors:
// Denied without a post that handles tasks; NotFound for a place outside the
// caller's area; Invalid naming kind, words, phone or answered.
func (s *Service) Log(ctx context.Context, c grid.Caller, in NewCall) (Call, error) {
	const op = "duty.Log"
	if err := c.Require(op, grid.TaskDo); err != nil {
		return Call{}, err
	}
	if err := checkCall(&in); err != nil {
		return Call{}, err
	}
	at, err := s.Grid.Place(ctx, c, in.PlaceID)
	if err != nil {
		return Call{}, errs.Field(errs.Wrap(op, err), "place")
	}
	issue, err := s.issueOf(ctx, c, at, in)
	if err != nil {
		return Call{}, errs.Wrap(op, err)
	}
	call := Call{ID: id.New(), AreaID: at.AreaID, PlaceID: at.ID, Kind: in.Kind, AccountID: c.AccountID, AtMs: s.now(), HasPhone: in.Phone != "", Words: in.Words}
	if call.sealed, err = s.Keys.SealJSON(seal.Standing, seal.AAD(seal.Standing, "duty_call", call.ID), said{in.Words, in.Phone}); err != nil {
		return Call{}, errs.Wrap(op, err)
	}
	issue.Links = []task.Link{{Kind: "call", ObjectID: call.ID}}
	err = s.DB.Write(ctx, op, func(tx *db.Tx) error { return s.logTx(ctx, tx, c, &call, issue, in.Answered) })
	return call, err
}

// logTx issues the task, ends it where it was answered on the phone, and keeps
// the call under a code that no other has.
func (s *Service) logTx(ctx context.Context, tx *db.Tx, c grid.Caller, call *Call, issue task.Issue, answered bool) error {
	t, err := s.Tasks.IssueTx(ctx, tx, c, issue)
	if err == nil && answered {
		t, err = s.Tasks.ChangeTx(ctx, tx, c, t.ID, task.Change{Action: task.Finish})
	}
	if err != nil {
		return err
	}
	call.TaskID, call.State, call.PromisedMs, call.PostID = t.ID, t.State, t.PromisedMs, t.IssuerPostID
	for {
		call.Code = newCode()
		taken, err := callByCode(ctx, tx, c.District, call.Code, 0)
		if err != nil {
			return err
		}
		if len(taken) == 0 {
			return insertCall(ctx, tx, c.District, *call)
		}
	}
}

// issueOf is the task of a call: from the post that answered it, to the post
// that answers for the place; one answered on the phone stays where it is.
func (s *Service) issueOf(ctx context.Context, c grid.Caller, at grid.Place, in NewCall) (task.Issue, error) {
	out := task.Issue{Kind: in.Kind, Title: titleOf(in.Words), PlaceID: at.ID}
	if out.Title != in.Words {
		out.Text = in.Words
	}
	line, err := s.Grid.Line(ctx, c)
	if err != nil {
		return out, err
	}
	if out.FromPost, err = s.answeredBy(ctx, c, line, at.AreaID); err != nil || c.IsSystem() {
		return out, err
	}
	over, err := s.Grid.PostsOver(ctx, c, at)
	if err != nil {
		return out, err
	}
	mayIssue := line.Post(out.FromPost).Role.May(grid.TaskIssue)
	out.PostID = addressee(out.FromPost, over, line.Up(out.FromPost), mayIssue)
	if in.Answered {
		if !mayIssue {
			return out, errs.Field(errs.E("duty.Log", errs.Denied, "grid.denied.task.issue"), "answered")
		}
		out.PostID = out.FromPost
	}
	return out, nil
}

// answeredBy is the post in whose name a caller answers: the rota's that is on
// duty, if they hold it, else their first post that handles tasks.
func (s *Service) answeredBy(ctx context.Context, c grid.Caller, line *grid.Line, area id.ID) (id.ID, error) {
	posts, err := rotaOf(ctx, s.DB.Read(), c.District, area)
	if err != nil {
		return id.Zero, err
	}
	on := onDuty(line, posts, s.now())
	for _, g := range c.Grants {
		if g.PostID == on && on != id.Zero && g.Role.May(grid.TaskDo) {
			return on, nil
		}
	}
	return c.PostFor(grid.TaskDo), nil
}

// maxCalls bounds the calls of a day that are listed.
const maxCalls = 500

// Calls lists the calls of a day (the day that holds an instant, in UTC+8)
// about places below an area: those in the caller's ledger, and those they
// logged. The latest first, at most 500.
func (s *Service) Calls(ctx context.Context, c grid.Caller, area id.ID, day time.Time) ([]Call, error) {
	const op = "duty.Calls"
	if err := c.Require(op, grid.TaskDo); err != nil {
		return nil, err
	}
	p, err := s.Grid.Place(ctx, c, area)
	if err != nil {
		return nil, errs.Wrap(op, err)
	}
	from := clock.DayStart(day)
	list, err := selectCalls(ctx, s.DB.Read(), c, p.Path, clock.Ms(from), clock.Ms(from.Add(24*time.Hour)), s.now(), maxCalls)
	if err != nil {
		return nil, errs.Wrap(op, err)
	}
	return list, errs.Wrap(op, s.open(ctx, c, list))
}

// open reads what was said, and says where.
func (s *Service) open(ctx context.Context, c grid.Caller, list []Call) error {
	ids := make([]id.ID, len(list))
	for i, call := range list {
		ids[i] = call.PlaceID
		var text said
		if err := s.Keys.OpenJSON(seal.Standing, seal.AAD(seal.Standing, "duty_call", call.ID), call.sealed, &text); err != nil {
			return err
		}
		list[i].Words, list[i].phone = text.Words, text.Phone
	}
	sys := grid.System(c.District, "where calls were about, for who may read them")
	sys.Lang = c.Lang
	places, err := s.Grid.Places(ctx, s.DB.Read(), sys, ids)
	if err != nil {
		return err
	}
	all := make([]grid.Place, 0, len(places))
	for _, p := range places {
		all = append(all, p)
	}
	ways, err := s.Grid.Ways(ctx, sys, all)
	for i := range list {
		list[i].Where = ways[list[i].PlaceID]
	}
	return err
}

// Call returns a call to whoever may read it: within their ledger, logged by
// them, or whose task is theirs. Errors: NotFound.
func (s *Service) Call(ctx context.Context, c grid.Caller, call id.ID) (Call, error) {
	const op = "duty.Call"
	if err := c.Require(op, grid.TaskDo); err != nil {
		return Call{}, err
	}
	list, err := selectCall(ctx, s.DB.Read(), c, call, s.now(), true)
	if err == nil && len(list) == 0 {
		if list, err = selectCall(ctx, s.DB.Read(), c, call, s.now(), false); err == nil && len(list) > 0 {
			_, err = s.Tasks.Task(ctx, c, list[0].TaskID)
		}
	}
	if errs.Is(err, errs.NotFound) || err == nil && len(list) == 0 {
		return Call{}, errs.E(op, errs.NotFound, "duty.call.not_found")
	}
	if err == nil {
		err = s.open(ctx, c, list)
	}
	if err != nil {
		return Call{}, errs.Wrap(op, err)
	}
	return list[0], nil
}

// Phone returns the number to call back, and puts the look on record. Who may:
// those whose role sees phone numbers, and whoever has the task to do. Errors:
// NotFound, Denied.
func (s *Service) Phone(ctx context.Context, c grid.Caller, call id.ID) (string, error) {
	const op = "duty.Phone"
	got, err := s.Call(ctx, c, call)
	if err != nil {
		return "", err
	}
	if !got.HasPhone {
		return "", errs.E(op, errs.NotFound, "duty.call.no_phone")
	}
	if !c.Sees(grid.FieldPhone) {
		t, err := s.Tasks.Task(ctx, c, got.TaskID)
		if err != nil || !t.Can[task.Finish] {
			return "", errs.E(op, errs.Denied, "duty.call.phone_denied")
		}
	}
	return got.phone, s.DB.Write(ctx, op, func(tx *db.Tx) error {
		return s.Audit.Append(ctx, tx, audit.Entry{Account: c.AccountID, Post: c.PostFor(grid.TaskDo), Action: "duty.phone", Object: "duty_call", ObjectID: call})
	})
}

// Progress tells anybody who has the code of a call how far it is. from is the
// address that asks, for the limit of wrong codes. Errors: Invalid naming code,
// TooMany.
func (s *Service) Progress(ctx context.Context, c grid.Caller, code, from string) (Progress, error) {
	const op = "duty.Progress"
	if !s.codes.Take(from, s.Clock.Now()) {
		return Progress{}, errs.E(op, errs.TooMany, "duty.code.too_many", int(web.GuardWindow/time.Minute))
	}
	var list []Call
	var err error
	if clean := CleanCode(code); clean != "" {
		list, err = callByCode(ctx, s.DB.Read(), c.District, clean, s.now())
	}
	if err != nil {
		return Progress{}, errs.Wrap(op, err)
	}
	if len(list) == 0 {
		return Progress{}, errs.Field(errs.E(op, errs.Invalid, "duty.code.none"), "code")
	}
	s.codes.GiveBack(from)
	call := list[0]
	number, err := s.For(ctx, c, call.AreaID)
	return Progress{Kind: call.Kind, Stage: stageOf(call.State), AtMs: call.AtMs, PromisedMs: call.PromisedMs, Late: call.Late, Number: number}, errs.Wrap(op, err)
}
