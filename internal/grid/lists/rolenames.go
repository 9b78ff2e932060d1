package lists

import (
	"context"

	"wangge/internal/grid"
	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/platform/relist"
)

// roleNames is the list of what roles are called in areas. A record's number is
// the area's with the role, since a role has one name in an area; the blank name
// gives the role its own back.
type roleNames struct {
	byID  map[string]grid.RoleAlias
	named *names // roles that have one, by area
	areas map[string]grid.Place
}

func (*roleNames) right() grid.Permission { return grid.PostWrite }

func (*roleNames) list() relist.List {
	return relist.List{Label: colLocal, New: true, Columns: []relist.Column{fixed(colAreaCode, 14), info(colArea, 24), roleColumn(), column(colLocal, 20)}}
}

func (t *roleNames) load(ctx context.Context, w *work) ([]relist.Record, error) {
	var err error
	if t.areas, err = areasByID(ctx, w); err != nil {
		return nil, err
	}
	list, err := w.s.grid.RoleAliases(ctx, w.c)
	if err != nil {
		return nil, err
	}
	t.byID, t.named = map[string]grid.RoleAlias{}, newNames()
	var out []relist.Record
	for _, a := range list {
		area, here := t.areas[a.AreaID.String()]
		if !here {
			continue
		}
		number := a.AreaID.String() + "-" + string(a.Role)
		t.byID[number] = a
		t.named.keep(area.Code, string(a.Role), a.AreaID)
		out = append(out, relist.Record{ID: number, Cells: map[string]string{colAreaCode: area.Code, colArea: area.Name, colRole: word(w.c.Lang, "grid.role.", string(a.Role)), colLocal: a.Alias}})
	}
	return out, nil
}

func (t *roleNames) start() { t.named.start() }

func (t *roleNames) apply(ctx context.Context, tx *db.Tx, w *work, l *relist.Line) error {
	name, _ := l.Cell(colLocal)
	if a, stands := t.byID[l.ID]; stands {
		return t.set(ctx, tx, w, a.AreaID, a.Role, name)
	}
	area, err := areaOf(t.areas, l)
	if err != nil {
		return err
	}
	if name == "" {
		return needed(colLocal)
	}
	role, _ := l.Cell(colRole)
	if _, named := t.named.find(area.Code, role); named {
		return errs.Field(errs.E("lists.role", errs.Conflict, "lists.role_named"), colRole)
	}
	if err := t.set(ctx, tx, w, area.ID, grid.Role(role), name); err != nil {
		return err
	}
	t.named.added(tx, area.Code, role, area.ID)
	return nil
}

func (*roleNames) set(ctx context.Context, tx *db.Tx, w *work, area id.ID, role grid.Role, name string) error {
	_, err := w.s.grid.SetRoleAliasIn(ctx, tx, w.c, area, role, name)
	return at(err, map[string]string{"role": colRole, "alias": colLocal})
}
