package lists

import (
	"context"

	"wangge/internal/grid"
	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/relist"
)

// areas is the tree of areas: those there are, and below them those that ended,
// each with the area that takes over from it. Codes, levels and parents change
// with a newer national list only.
type areas struct {
	byID map[string]grid.Place
}

func (*areas) right() grid.Permission { return grid.PlaceWrite }

func (*areas) list() relist.List {
	return relist.List{Label: colName, Columns: []relist.Column{fixed(colCode, 14), chosen(fixed(colKind, 12), "grid.kind.", areaKinds()), column(colName, 28), fixed(colParent, 14),
		column(colAlias, 24), column(colSuccessor, 14), dated(fixed(colEnded, 12)), info(colDoors, 10)}}
}

func areaKinds() []string {
	return []string{string(grid.Province), string(grid.City), string(grid.County), string(grid.Street), string(grid.Community)}
}

func (t *areas) load(ctx context.Context, w *work) ([]relist.Record, error) {
	tree, err := w.s.grid.AreaTree(ctx, w.c, w.at.Path)
	if err != nil {
		return nil, err
	}
	all := append(tree.Open, tree.Ended...)
	doors, err := w.s.grid.DoorCounts(ctx, w.c, all)
	if err != nil {
		return nil, err
	}
	t.byID = map[string]grid.Place{}
	codes := map[string]string{}
	for _, p := range append(all, w.at) {
		codes[p.ID.String()] = p.Code
	}
	out := make([]relist.Record, 0, len(all))
	for _, p := range all {
		t.byID[p.ID.String()] = p
		out = append(out, relist.Record{ID: p.ID.String(), Cells: map[string]string{colCode: p.Code, colKind: word(w.c.Lang, "grid.kind.", string(p.Kind)), colName: p.Name,
			colParent: codes[p.ParentID.String()], colAlias: p.Alias, colSuccessor: tree.Successors[p.Code], colEnded: firstDay(p.UntilMs), colDoors: number(doors[p.ID])}})
	}
	return out, nil
}

func (*areas) start() {}

func (t *areas) apply(ctx context.Context, tx *db.Tx, w *work, l *relist.Line) error {
	p := t.byID[l.ID]
	if p.UntilMs != 0 {
		return errs.E("lists.areas", errs.Conflict, "lists.ended")
	}
	var e grid.PlaceEdit
	if name, given := l.Cell(colName); given {
		e.Name = &name
	}
	if alias, given := l.Cell(colAlias); given {
		e.Alias = &alias
	}
	if e.Name != nil || e.Alias != nil {
		if _, err := w.s.grid.EditPlaceIn(ctx, tx, w.c, p.ID, e); err != nil {
			return at(err, nil)
		}
	}
	if to, given := l.Cell(colSuccessor); given {
		return at(w.s.grid.SetSuccessorIn(ctx, tx, w.c, p.Code, to), map[string]string{"new_code": colSuccessor})
	}
	return nil
}
