package staff

import (
	"context"

	"wangge/internal/account"
	"wangge/internal/grid"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/platform/seal"
	"wangge/internal/platform/upload"
)

// Deps are what a Service is made of.
type Deps struct {
	DB       *db.DB
	Keys     *seal.Keyring // holds the standing key
	Clock    clock.Clock
	Grid     *grid.Service
	Accounts *account.Service
}

// Service brings people into posts.
type Service struct {
	d        *db.DB
	clk      clock.Clock
	grid     *grid.Service
	accounts *account.Service
	files    *upload.Store
}

// New returns the service.
func New(d Deps) *Service {
	return &Service{d: d.DB, clk: d.Clock, grid: d.Grid, accounts: d.Accounts, files: upload.New(d.DB, d.Keys, d.Clock, Kind)}
}

// Plan says what a list would change and changes nothing. Needs post.write
// over the place. Errors: Invalid at "file" for what is no list.
func (s *Service) Plan(ctx context.Context, c grid.Caller, data []byte, o Options) (*Report, error) {
	p, err := s.plan(ctx, c, data, o)
	if err != nil {
		return nil, err
	}
	return p.report, nil
}

// Apply brings the people of a list into their posts: what Plan says, now.
// Refused rows stay out. Doing it again changes nothing.
func (s *Service) Apply(ctx context.Context, c grid.Caller, data []byte, o Options) (*Report, error) {
	p, err := s.plan(ctx, c, data, o)
	if err != nil {
		return nil, err
	}
	if err := p.apply(ctx); err != nil {
		return nil, errs.Wrap("staff.Apply", err)
	}
	return p.report, nil
}

// mayRename reports whether the caller may correct the name of an account.
func (s *Service) mayRename(ctx context.Context, c grid.Caller, acc id.ID) bool {
	return c.IsSystem() || s.accounts.Manages(ctx, acc) == nil
}
