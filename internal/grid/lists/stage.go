package lists

import (
	"cmp"
	"context"
	"time"

	"wangge/internal/grid"
	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/platform/relist"
	"wangge/internal/platform/seal"
)

// keep is how long a list that was handed in is kept.
const keep = 7 * 24 * time.Hour

// claim is how long a list counts as being written: longer than a request lives.
const claim = 10 * time.Minute

// List is a list that was handed in.
type List struct {
	ID        id.ID
	Kind      Kind
	Place     id.ID
	AppliedMs int64 // 0: it was not written to its end
	Writing   bool  // somebody is writing it
	Report    *relist.Report
}

// content is what is sealed of a list.
type content struct {
	File string `json:"file"`
	Data []byte `json:"data"`
}

func listAAD(list id.ID) string   { return seal.AAD(seal.Standing, "list_in", list) }
func resultAAD(list id.ID) string { return seal.AAD(seal.Standing, "list_in_result", list) }

// Stage keeps a list and says what it would change; nothing else is written.
// Errors as of Import.
func (s *Service) Stage(ctx context.Context, c grid.Caller, data []byte, o Options) (id.ID, error) {
	const op = "lists.Stage"
	o.Dry = true
	if _, err := s.Import(ctx, c, data, o); err != nil {
		return id.Zero, err
	}
	l := stored{ID: id.New(), Kind: o.Kind, Place: o.Place, Account: c.AccountID, Created: s.now()}
	var err error
	if l.sealed, err = s.keys.SealJSON(seal.Standing, listAAD(l.ID), content{o.File, data}); err != nil {
		return id.Zero, errs.Wrap(op, err)
	}
	return l.ID, s.d.Write(ctx, op, func(tx *db.Tx) error {
		if err := deleteLists(ctx, tx, c.District, l.Created-keep.Milliseconds()); err != nil {
			return err
		}
		return insertList(ctx, tx, c.District, l)
	})
}

// open reads a list of the caller's.
func (s *Service) open(ctx context.Context, c grid.Caller, list id.ID) (stored, content, error) {
	const op = "lists.open"
	l, err := selectList(ctx, s.d.Read(), c.District, list)
	if err != nil {
		return l, content{}, errs.Wrap(op, err)
	}
	if l.Account != c.AccountID && !c.IsSystem() {
		return l, content{}, errs.E(op, errs.NotFound, "lists.not_found")
	}
	var in content
	err = s.keys.OpenJSON(seal.Standing, listAAD(l.ID), l.sealed, &in)
	return l, in, errs.Wrap(op, err)
}

// Get returns a list of one's own: with what it did, or would do now.
func (s *Service) Get(ctx context.Context, c grid.Caller, list id.ID) (*List, error) {
	l, in, err := s.open(ctx, c, list)
	if err != nil {
		return nil, err
	}
	out := &List{ID: l.ID, Kind: l.Kind, Place: l.Place}
	if l.written() {
		out.AppliedMs, out.Report = l.Applied, &relist.Report{}
		return out, errs.Wrap("lists.Get", s.keys.OpenJSON(seal.Standing, resultAAD(l.ID), l.result, out.Report))
	}
	out.Writing = l.Applied != 0 && l.Applied >= s.lost()
	out.Report, err = s.Import(ctx, c, in.Data, Options{Kind: l.Kind, Place: l.Place, File: in.File, Dry: true})
	return out, err
}

// lost is the instant before which a writing that has not ended began is taken
// to have broken off.
func (s *Service) lost() int64 { return s.now() - claim.Milliseconds() }

// Apply makes the changes of a list of one's own as it stands now, once:
// Conflict lists.applied where that was done, lists.writing while it is. What
// broke off can be applied again; the rows that were written are unchanged then.
func (s *Service) Apply(ctx context.Context, c grid.Caller, list id.ID) error {
	const op = "lists.Apply"
	l, in, err := s.open(ctx, c, list)
	if err != nil {
		return err
	}
	if l.written() {
		return errs.E(op, errs.Conflict, "lists.applied")
	}
	began := s.now()
	err = s.d.Write(ctx, op, func(tx *db.Tx) error {
		mine, err := claimList(ctx, tx, c.District, list, began, s.lost())
		if err == nil && !mine {
			return errs.E(op, errs.Conflict, "lists.writing")
		}
		return err
	})
	if err != nil {
		return err
	}
	result, err := s.write(ctx, c, l, in)
	done := context.WithoutCancel(ctx)
	ended := s.d.Write(done, op, func(tx *db.Tx) error {
		return endClaim(done, tx, c.District, list, began, s.now(), result)
	})
	return cmp.Or(err, ended)
}

// write makes the changes and returns what they came to, sealed.
func (s *Service) write(ctx context.Context, c grid.Caller, l stored, in content) ([]byte, error) {
	r, err := s.Import(ctx, c, in.Data, Options{Kind: l.Kind, Place: l.Place, File: in.File})
	if err != nil {
		return nil, err
	}
	return s.keys.SealJSON(seal.Standing, resultAAD(l.ID), r)
}
