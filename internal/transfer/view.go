package transfer

import (
	"context"
	"slices"

	"wangge/internal/grid"
	"wangge/internal/platform/audit"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
)

// View is a transfer as its page shows it to somebody.
type View struct {
	Transfer
	Posts    map[id.ID]string `json:"posts,omitempty" doc:"Posts in words"`
	Names    map[id.ID]string `json:"names,omitempty" doc:"Accounts that confirmed"`
	Where    string           `json:"where,omitempty" doc:"The home, in words"`
	Missing  []Lack           `json:"missing,omitempty" doc:"What keeps it from starting"`
	MayLead  bool             `json:"may_lead" doc:"May prepare and start it"`
	Side     string           `json:"side,omitempty" enum:"from,to,both" doc:"The caller's side of the running hop"`
	Code     string           `json:"code,omitempty" doc:"To show to the other side"`
	Has      id.ID            `json:"has_post_id,omitempty" doc:"The post that has the people"`
	Late     bool             `json:"late"`
	OnlyCare bool             `json:"only_care" doc:"Shown to who looks after somebody left behind: nothing else is theirs to see"`
	NowMs    int64            `json:"as_of_ms"`
	accept   []id.ID
}

// Accepts reports whether the caller answers for the post that is to look after
// somebody left behind and has not accepted.
func (v View) Accepts(left id.ID) bool { return slices.Contains(v.accept, left) }

// Running is the hop that runs; nil before the start and after the end.
func (v View) Running() *Hop {
	if v.State != Moving {
		return nil
	}
	return &v.Hops[v.Hop-1]
}

// Transfer returns a transfer as the caller may see it. Who may: the posts of
// the chain and the issuer, whoever may see its task, and the posts that look
// after those left behind, who see only whom they care for. Who is left behind
// and who has the keys is for who leads it; that they looked is recorded. Why somebody needs
// a carer is shown to those who may see the care list. Errors: NotFound.
func (s *Service) Transfer(ctx context.Context, c grid.Caller, transfer id.ID) (View, error) {
	const op = "transfer.Read"
	v := View{NowMs: s.now()}
	if err := c.Require(op, grid.TaskDo); err != nil {
		return v, err
	}
	line, err := s.Grid.Line(ctx, c)
	if err != nil {
		return v, errs.Wrap(op, err)
	}
	if v.Transfer, err = s.read(ctx, s.DB.Read(), c.District, transfer); err != nil {
		return v, errs.Wrap(op, err)
	}
	is := stands(v.Transfer, c, line, v.NowMs)
	if is == 0 {
		if _, err := s.Tasks.Task(ctx, c, transfer); err != nil {
			return v, errs.E(op, errs.NotFound, "transfer.not_found")
		}
	}
	s.judge(&v, c, line, is)
	if err := s.look(ctx, c, v.Left); err != nil {
		return v, errs.Wrap(op, err)
	}
	if v.MayLead && v.State == Planned {
		drawn, err := s.staying(ctx, c.District, v.Transfer)
		if err != nil {
			return v, errs.Wrap(op, err)
		}
		v.Missing = lacks(v.Transfer, drawn, v.NowMs)
	}
	return v, errs.Wrap(op, s.words(ctx, c, &v))
}

// Concerns reports whether a transfer is one of a post that the caller answers
// for, so that their page of it may hear that it moved. Nothing of it is read.
func (s *Service) Concerns(ctx context.Context, c grid.Caller, transfer id.ID) bool {
	line, err := s.Grid.Line(ctx, c)
	if err != nil {
		return false
	}
	t, err := selectTransfer(ctx, s.DB.Read(), c.District, transfer)
	return err == nil && stands(t, c, line, s.now()) != 0
}

// judge says what the caller may do, and leaves out what is not for them.
func (s *Service) judge(v *View, c grid.Caller, line *grid.Line, is standing) {
	v.MayLead, v.OnlyCare, v.Has = is&leads != 0, is == cares, v.has()
	for _, l := range v.Left {
		if l.CarerPostID != id.Zero && l.AcceptedMs == 0 && (!l.Back || l.care.owner == l.CarerPostID) && v.TaskState.Open() && answers(c, line, l.CarerPostID, v.NowMs) {
			v.accept = append(v.accept, l.ID)
		}
	}
	if h := v.Running(); h != nil {
		v.Late = h.Late(v.NowMs)
		gives, takes := answers(c, line, h.FromPostID, v.NowMs), answers(c, line, h.ToPostID, v.NowMs)
		switch {
		case gives && takes:
			v.Side = "both"
		case gives:
			v.Side, v.Code = string(giving), s.code(v.ID, h.Seq, giving)
		case takes:
			v.Side, v.Code = string(taking), s.code(v.ID, h.Seq, taking)
		}
	}
	if v.OnlyCare {
		v.People, v.Hops, v.To, v.Has = nil, nil, "", id.Zero
	}
	if !v.MayLead { // who is left alone, and who has the keys, is for who leads; each carer sees whom they care for
		v.Keys, v.Unnamed = "", 0
		v.Left = slices.DeleteFunc(v.Left, func(l Left) bool { return l.CarerPostID == id.Zero || !answers(c, line, l.CarerPostID, v.NowMs) })
	}
	if !c.Sees(grid.FieldCare) {
		for i := range v.Left {
			if v.Left[i].Kind != Pets {
				v.Left[i].Kind = ""
			}
		}
	}
}

