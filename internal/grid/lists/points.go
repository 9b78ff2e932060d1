package lists

import (
	"context"
	"slices"

	"wangge/internal/grid"
	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/i18n"
	"wangge/internal/platform/id"
	"wangge/internal/platform/relist"
)

// points is the list of points: gates, bins, notice boards. Where one stands is
// the place it hangs below; blank is the area itself.
type points struct {
	areas  map[string]grid.Place
	stands map[id.ID]map[string][]id.ID // places of an area that a new point may name, by what they are called
}

func (*points) right() grid.Permission { return grid.PlaceWrite }

func (*points) list() relist.List {
	return relist.List{Label: colName, New: true, Columns: []relist.Column{column(colName, 24), chosen(column(colKind, 14), "grid.point.", grid.PointKinds), column(colAlias, 20),
		fixed(colAreaCode, 14), info(colArea, 24), fixed(colStands, 34)}}
}

func (t *points) load(ctx context.Context, w *work) ([]relist.Record, error) {
	var err error
	if t.areas, err = areasByID(ctx, w); err != nil {
		return nil, err
	}
	t.stands = map[id.ID]map[string][]id.ID{}
	list, err := subtree(ctx, w, w.at.Path, grid.Point)
	if err != nil {
		return nil, err
	}
	where, also, err := t.where(ctx, w, list)
	if err != nil {
		return nil, err
	}
	out := make([]relist.Record, 0, len(list))
	for _, p := range list {
		a := t.areas[p.AreaID.String()]
		kind := ""
		if p.Subkind != "" {
			kind = word(w.c.Lang, "grid.point.", p.Subkind)
		}
		out = append(out, relist.Record{ID: p.ID.String(), Also: map[string]string{colStands: also[p.ParentID]}, Cells: map[string]string{colName: p.Name, colKind: kind, colAlias: p.Alias,
			colAreaCode: a.Code, colArea: a.Name, colStands: where[p.ParentID]}})
	}
	return out, nil
}

// subtree reads the open places of some kinds at and below a path.
func subtree(ctx context.Context, w *work, path string, kinds ...grid.Kind) ([]grid.Place, error) {
	var list []grid.Place
	for after := ""; ; after = list[len(list)-1].Path {
		part, err := w.s.grid.SubtreePage(ctx, w.c, path, after, kinds, pageSize)
		if err != nil {
			return nil, err
		}
		if list = append(list, part...); len(part) < pageSize {
			return list, nil
		}
	}
}

// where writes what points stand below, in the caller's language and in the
// other; areas are blank.
func (t *points) where(ctx context.Context, w *work, list []grid.Place) (here, also map[id.ID]string, err error) {
	ids := make([]id.ID, len(list))
	for i, p := range list {
		ids[i] = p.ParentID
	}
	above, err := w.s.grid.Places(ctx, w.s.d.Read(), w.c, ids)
	if err != nil {
		return nil, nil, err
	}
	var parents []grid.Place
	for _, p := range above {
		if !p.Kind.IsArea() {
			parents = append(parents, p)
		}
	}
	if here, err = w.s.grid.Ways(ctx, w.c, parents); err != nil {
		return nil, nil, err
	}
	also, err = w.s.grid.Ways(ctx, w.otherwise(), parents)
	return here, also, err
}

// otherwise is the caller with the other language.
func (w *work) otherwise() grid.Caller {
	c := w.c
	for _, lang := range i18n.Langs() {
		if lang != w.c.Lang {
			c.Lang = lang
		}
	}
	return c
}

func (*points) start() {}

func (t *points) apply(ctx context.Context, tx *db.Tx, w *work, l *relist.Line) error {
	kind, rekind := l.Cell(colKind)
	if rekind && kind != "" && !slices.Contains(grid.PointKinds, kind) {
		return errs.Field(errs.E("lists.points", errs.Invalid, "error.bad_choice"), colKind)
	}
	name, renamed := l.Cell(colName)
	alias, realias := l.Cell(colAlias)
	if l.ID == "" {
		return t.add(ctx, tx, w, l, grid.NewPlace{Kind: grid.Point, Subkind: kind, Name: name, Alias: alias})
	}
	var e grid.PlaceEdit
	if renamed {
		e.Name = &name
	}
	if realias {
		e.Alias = &alias
	}
	if rekind {
		e.Subkind = &kind
	}
	_, err := w.s.grid.EditPlaceIn(ctx, tx, w.c, id.From(l.ID), e)
	return at(err, nil)
}

func (t *points) add(ctx context.Context, tx *db.Tx, w *work, l *relist.Line, n grid.NewPlace) error {
	area, err := areaOf(t.areas, l)
	if err != nil {
		return err
	}
	n.ParentID = area.ID
	if text, _ := l.Cell(colStands); text != "" {
		if n.ParentID, err = t.standing(ctx, w, area, text); err != nil {
			return err
		}
	}
	_, err = w.s.grid.AddPlacesIn(ctx, tx, w.c, []grid.NewPlace{n})
	return at(err, nil)
}

// standing finds the one place of an area that is called so, by its name or in
// full.
func (t *points) standing(ctx context.Context, w *work, area grid.Place, text string) (id.ID, error) {
	if t.stands[area.ID] == nil {
		list, err := subtree(ctx, w, area.Path, grid.Compound, grid.Group, grid.Row, grid.Building, grid.Unit)
		if err != nil {
			return id.Zero, err
		}
		ways, err := w.s.grid.Ways(ctx, w.c, list)
		if err != nil {
			return id.Zero, err
		}
		called := map[string][]id.ID{}
		for _, p := range list {
			called[ways[p.ID]] = append(called[ways[p.ID]], p.ID)
			if p.Name != ways[p.ID] {
				called[p.Name] = append(called[p.Name], p.ID)
			}
		}
		t.stands[area.ID] = called
	}
	if found := t.stands[area.ID][text]; len(found) == 1 {
		return found[0], nil
	}
	return id.Zero, errs.Field(errs.E("lists.points", errs.Invalid, "lists.no_place", area.Name), colStands)
}
