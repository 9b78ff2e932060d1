package duty

import (
	"context"

	"wangge/internal/grid"
	"wangge/internal/platform/audit"
	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
)

// For returns the duty number that holds at a place: its own, or that of the
// nearest area above. Phone is empty where nobody has one. Errors: NotFound for
// a place outside the caller's area.
func (s *Service) For(ctx context.Context, c grid.Caller, place id.ID) (Number, error) {
	const op = "duty.For"
	p, err := s.Grid.Place(ctx, c, place)
	if err != nil {
		return Number{}, errs.Wrap(op, err)
	}
	line, err := s.Grid.Ancestors(ctx, c, p)
	if err != nil {
		return Number{}, errs.Wrap(op, err)
	}
	line = append(line, p)
	ids := make([]id.ID, len(line))
	for i, a := range line {
		ids[i] = a.ID
	}
	own, err := numbersOf(ctx, s.DB.Read(), c.District, ids)
	for i := len(line) - 1; i >= 0 && err == nil; i-- {
		if n, ok := own[line[i].ID]; ok {
			n.AreaName = grid.Label(c.Lang, line[i])
			return n, nil
		}
	}
	return Number{}, errs.Wrap(op, err)
}

// ByCode is For by an area's national code of 6, 9 or 12 digits: what somebody
// who was called looks up. Errors: NotFound.
func (s *Service) ByCode(ctx context.Context, c grid.Caller, code string) (Number, error) {
	const op = "duty.ByCode"
	area, err := s.Grid.Area(ctx, c, code)
	if err != nil {
		return Number{}, errs.Wrap(op, err)
	}
	return s.For(ctx, c, area.ID)
}

// Below lists the areas directly below one with the numbers they have
// themselves; Phone is empty where there is none.
func (s *Service) Below(ctx context.Context, c grid.Caller, area grid.Place) ([]Number, error) {
	const op = "duty.Below"
	nodes, err := s.Grid.Children(ctx, c, area)
	if err != nil {
		return nil, errs.Wrap(op, err)
	}
	var ids []id.ID
	for _, n := range nodes {
		if n.Kind.IsArea() {
			ids = append(ids, n.ID)
		}
	}
	own, err := numbersOf(ctx, s.DB.Read(), c.District, ids)
	if err != nil {
		return nil, errs.Wrap(op, err)
	}
	out := make([]Number, 0, len(ids))
	for _, n := range nodes {
		if n.Kind.IsArea() {
			v := own[n.ID]
			v.AreaID, v.AreaName = n.ID, grid.Label(c.Lang, n.Place)
			out = append(out, v)
		}
	}
	return out, nil
}

// Set gives an area its number; an empty phone takes it away. It needs
// post.write over the area. Errors: Denied, NotFound, Invalid with the field.
func (s *Service) Set(ctx context.Context, c grid.Caller, area id.ID, phone, hours string) (n Number, err error) {
	err = s.DB.Write(ctx, "duty.Set", func(tx *db.Tx) (err error) {
		n, err = s.SetIn(ctx, tx, c, area, phone, hours)
		return err
	})
	return n, err
}

// SetIn is Set within a transaction of the caller.
func (s *Service) SetIn(ctx context.Context, tx *db.Tx, c grid.Caller, area id.ID, phone, hours string) (Number, error) {
	const op = "duty.Set"
	p, err := s.Grid.PlaceIn(ctx, tx, c, area)
	if err != nil {
		return Number{}, errs.Wrap(op, err)
	}
	if err := c.RequirePlace(op, grid.PostWrite, p.Path); err != nil {
		return Number{}, err
	}
	if !p.Kind.IsArea() {
		return Number{}, errs.E(op, errs.Invalid, "duty.not_area")
	}
	n := Number{AreaID: p.ID, AreaName: grid.Label(c.Lang, p), UpdatedMs: s.now()}
	if phone != "" {
		if n.Phone, err = CheckPhone(phone); err != nil {
			return Number{}, err
		}
		if n.Hours, err = CheckHours(hours); err != nil {
			return Number{}, err
		}
	}
	if err := setNumber(ctx, tx, c.District, n, c.AccountID); err != nil {
		return Number{}, err
	}
	return n, s.Audit.Append(ctx, tx, audit.Entry{Account: c.AccountID, Post: c.PostFor(grid.PostWrite), Action: "duty.set", Object: "place", ObjectID: p.ID})
}
