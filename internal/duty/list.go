package duty

import (
	"context"

	"wangge/internal/grid"
	"wangge/internal/grid/lists"
	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/platform/relist"
)

// ListKind is what the list of duty numbers is called.
const ListKind lists.Kind = "duty"

// The columns of the list.
const (
	colCode  = "area_code"
	colArea  = "area"
	colPhone = "phone"
	colHours = "hours"
)

// List is the list of duty numbers: a row for each area, with a number of its
// own or without, so that all can be written at once.
func (s *Service) List() lists.Table {
	return lists.Table{Kind: ListKind, Menu: "duty", Right: grid.PostWrite, Load: s.records, Apply: s.bringBack,
		List: relist.List{Label: colArea, Columns: []relist.Column{{Key: colCode, Title: "lists.col.area_code", Fixed: true}, {Key: colArea, Title: "duty.area", Width: 24, Info: true},
			{Key: colPhone, Title: "duty.phone", Width: 20, Norm: asPhone}, {Key: colHours, Title: "duty.hours", Width: 24}}}}
}

// asPhone writes a number as it is kept; what is none stays, to be refused.
func asPhone(cell string) string {
	if p, err := CheckPhone(cell); err == nil {
		return p
	}
	return cell
}

// records reads the areas at and below a place with their own numbers.
func (s *Service) records(ctx context.Context, c grid.Caller, at grid.Place) ([]relist.Record, error) {
	areas, err := s.Grid.Areas(ctx, c)
	if err != nil {
		return nil, err
	}
	var ids []id.ID
	for _, a := range areas {
		if grid.Under(a.Path, at.Path) {
			ids = append(ids, a.ID)
		}
	}
	own, err := numbersOf(ctx, s.DB.Read(), c.District, ids)
	var out []relist.Record
	for _, a := range areas {
		if grid.Under(a.Path, at.Path) {
			n := own[a.ID]
			out = append(out, relist.Record{ID: a.ID.String(), Cells: map[string]string{colCode: a.Code, colArea: grid.Label(c.Lang, a), colPhone: n.Phone, colHours: n.Hours}})
		}
	}
	return out, err
}

// bringBack sets the number of an area as a row says. Hours without a number
// tell nobody anything and are refused.
func (s *Service) bringBack(ctx context.Context, tx *db.Tx, c grid.Caller, l *relist.Line) error {
	phone, called := l.Cell(colPhone)
	if !called {
		phone = l.Recorded(colPhone)
	}
	hours, told := l.Cell(colHours)
	if !told {
		hours = l.Recorded(colHours)
	}
	if phone == "" && told && hours != "" {
		return errs.Field(errs.E("duty.bringBack", errs.Invalid, "error.required"), colPhone)
	}
	_, err := s.SetIn(ctx, tx, c, id.From(l.ID), phone, hours)
	return err
}
