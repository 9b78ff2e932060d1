package grid

import (
	"context"
	"slices"

	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
)

// Leave is a time in which somebody is away from a post and a substitute, if
// any, holds it. It ends by itself: the holder's term is cut in two, with the
// substitute's between, so that every right follows from terms alone.
type Leave struct {
	ID           id.ID  `json:"id"`
	PostID       id.ID  `json:"post_id"`
	AccountID    id.ID  `json:"account_id" doc:"Who is away"`
	SubstituteID id.ID  `json:"substitute_id" doc:"Who holds the post meanwhile; 0: nobody"`
	Name         string `json:"name,omitempty"`
	Substitute   string `json:"substitute,omitempty"`
	FromMs       int64  `json:"from_ms"`
	UntilMs      int64  `json:"until_ms"`

	holderID, backID, substituteHolderID id.ID
	madeBy                               id.ID
	createdMs                            int64
}

// LeavesOf lists the leaves from a post, the latest first.
func (s *Service) LeavesOf(ctx context.Context, c Caller, pid id.ID) ([]Leave, error) {
	const op = "grid.Leaves"
	if _, err := s.Post(ctx, c, pid); err != nil {
		return nil, err
	}
	list, err := queryLeaves(ctx, s.d.Read(), "district = $1 AND post_id = $2 ORDER BY from_ms DESC, id LIMIT 100", c.District, int64(pid))
	if err != nil {
		return nil, errs.Wrap(op, err)
	}
	var people []Holder
	for _, l := range list {
		people = append(people, Holder{AccountID: l.AccountID}, Holder{AccountID: l.SubstituteID})
	}
	names, err := s.accountNames(ctx, c, people)
	for i, l := range list {
		list[i].Name, list[i].Substitute = names[l.AccountID], names[l.SubstituteID]
	}
	return list, errs.Wrap(op, err)
}

// GiveLeave has the holder of a term away from FromMs (0: now) until UntilMs;
// the substitute holds the post in that time. The caller must manage the post.
// Errors: Invalid naming from, until or substitute_id; Conflict where the
// substitute holds the post then.
func (s *Service) GiveLeave(ctx context.Context, c Caller, holderID id.ID, l Leave) (Leave, error) {
	const op = "grid.GiveLeave"
	now := s.nowMs()
	l.ID, l.madeBy, l.createdMs, l.holderID = id.New(), c.AccountID, now, holderID
	l.FromMs = max(orNow(l.FromMs, now), now)
	err := s.changeTerms(ctx, op, c, func(tx *db.Tx) error {
		h, err := s.manageableTerm(ctx, tx, op, c, holderID)
		if err != nil {
			return err
		}
		l.PostID, l.AccountID = h.PostID, h.AccountID
		if err := s.checkLeave(ctx, tx, c, h, l); err != nil {
			return err
		}
		if err := s.cutTerm(ctx, tx, c, h, &l); err != nil {
			return err
		}
		if err := insertLeave(ctx, tx, c.District, l); err != nil {
			return err
		}
		s.grantsChanged(tx)
		return s.note(ctx, tx, c, PostWrite, "grid.leave.add", "post", l.PostID, "account="+l.AccountID.String()+" substitute="+l.SubstituteID.String())
	})
	return l, err
}

// manageableTerm reads a term of a post that the caller may manage.
func (s *Service) manageableTerm(ctx context.Context, q db.Queryer, op string, c Caller, holderID id.ID) (Holder, error) {
	list, err := queryHolders(ctx, q, "district = $1 AND id = $2", db.NewArgs(c.District, int64(holderID)))
	if err != nil {
		return Holder{}, err
	}
	if len(list) == 0 {
		return Holder{}, errs.E(op, errs.NotFound, "grid.post.no_holder")
	}
	_, err = s.manageable(ctx, q, op, c, list[0].PostID)
	return list[0], err
}

func (s *Service) checkLeave(ctx context.Context, q db.Queryer, c Caller, h Holder, l Leave) error {
	const op = "grid.GiveLeave"
	switch {
	case l.UntilMs == 0:
		return errs.Field(errs.E(op, errs.Invalid, "posts.leave.no_end"), "until")
	case l.UntilMs <= l.FromMs:
		return errs.Field(errs.E(op, errs.Invalid, "grid.post.ends_first"), "until")
	case !(span{h.FromMs, h.UntilMs}).covers(l.FromMs):
		return errs.Field(errs.E(op, errs.Invalid, "posts.leave.not_holder"), "from")
	case l.SubstituteID == h.AccountID:
		return errs.Field(errs.E(op, errs.Invalid, "posts.leave.same"), "substitute_id")
	case l.SubstituteID == id.Zero:
		return nil
	}
	have, err := holdersOf(ctx, q, c.District, []id.ID{h.PostID}, l.FromMs, false)
	if err == nil && slices.ContainsFunc(have, func(o Holder) bool { return o.AccountID == l.SubstituteID && o.FromMs < l.UntilMs }) {
		err = errs.Field(errs.E(op, errs.Conflict, "posts.leave.sub_holds"), "substitute_id")
	}
	return err
}

