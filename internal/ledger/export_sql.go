package ledger

import (
	"context"
	"slices"

	"wangge/internal/grid"
	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
)

// fullList checks that the caller may take a list out unmasked and returns the
// caller with the rights of such roles only, and the path of its place.
func (s *Service) fullList(ctx context.Context, op string, c grid.Caller, f Filter) (grid.Caller, string, error) {
	if err := c.Require(op, grid.ExportFull); err != nil {
		return c, "", err
	}
	if !f.Exportable() {
		return c, "", errs.E(op, errs.Denied, "ledger.export.never")
	}
	path, err := s.placePath(ctx, c, f.Place)
	if err != nil {
		return c, "", errs.Wrap(op, err)
	}
	c.Grants = slices.DeleteFunc(slices.Clone(c.Grants), func(g grid.Grant) bool { return !g.Role.May(grid.ExportFull) })
	return c, path, c.RequirePlace(op, grid.ExportFull, path)
}

// CountFull returns how many persons a list holds that would leave unmasked,
// and the path of its place, without looking at them. Denied where the caller
// may not take it out, or nobody may.
func (s *Service) CountFull(ctx context.Context, c grid.Caller, f Filter) (n int, path string, err error) {
	const op = "ledger.CountFull"
	if c, path, err = s.fullList(ctx, op, c, f); err != nil {
		return 0, "", err
	}
	a := db.NewArgs(c.District)
	where := f.where(a, path)
	err = s.db.Read().QueryRowContext(ctx, "SELECT COUNT(*) FROM "+fromDoors+" WHERE p.district = $1 AND d.district = $1 AND "+where+
		" AND "+c.Scope(grid.ExportFull, a, doorCols), a.List()...).Scan(&n)
	if err == nil && n > MaxExport {
		err = errs.E(op, errs.TooMany, "ledger.export.too_many", MaxExport)
	}
	return n, path, errs.Wrap(op, err)
}

// ExportFull calls fn with the persons of a list in walking order, unmasked as
// far as the caller sees. Each is a look with the caller's purpose, on record
// before anything is shown. Invalid without a known purpose.
func (s *Service) ExportFull(ctx context.Context, c grid.Caller, f Filter, purpose string, fn func(PersonView) error) error {
	const op = "ledger.ExportFull"
	c, path, err := s.fullList(ctx, op, withPurpose(c, purpose), f)
	if err != nil {
		return err
	}
	if c.Purpose == "" {
		return errs.Field(errs.E(op, errs.Invalid, "error.bad_choice"), "purpose")
	}
	f.Sort, f.After, f.Limit = "door", "", 500
	for {
		recs, next, err := s.personsByDoor(ctx, c, f, path)
		if err != nil {
			return errs.Wrap(op, err)
		}
		views, err := s.withDoors(ctx, c, recs)
		if err != nil {
			return errs.Wrap(op, err)
		}
		for _, v := range views {
			if err := fn(v); err != nil {
				return err
			}
		}
		if f.After = next; next == "" {
			return nil
		}
	}
}
