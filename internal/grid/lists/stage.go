package lists

import (
	"context"

	"wangge/internal/grid"
	"wangge/internal/platform/id"
	"wangge/internal/platform/relist"
	"wangge/internal/platform/upload"
)

// List is a list that was handed in.
type List struct {
	ID        id.ID
	Kind      Kind
	Place     id.ID
	AppliedMs int64 // 0: it was not written to its end
	Writing   bool  // somebody is writing it
	Report    *relist.Report
}

func owner(c grid.Caller) upload.Owner {
	return upload.Owner{District: c.District, Account: c.AccountID, All: c.IsSystem()}
}

func optionsOf(f *upload.File, dry bool) Options {
	return Options{Kind: Kind(f.Kind), Place: f.Place, File: f.Name, Dry: dry}
}

// Stage keeps a list and says what it would change; nothing else is written.
// Errors as of Import.
func (s *Service) Stage(ctx context.Context, c grid.Caller, data []byte, o Options) (id.ID, error) {
	o.Dry = true
	if _, err := s.Import(ctx, c, data, o); err != nil {
		return id.Zero, err
	}
	f, err := s.files.Keep(ctx, owner(c), upload.File{Kind: string(o.Kind), Place: o.Place, Name: o.File, Data: data})
	if err != nil {
		return id.Zero, err
	}
	return f.ID, nil
}

// Get returns a list of one's own: with what it did, or would do now.
func (s *Service) Get(ctx context.Context, c grid.Caller, list id.ID) (*List, error) {
	f, err := s.files.Open(ctx, owner(c), list)
	if err != nil {
		return nil, err
	}
	out := &List{ID: f.ID, Kind: Kind(f.Kind), Place: f.Place, AppliedMs: f.AppliedMs, Writing: f.Writing}
	if f.AppliedMs != 0 {
		out.Report = &relist.Report{}
		return out, s.files.Result(f, out.Report)
	}
	out.Report, err = s.Import(ctx, c, f.Data, optionsOf(f, true))
	return out, err
}

// Apply makes the changes of a list of one's own as it stands now, once: errors
// as of upload.Store.Once. What broke off can be applied again; the rows that
// were written are unchanged then.
func (s *Service) Apply(ctx context.Context, c grid.Caller, list id.ID) error {
	f, err := s.files.Open(ctx, owner(c), list)
	if err != nil {
		return err
	}
	return s.files.Once(ctx, owner(c), f, func() (any, error) { return s.Import(ctx, c, f.Data, optionsOf(f, false)) })
}
