package lists

import (
	"context"

	"wangge/internal/grid"
	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/relist"
)

// vacancies is what nobody answers for at an instant. It is worked out from
// the posts, so there is nothing in it to change.
type vacancies struct{ when grid.When }

func (*vacancies) right() grid.Permission { return grid.PlaceRead }

func (*vacancies) list() relist.List {
	return relist.List{Columns: []relist.Column{info(colKind, 16), info(colOver, 44), info(colOpen, 12), info(colDoors, 10)}}
}

func (t *vacancies) load(ctx context.Context, w *work) ([]relist.Record, error) {
	v, err := w.s.grid.AllVacancies(ctx, w.c, w.at.ID, t.when)
	if err != nil {
		return nil, err
	}
	places := make([]grid.Place, len(v.Leaves))
	for i, l := range v.Leaves {
		places[i] = l.Place
	}
	ways, err := w.s.grid.Ways(ctx, w.c, places)
	if err != nil {
		return nil, err
	}
	var out []relist.Record
	add := func(number, kind, over, open, doors string) {
		out = append(out, relist.Record{ID: number, Cells: map[string]string{colKind: kind, colOver: over, colOpen: open, colDoors: doors}})
	}
	for _, a := range v.Areas {
		add(a.ID.String(), word(w.c.Lang, "grid.kind.", string(a.Kind)), a.Name, "", "")
	}
	for _, g := range v.Grids {
		add(g.ID.String(), word(w.c.Lang, "grid.gridkind.", string(g.Kind)), g.Name, "", "")
	}
	for _, l := range v.Leaves {
		add(l.Place.ID.String(), word(w.c.Lang, "grid.kind.", string(l.Place.Kind)), ways[l.Place.ID], number(l.Open), number(l.Doors))
	}
	for _, b := range v.Organisations {
		add(b.OrgID.String(), word(w.c.Lang, "lists.", "org"), b.OrgName+" → "+b.Object, "", "")
	}
	return out, nil
}

func (*vacancies) start() {}

func (*vacancies) apply(context.Context, *db.Tx, *work, *relist.Line) error {
	return errs.E("lists.vacancies", errs.Invalid, "error.not_found")
}
