package round

import (
	"context"
	"strings"

	"wangge/internal/grid"
	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/platform/web"
)

// faultsOf makes one error of many, each naming its field; nil of none.
func faultsOf(faults []error) error {
	if len(faults) == 0 {
		return nil
	}
	return web.FieldErrors(faults)
}

// SaveForm keeps a form. Without an id it is new; with one it becomes the next
// version of that form, which stays what earlier rounds asked; of a form that
// is another area's it becomes a copy, and theirs stays in use. It needs
// form.write.
func (s *Service) SaveForm(ctx context.Context, c grid.Caller, f Form) (Form, error) {
	const op = "round.SaveForm"
	if err := c.Require(op, grid.FormWrite); err != nil {
		return Form{}, err
	}
	f.Name = strings.TrimSpace(f.Name)
	if faults := CheckForm(f.Name, f.Fields); len(faults) > 0 {
		return Form{}, faultsOf(faults)
	}
	old := f.ID
	f.ID, f.Version, f.AccountID, f.CreatedMs, f.UntilMs = id.New(), 1, c.AccountID, s.now(), 0
	err := s.DB.Write(ctx, op, func(tx *db.Tx) error {
		if old != id.Zero {
			before, err := selectForm(ctx, tx, c.District, old)
			if err != nil {
				return err
			}
			mine, err := mayEndForm(ctx, tx, c, before)
			if err != nil {
				return err
			}
			if mine {
				f.Version = before.Version + 1
				err = endForm(ctx, tx, c.District, old, f.CreatedMs)
			}
			if err != nil {
				return err
			}
		}
		return insertForm(ctx, tx, c.District, f)
	})
	return f, err
}

// Forms returns the forms in use, the latest first.
func (s *Service) Forms(ctx context.Context, c grid.Caller) ([]Form, error) {
	if err := c.Require("round.Forms", grid.RoundRead); err != nil {
		return nil, err
	}
	return selectForms(ctx, s.DB.Read(), c.District)
}

// Form returns a form of any version.
func (s *Service) Form(ctx context.Context, c grid.Caller, form id.ID) (Form, error) {
	if err := c.Require("round.Form", grid.RoundRead); err != nil {
		return Form{}, err
	}
	return selectForm(ctx, s.DB.Read(), c.District, form)
}

// mayEndForm reports whether a form is the caller's to replace: written by the
// account, or of an area where the caller writes forms.
func mayEndForm(ctx context.Context, q db.Queryer, c grid.Caller, f Form) (bool, error) {
	if c.IsSystem() || f.AccountID == c.AccountID && f.AccountID != id.Zero {
		return true, nil
	}
	if f.AreaID == id.Zero {
		return false, nil
	}
	area, err := selectPlace(ctx, q, c.District, f.AreaID)
	return err == nil && c.CanPlace(grid.FormWrite, area.Path), err
}

// RetireForm takes a form out of the list of those in use: one's own, or one of
// an area where the caller writes forms.
func (s *Service) RetireForm(ctx context.Context, c grid.Caller, form id.ID) error {
	const op = "round.RetireForm"
	if err := c.Require(op, grid.FormWrite); err != nil {
		return err
	}
	return s.DB.Write(ctx, op, func(tx *db.Tx) error {
		f, err := selectForm(ctx, tx, c.District, form)
		if err != nil {
			return err
		}
		mine, err := mayEndForm(ctx, tx, c, f)
		if err != nil {
			return err
		}
		if !mine {
			return errs.E(op, errs.Denied, "grid.denied.area")
		}
		return endForm(ctx, tx, c.District, form, s.now())
	})
}

// field returns the form's question with the key.
func (f Form) field(key string) (Field, bool) {
	for _, v := range f.Fields {
		if v.Key == key {
			return v, true
		}
	}
	return Field{}, false
}

// parts divides the questions into those asked once a target and those asked of
// each member. Without perMember all are asked once.
func (f Form) parts(perMember bool) (once, each []Field) {
	if !perMember {
		return f.Fields, nil
	}
	for _, v := range f.Fields {
		if v.Member {
			each = append(each, v)
		} else {
			once = append(once, v)
		}
	}
	return once, each
}