// look records that the caller sees who is left behind.
func (s *Service) look(ctx context.Context, c grid.Caller, list []Left) error {
	var persons []id.ID
	for _, l := range list {
		if l.PersonID != id.Zero {
			persons = append(persons, l.PersonID)
		}
	}
	if c.IsSystem() || len(persons) == 0 {
		return nil
	}
	k := audit.Look{Account: c.AccountID, Post: c.PostFor(grid.TaskDo), Purpose: "transfer"}
	for _, g := range c.Grants {
		if g.PostID == k.Post {
			k.Role = string(g.Role)
		}
	}
	return s.Audit.LookOutside(ctx, s.DB, k, persons...)
}

// words fills in what posts, people and the home are called.
func (s *Service) words(ctx context.Context, c grid.Caller, v *View) error {
	posts, accounts := []id.ID{v.IssuerPostID}, []id.ID{}
	for _, h := range v.Hops {
		posts = append(posts, h.FromPostID, h.ToPostID)
		accounts = append(accounts, h.GaveBy, h.TookBy)
	}
	for _, l := range v.Left {
		posts = append(posts, l.CarerPostID)
	}
	var err error
	if v.Posts, err = s.Tasks.PostsInArea(ctx, c, posts); err != nil {
		return err
	}
	accounts = slices.DeleteFunc(accounts, func(a id.ID) bool { return a == id.Zero })
	if s.Names != nil && len(accounts) > 0 {
		if v.Names, err = s.Names(ctx, accounts); err != nil {
			return err
		}
	}
	if v.HomeID == id.Zero {
		return nil
	}
	v.Where, err = s.where(ctx, c, v.HomeID)
	return err
}

func (s *Service) where(ctx context.Context, c grid.Caller, door id.ID) (string, error) {
	places, err := s.Grid.Places(ctx, s.DB.Read(), grid.System(c.District, "transfer"), []id.ID{door})
	if err != nil {
		return "", err
	}
	ways, err := s.Grid.Ways(ctx, c, []grid.Place{places[door]})
	return ways[door], err
}

// maxRows bounds the list of transfers.
const maxRows = 100

// Line of the list of transfers.
type Line struct {
	ID        id.ID  `json:"id"`
	To        string `json:"to"`
	State     State  `json:"state"`
	Hop       int    `json:"hop"`
	Hops      int    `json:"hops"`
	Has       string `json:"has" doc:"The post that has the people"`
	DueMs     int64  `json:"due_ms,omitempty" doc:"Of the running hop"`
	Late      bool   `json:"late"`
	CreatedMs int64  `json:"created_ms"`
}

// Transfers lists the transfers that the caller's posts have to do with, open
// ones first, the latest first. Needs task.do.
func (s *Service) Transfers(ctx context.Context, c grid.Caller) ([]Line, error) {
	const op = "transfer.List"
	if err := c.Require(op, grid.TaskDo); err != nil {
		return nil, err
	}
	line, err := s.Grid.Line(ctx, c)
	if err != nil {
		return nil, errs.Wrap(op, err)
	}
	var own []id.ID
	for _, g := range c.Grants {
		own = append(own, g.PostID)
	}
	ids, err := selectMine(ctx, s.DB.Read(), c.District, append(own, line.Vacant(own, s.now())...), maxRows)
	if err != nil {
		return nil, errs.Wrap(op, err)
	}
	out := make([]Line, 0, len(ids))
	for _, v := range ids {
		l, err := s.line(ctx, c, line, v)
		if err != nil {
			return nil, errs.Wrap(op, err)
		}
		out = append(out, l)
	}
	return out, nil
}

func (s *Service) line(ctx context.Context, c grid.Caller, line *grid.Line, transfer id.ID) (Line, error) {
	t, err := s.read(ctx, s.DB.Read(), c.District, transfer)
	if err != nil {
		return Line{}, err
	}
	l := Line{ID: t.ID, To: t.To, State: t.State, Hop: t.Hop, Hops: len(t.Hops), CreatedMs: t.CreatedMs}
	has := t.has()
	if t.State == Moving {
		h := t.Hops[t.Hop-1]
		l.DueMs, l.Late = h.DueMs, h.Late(s.now())
	}
	if stands(t, c, line, s.now()) == cares {
		l.To = ""
	}
	words, err := s.Tasks.PostsInArea(ctx, c, []id.ID{has})
	l.Has = words[has]
	return l, err
}
