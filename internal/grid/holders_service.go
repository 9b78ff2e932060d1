package grid

import (
	"context"

	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
)

// AddHolder puts an account into a post for a period (from 0: now, until 0:
// open). Somebody may hold a post only once at a time.
func (s *Service) AddHolder(ctx context.Context, c Caller, h Holder) (Holder, error) {
	if h.FromMs == 0 {
		h.FromMs = s.nowMs()
	}
	h.ID = id.New()
	return h, s.d.Write(ctx, "grid.AddHolder", func(tx *db.Tx) error { return s.AddHolderIn(ctx, tx, c, h) })
}

// AddHolderIn is AddHolder within a transaction of the caller; the holder has
// its id and first instant.
func (s *Service) AddHolderIn(ctx context.Context, tx *db.Tx, c Caller, h Holder) error {
	const op = "grid.AddHolder"
	p, err := s.manageable(ctx, tx, op, c, h.PostID)
	if err != nil {
		return err
	}
	switch {
	case h.AccountID == id.Zero:
		return errs.Field(errs.E(op, errs.Invalid, "error.required"), "account_id")
	case h.UntilMs != 0 && h.UntilMs <= h.FromMs:
		return errs.Field(errs.E(op, errs.Invalid, "grid.post.ends_first"), "until")
	}
	have, err := holdersOf(ctx, tx, c.District, []id.ID{p.ID}, h.FromMs, false)
	if err != nil {
		return err
	}
	for _, o := range have {
		if o.AccountID == h.AccountID && (h.UntilMs == 0 || o.FromMs < h.UntilMs) {
			return errs.Field(errs.E(op, errs.Conflict, "grid.post.holds_already"), "account_id")
		}
	}
	if err := s.AddHoldersIn(ctx, tx, c, []Holder{h}); err != nil {
		return err
	}
	return s.note(ctx, tx, c, PostWrite, "grid.holder.add", "post", p.ID, "account="+h.AccountID.String())
}

// AddHoldersIn puts accounts into posts made in the same transaction; who
// made the posts has been asked for the right and audits it.
func (s *Service) AddHoldersIn(ctx context.Context, tx *db.Tx, c Caller, list []Holder) error {
	now := s.nowMs()
	for i := range list {
		if list[i].ID == id.Zero {
			list[i].ID = id.New()
		}
		if list[i].FromMs == 0 {
			list[i].FromMs = now
		}
	}
	s.grantsChanged(tx)
	return insertHolders(ctx, tx, c.District, list)
}

// EndHolder ends somebody's term at an instant (0: now).
func (s *Service) EndHolder(ctx context.Context, c Caller, hid id.ID, until int64) error {
	const op = "grid.EndHolder"
	return s.changeTerms(ctx, op, c, func(tx *db.Tx) error {
		list, err := queryHolders(ctx, tx, "district = $1 AND id = $2", db.NewArgs(c.District, int64(hid)))
		if err != nil {
			return err
		}
		if len(list) == 0 {
			return errs.E(op, errs.NotFound, "grid.post.no_holder")
		}
		if _, err := s.manageable(ctx, tx, op, c, list[0].PostID); err != nil {
			return err
		}
		if until == 0 {
			until = s.nowMs()
		}
		if err := setHolderEnd(ctx, tx, c.District, hid, max(until, s.nowMs())); err != nil {
			return err
		}
		s.grantsChanged(tx)
		return s.note(ctx, tx, c, PostWrite, "grid.holder.end", "post", list[0].PostID, "account="+list[0].AccountID.String())
	})
}
