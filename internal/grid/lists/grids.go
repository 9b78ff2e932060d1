package lists

import (
	"context"

	"wangge/internal/grid"
	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/platform/relist"
)

// grids is the list of grids in the order of their tree. Which doors a grid
// has is decided on its page, where the effect shows before.
type grids struct {
	byID  map[string]grid.GridNode
	named *names
	areas map[string]grid.Place
}

func (*grids) right() grid.Permission { return grid.GridWrite }

func (*grids) list() relist.List {
	kinds := make([]string, len(grid.GridKinds))
	for i, k := range grid.GridKinds {
		kinds[i] = string(k)
	}
	return relist.List{Label: colName, New: true, Columns: []relist.Column{fixed(colAreaCode, 14), info(colArea, 24), chosen(fixed(colKind, 12), "grid.gridkind.", kinds), column(colName, 24),
		column(colCode, 14), fixed(colParent, 24), info(colDoors, 10)}}
}

func (t *grids) load(ctx context.Context, w *work) ([]relist.Record, error) {
	var err error
	if t.areas, err = areasByID(ctx, w); err != nil {
		return nil, err
	}
	t.byID, t.named = map[string]grid.GridNode{}, newNames()
	const page = 1000
	var list []grid.GridNode
	for after := ""; ; after = list[len(list)-1].Path {
		part, err := w.s.grid.Grids(ctx, w.c, w.at, after, page)
		if err != nil {
			return nil, err
		}
		if list = append(list, part...); len(part) < page {
			break
		}
	}
	for _, g := range list {
		t.keep(g)
	}
	var out []relist.Record
	for _, g := range list {
		out = append(out, relist.Record{ID: g.ID.String(), Cells: map[string]string{colAreaCode: t.areas[g.AreaID.String()].Code, colArea: g.Area,
			colKind: word(w.c.Lang, "grid.gridkind.", string(g.Kind)), colName: g.Name, colCode: g.Code, colParent: t.byID[g.ParentID.String()].Name, colDoors: number(g.Doors)}})
	}
	return out, nil
}

func (t *grids) keep(g grid.GridNode) {
	t.byID[g.ID.String()] = g
	t.named.keep(t.areas[g.AreaID.String()].Code, g.Name, g.ID)
}

func (t *grids) start() { t.named.start() }

func (t *grids) apply(ctx context.Context, tx *db.Tx, w *work, l *relist.Line) error {
	if l.ID == "" {
		return t.add(ctx, tx, w, l)
	}
	g := t.byID[l.ID]
	name, code := g.Name, g.Code
	if v, given := l.Cell(colName); given {
		name = v
	}
	if v, given := l.Cell(colCode); given {
		code = v
	}
	return at(w.s.grid.RenameGridIn(ctx, tx, w.c, g.ID, name, code), nil)
}

func (t *grids) add(ctx context.Context, tx *db.Tx, w *work, l *relist.Line) error {
	n := grid.NewGrid{ID: id.New()}
	area, err := areaOf(t.areas, l)
	if err != nil {
		return err
	}
	n.AreaID = area.ID
	kind, _ := l.Cell(colKind)
	n.Kind = grid.GridKind(kind)
	n.Name, _ = l.Cell(colName)
	n.Code, _ = l.Cell(colCode)
	if parent, _ := l.Cell(colParent); parent != "" {
		above, ok := t.named.find(area.Code, parent)
		if !ok {
			return errs.Field(errs.E("lists.grids", errs.Invalid, "lists.no_parent", area.Name), colParent)
		}
		n.ParentID = above
	}
	if err := t.named.free(area.Code, n.Name); err != nil {
		return err
	}
	made, err := w.s.grid.AddGridsIn(ctx, tx, w.c, []grid.NewGrid{n})
	if err != nil {
		return at(err, map[string]string{"parent_id": colParent})
	}
	t.named.added(tx, area.Code, n.Name, made[0].ID)
	return nil
}

// areasByID reads the areas the work is about: the place and those below it.
func areasByID(ctx context.Context, w *work) (map[string]grid.Place, error) {
	list, err := w.s.grid.Areas(ctx, w.c)
	out := map[string]grid.Place{}
	for _, a := range list {
		if grid.Under(a.Path, w.at.Path) {
			out[a.ID.String()] = a
		}
	}
	return out, err
}

// areaOf finds the area that a new row names by its code.
func areaOf(areas map[string]grid.Place, l *relist.Line) (grid.Place, error) {
	code, _ := l.Cell(colAreaCode)
	for _, a := range areas {
		if a.Code == code && code != "" {
			return a, nil
		}
	}
	return grid.Place{}, errs.Field(errs.E("lists.area", errs.Invalid, "lists.no_area"), colAreaCode)
}