// cutTerm ends the term at the leave's start, lets it go on at its end, and
// puts the substitute between.
func (s *Service) cutTerm(ctx context.Context, tx *db.Tx, c Caller, h Holder, l *Leave) error {
	if err := setTerm(ctx, tx, c.District, h.ID, h.FromMs, l.FromMs); err != nil {
		return err
	}
	var add []Holder
	ends := l.UntilMs
	if h.UntilMs == 0 || h.UntilMs > l.UntilMs {
		l.backID = id.New()
		add = append(add, Holder{ID: l.backID, PostID: h.PostID, AccountID: h.AccountID, FromMs: l.UntilMs, UntilMs: h.UntilMs})
	} else {
		ends = h.UntilMs
	}
	if l.SubstituteID != id.Zero {
		l.substituteHolderID = id.New()
		add = append(add, Holder{ID: l.substituteHolderID, PostID: h.PostID, AccountID: l.SubstituteID, FromMs: l.FromMs, UntilMs: ends})
	}
	return insertHolders(ctx, tx, c.District, add)
}

// EndLeave has somebody back now; one that has not begun never was. Conflict
// posts.leave.ended where it is over.
func (s *Service) EndLeave(ctx context.Context, c Caller, leave id.ID) error {
	const op = "grid.EndLeave"
	return s.d.Write(ctx, op, func(tx *db.Tx) error {
		list, err := queryLeaves(ctx, tx, "district = $1 AND id = $2", c.District, int64(leave))
		if err != nil {
			return err
		}
		if len(list) == 0 {
			return errs.E(op, errs.NotFound, "posts.leave.not_found")
		}
		l, now := list[0], s.nowMs()
		if _, err := s.manageable(ctx, tx, op, c, l.PostID); err != nil {
			return err
		}
		if l.UntilMs <= now {
			return errs.E(op, errs.Conflict, "posts.leave.ended")
		}
		at := max(now, l.FromMs)
		if l.backID != id.Zero {
			if err := moveTermStart(ctx, tx, c.District, l.backID, at); err != nil {
				return err
			}
		}
		if l.substituteHolderID != id.Zero {
			if err := setHolderEnd(ctx, tx, c.District, l.substituteHolderID, at); err != nil {
				return err
			}
		}
		if err := setLeaveEnd(ctx, tx, c.District, leave, at); err != nil {
			return err
		}
		s.grantsChanged(tx)
		return s.note(ctx, tx, c, PostWrite, "grid.leave.end", "post", l.PostID, "account="+l.AccountID.String())
	})
}

// Transfer is somebody's move from one post to another.
type Transfer struct {
	HolderID    id.ID // the term that ends
	ToPost      id.ID
	SuccessorID id.ID // takes over the old post; Zero: nobody yet
	AtMs        int64 // 0: now
}

// TransferHolder ends a term and begins another in one step; open work stays
// with the post that is left. The caller must manage both posts. Errors:
// Invalid naming post_id, Conflict where somebody holds the post already.
func (s *Service) TransferHolder(ctx context.Context, c Caller, t Transfer) (Holder, error) {
	const op = "grid.Transfer"
	now := s.nowMs()
	at := max(orNow(t.AtMs, now), now)
	out := Holder{ID: id.New(), PostID: t.ToPost, FromMs: at}
	err := s.changeTerms(ctx, op, c, func(tx *db.Tx) error {
		h, err := s.manageableTerm(ctx, tx, op, c, t.HolderID)
		if err != nil {
			return err
		}
		if !(span{h.FromMs, h.UntilMs}).covers(at) {
			return errs.Field(errs.E(op, errs.Invalid, "posts.leave.not_holder"), "at")
		}
		if _, err := s.manageable(ctx, tx, op, c, t.ToPost); err != nil {
			return errs.Field(err, "post_id")
		}
		out.AccountID, out.UntilMs = h.AccountID, h.UntilMs
		add := []Holder{out}
		if t.SuccessorID != id.Zero {
			add = append(add, Holder{ID: id.New(), PostID: h.PostID, AccountID: t.SuccessorID, FromMs: at})
		}
		for i, n := range add {
			if err := s.freeFor(ctx, tx, c, n, []string{"post_id", "successor_id"}[i]); err != nil {
				return err
			}
		}
		if err := setHolderEnd(ctx, tx, c.District, h.ID, at); err != nil {
			return err
		}
		s.grantsChanged(tx)
		if err := insertHolders(ctx, tx, c.District, add); err != nil {
			return err
		}
		return s.note(ctx, tx, c, PostWrite, "grid.holder.transfer", "post", h.PostID, "account="+h.AccountID.String()+" to="+t.ToPost.String())
	})
	return out, err
}

// freeFor refuses a term of somebody who holds the post in that time.
func (s *Service) freeFor(ctx context.Context, q db.Queryer, c Caller, h Holder, field string) error {
	have, err := holdersOf(ctx, q, c.District, []id.ID{h.PostID}, h.FromMs, false)
	if err == nil && slices.ContainsFunc(have, func(o Holder) bool {
		return o.AccountID == h.AccountID && (h.UntilMs == 0 || o.FromMs < h.UntilMs)
	}) {
		err = errs.Field(errs.E("grid.Transfer", errs.Conflict, "posts.transfer.same"), field)
	}
	return err
}
