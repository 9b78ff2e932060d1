package lists

import (
	"context"
	"slices"

	"wangge/internal/grid"
	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/platform/relist"
)

// orgs is the list of running organisations.
type orgs struct {
	byID  map[string]grid.Organisation
	named *names
	areas map[string]grid.Place
}

func (*orgs) right() grid.Permission { return grid.PostWrite }

func (*orgs) list() relist.List {
	return relist.List{Label: colName, New: true, Columns: []relist.Column{column(colName, 28), chosen(column(colKind, 16), "grid.orgkind.", grid.OrgKinds), fixed(colAreaCode, 14), info(colArea, 24)}}
}

// pageSize is how many rows of a list are read at once.
const pageSize = 1000

func (t *orgs) load(ctx context.Context, w *work) ([]relist.Record, error) {
	list, err := runningOrgs(ctx, w)
	if err != nil {
		return nil, err
	}
	if t.areas, err = areasByID(ctx, w); err != nil {
		return nil, err
	}
	t.byID, t.named = map[string]grid.Organisation{}, newNames()
	var out []relist.Record
	for _, o := range list {
		t.byID[o.ID.String()] = o
		a := t.areas[o.AreaID.String()]
		t.named.keep(a.Code, o.Name, o.ID)
		out = append(out, relist.Record{ID: o.ID.String(), Cells: map[string]string{colName: o.Name, colKind: word(w.c.Lang, "grid.orgkind.", o.Kind), colAreaCode: a.Code, colArea: a.Name}})
	}
	return out, nil
}

func runningOrgs(ctx context.Context, w *work) ([]grid.Organisation, error) {
	var list []grid.Organisation
	for after := id.Zero; ; after = list[len(list)-1].ID {
		part, err := w.s.grid.Organisations(ctx, w.c, grid.OrgFilter{Area: w.at, After: after, Limit: pageSize})
		if err != nil {
			return nil, err
		}
		if list = append(list, part...); len(part) < pageSize {
			return list, nil
		}
	}
}

func (t *orgs) start() { t.named.start() }

func (t *orgs) apply(ctx context.Context, tx *db.Tx, w *work, l *relist.Line) error {
	o := t.byID[l.ID]
	if v, given := l.Cell(colName); given {
		o.Name = v
	}
	if v, given := l.Cell(colKind); given {
		o.Kind = v
	}
	if l.ID != "" {
		return at(w.s.grid.EditOrganisationIn(ctx, tx, w.c, o), nil)
	}
	area, err := areaOf(t.areas, l)
	if err != nil {
		return err
	}
	if err := t.named.free(area.Code, o.Name); err != nil {
		return err
	}
	o.AreaID = area.ID
	made, err := w.s.grid.AddOrganisationsIn(ctx, tx, w.c, []grid.Organisation{o})
	if err != nil {
		return at(err, nil)
	}
	t.named.added(tx, area.Code, o.Name, made[0].ID)
	return nil
}

// teams is the list of teams; those that ended are shown and not changed.
type teams struct {
	byID  map[string]grid.Team
	named *names // of those that run
	areas map[string]grid.Place
	orgs  map[string]id.ID // by name
}

func (*teams) right() grid.Permission { return grid.PostWrite }

func (*teams) list() relist.List {
	return relist.List{Label: colName, New: true, Columns: []relist.Column{chosen(column(colName, 28), "grid.hq.", grid.HQGroups), chosen(fixed(colKind, 16), "grid.teamkind.", grid.TeamKinds), fixed(colAreaCode, 14), info(colArea, 24),
		fixed(colOrg, 24), column(colBranch, 24), dated(fixed(colFrom, 12)), dated(column(colUntil, 12))}}
}

func (t *teams) load(ctx context.Context, w *work) ([]relist.Record, error) {
	var list []grid.Team
	for after := id.Zero; ; after = list[len(list)-1].ID {
		part, err := w.s.grid.Teams(ctx, w.c, w.at, after, pageSize)
		if err != nil {
			return nil, err
		}
		if list = append(list, part...); len(part) < pageSize {
			break
		}
	}
	names, err := t.names(ctx, w)
	if err != nil {
		return nil, err
	}
	if t.areas, err = areasByID(ctx, w); err != nil {
		return nil, err
	}
	t.byID, t.named = map[string]grid.Team{}, newNames()
	var out []relist.Record
	for _, x := range list {
		t.byID[x.ID.String()] = x
		a := t.areas[x.AreaID.String()]
		if x.UntilMs == 0 || x.UntilMs > w.s.now() {
			t.named.keep(a.Code, grid.TeamName(w.c.Lang, x), x.ID)
		}
		out = append(out, relist.Record{ID: x.ID.String(), Cells: map[string]string{colName: grid.TeamName(w.c.Lang, x), colKind: word(w.c.Lang, "grid.teamkind.", x.Kind), colAreaCode: a.Code, colArea: a.Name,
			colOrg: names[x.OrgID], colBranch: x.PartyBranch, colFrom: firstDay(x.FromMs), colUntil: lastDay(x.UntilMs)}})
	}
	return out, nil
}

// names reads what organisations are called, both ways.
func (t *teams) names(ctx context.Context, w *work) (map[id.ID]string, error) {
	list, err := runningOrgs(ctx, w)
	t.orgs = map[string]id.ID{}
	out := map[id.ID]string{}
	for _, o := range list {
		t.orgs[o.Name], out[o.ID] = o.ID, o.Name
	}
	return out, err
}

func (t *teams) start() { t.named.start() }

func (t *teams) apply(ctx context.Context, tx *db.Tx, w *work, l *relist.Line) error {
	x, known := t.byID[l.ID]
	if v, given := l.Cell(colName); given {
		x.Name = v
		if x.Kind != grid.TeamHQGroup && slices.Contains(grid.HQGroups, v) {
			x.Name = word(w.c.Lang, "grid.hq.", v) // a squad that is called like one of HQ's groups
		}
	}
	if v, given := l.Cell(colBranch); given {
		x.PartyBranch = v
	}
	if v, given := l.Cell(colUntil); given {
		until, err := readDay(v, colUntil, true)
		if err != nil {
			return err
		}
		x.UntilMs = until
	}
	if known {
		return at(w.s.grid.EditTeamIn(ctx, tx, w.c, x), nil)
	}
	return t.add(ctx, tx, w, l, x)
}

func (t *teams) add(ctx context.Context, tx *db.Tx, w *work, l *relist.Line, x grid.Team) error {
	area, err := areaOf(t.areas, l)
	if err != nil {
		return err
	}
	name := grid.TeamName(w.c.Lang, x)
	if err := t.named.free(area.Code, name); err != nil {
		return err
	}
	x.ID, x.AreaID, x.FromMs = id.New(), area.ID, w.s.now()
	x.Kind, _ = l.Cell(colKind)
	if v, _ := l.Cell(colFrom); v != "" {
		if x.FromMs, err = readDay(v, colFrom, false); err != nil {
			return err
		}
	}
	if org, _ := l.Cell(colOrg); org != "" {
		found, ok := t.orgs[org]
		if !ok {
			return errs.Field(errs.E("lists.teams", errs.Invalid, "lists.no_org"), colOrg)
		}
		x.OrgID = found
	}
	if err := w.s.grid.AddTeamIn(ctx, tx, w.c, x); err != nil {
		return at(err, nil)
	}
	t.named.added(tx, area.Code, name, x.ID)
	return nil
}
