package round

import (
	"context"
	"strings"

	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
)

// scope of a round: its filter with the paths looked up.
type selection struct {
	round  Round
	places []string // paths of the filter's places
	grids  []string // paths of the filter's grids
	care   [][]byte // keyed hashes of the filter's care kinds
}

// spot is an object that belongs on a round's list, and where it is.
type spot struct {
	object, door, leaf, grid id.ID
	path                     string
}

// resolve looks up the places and grids of a round's filter.
func (s *Service) resolve(ctx context.Context, q db.Queryer, r Round) (*selection, error) {
	const op = "round.filter"
	sel := &selection{round: r}
	var err error
	if sel.places, err = pathsOf(ctx, q, r.district, "place", r.Filter.PlaceIDs); err != nil {
		return nil, err
	}
	if len(sel.places) != len(r.Filter.PlaceIDs) {
		return nil, errs.Field(errs.E(op, errs.Invalid, "round.filter_place"), "place_ids")
	}
	if sel.grids, err = pathsOf(ctx, q, r.district, "grid", r.Filter.GridIDs); err != nil {
		return nil, err
	}
	if len(sel.grids) != len(r.Filter.GridIDs) {
		return nil, errs.Field(errs.E(op, errs.Invalid, "round.filter_grid"), "grid_ids")
	}
	for _, k := range r.Filter.Care {
		sel.care = append(sel.care, s.careHash(k))
	}
	return sel, nil
}

func pathsOf(ctx context.Context, q db.Queryer, district int, table string, ids []id.ID) ([]string, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	a := db.NewArgs(district)
	rows, err := q.QueryContext(ctx, "SELECT path FROM "+table+" WHERE district = $1 AND id IN "+db.In(a, ids)+" ORDER BY path", a.List()...)
	return collect(rows, err, func(scan scanner) (p string, err error) { err = scan(&p); return p, err })
}

// sql returns a query for the objects of the selection whose path is from or
// above, as rows (object_id, door_id, leaf_id, grid_id, path). $1 is the district.
func (sel *selection) sql(a *db.Args, from string) string {
	f := sel.round.Filter
	switch sel.round.TargetKind {
	case Doors:
		return "SELECT p.id AS object_id, p.id AS door_id, p.parent_id AS leaf_id, p.grid_id AS grid_id, p.path AS path FROM place p" +
			" WHERE p.kind = 'door'" + sel.where(a, from) + doorHas(f.Household) + sel.careAt(a)
	case Households:
		return "SELECT h.id AS object_id, p.id AS door_id, p.parent_id AS leaf_id, p.grid_id AS grid_id, p.path AS path FROM place p" +
			" JOIN household h ON h.district = p.district AND h.door_id = p.id AND h.until_ms = 0 AND h.kind <> 'vacant'" +
			" WHERE p.kind = 'door'" + sel.where(a, from) + sel.careOf(a, "pe.household_id = h.id")
	case Persons:
		return "SELECT pr.id AS object_id, p.id AS door_id, p.parent_id AS leaf_id, p.grid_id AS grid_id, p.path AS path FROM place p" +
			" JOIN person pr ON pr.district = p.district AND pr.door_id = p.id AND pr.until_ms = 0 AND pr.lives_here = 1" +
			" WHERE p.kind = 'door'" + sel.where(a, from) + sel.careOf(a, "pe.id = pr.id")
	case Points:
		w := ""
		if len(f.Subkinds) > 0 {
			w = " AND p.subkind IN " + db.In(a, f.Subkinds)
		}
		return "SELECT p.id AS object_id, 0 AS door_id, p.parent_id AS leaf_id, p.grid_id AS grid_id, p.path AS path FROM place p" +
			" WHERE p.kind = 'point'" + w + sel.where(a, from)
	case Areas:
		return "SELECT p.id AS object_id, 0 AS door_id, p.id AS leaf_id, 0 AS grid_id, p.path AS path FROM place p" +
			" WHERE p.kind IN " + db.In(a, f.Kinds) + sel.where(a, from)
	case Places:
		return "SELECT p.id AS object_id, COALESCE(" + firstDoor("id") + ", 0) AS door_id, p.id AS leaf_id," +
			" COALESCE(NULLIF(p.grid_id, 0), " + firstDoor("grid_id") + ", 0) AS grid_id, p.path AS path FROM place p" +
			" WHERE p.kind IN " + db.In(a, f.Kinds) + sel.where(a, from)
	}
	return sel.posts(a, from)
}

// firstDoor is the first door below the place p, which stands for it in the grid tree.
func firstDoor(col string) string {
	return "(SELECT d." + col + " FROM place d WHERE d.district = p.district AND d.path > p.path AND d.path < p.path || '~'" +
		" AND d.kind = 'door' AND d.until_ms = 0 ORDER BY d.path LIMIT 1)"
}

func (sel *selection) posts(a *db.Args, from string) string {
	w := " AND (po.until_ms = 0 OR po.until_ms > " + a.Add(sel.round.CreatedMs) + ")"
	if len(sel.round.Filter.Roles) > 0 {
		w += " AND po.role IN " + db.In(a, sel.round.Filter.Roles)
	}
	head := "SELECT po.id AS object_id, %door AS door_id, %leaf AS leaf_id, %grid AS grid_id, p.path AS path FROM post po "
	make := func(door, leaf, grid, join, kind string) string {
		return strings.NewReplacer("%door", door, "%leaf", leaf, "%grid", grid).Replace(head) + join +
			" WHERE po.object_kind = '" + kind + "'" + w + sel.where(a, from)
	}
	leaf := "CASE WHEN p.kind IN ('door', 'point') THEN p.parent_id ELSE p.id END"
	place := "JOIN place p ON p.district = po.district AND p.id = po.object_id"
	inGrid := "JOIN grid g ON g.district = po.district AND g.id = po.object_id JOIN place p ON p.district = g.district AND p.id = g.area_id"
	doors := "JOIN place p ON p.district = po.district AND p.id = (SELECT MIN(pd.door_id) FROM post_door pd WHERE pd.district = po.district AND pd.post_id = po.id)"
	org := "JOIN organisation og ON og.district = po.district AND og.id = po.object_id JOIN place p ON p.district = og.district AND p.id = og.area_id"
	return make("0", leaf, "p.grid_id", place, "place") + " UNION ALL " + make("0", "p.id", "g.id", inGrid, "grid") +
		" UNION ALL " + make("p.id", "p.parent_id", "p.grid_id", doors, "doors") + " UNION ALL " + make("0", "p.id", "p.grid_id", org, "organisation")
}

// where narrows p to the round's area and the filter's places, grids and classes.
func (sel *selection) where(a *db.Args, from string) string {
	area := sel.round.AreaPath
	lo := area
	if from > lo {
		lo = from
	}
	w := " AND p.district = $1 AND p.until_ms = 0 AND p.path >= " + a.Add(lo) + " AND p.path < " + a.Add(area+"~")
	var or []string
	for _, path := range sel.places {
		or = append(or, "(p.path >= "+a.Add(path)+" AND p.path < "+a.Add(path+"~")+")")
	}
	for _, path := range sel.grids {
		or = append(or, "p.grid_id IN (SELECT g2.id FROM grid g2 WHERE g2.district = p.district AND g2.path >= "+a.Add(path)+" AND g2.path < "+a.Add(path+"~")+")")
	}
	if len(or) > 0 {
		w += " AND (" + strings.Join(or, " OR ") + ")"
	}
	if len(sel.round.Filter.Classes) > 0 {
		w += " AND EXISTS (SELECT 1 FROM compound_profile cp JOIN place c ON c.district = cp.district AND c.id = cp.place_id" +
			" WHERE cp.district = p.district AND cp.class IN " + db.In(a, sel.round.Filter.Classes) + " AND p.path >= c.path AND p.path < c.path || '~')"
	}
	return w
}

func doorHas(household string) string {
	exists := "EXISTS (SELECT 1 FROM household hh WHERE hh.district = p.district AND hh.door_id = p.id AND hh.until_ms = 0 AND hh.kind <> 'vacant')"
	switch household {
	case yes:
		return " AND " + exists
	case no:
		return " AND NOT " + exists
	}
	return ""
}

func (sel *selection) careAt(a *db.Args) string { return sel.careOf(a, "pe.door_id = p.id") }

func (sel *selection) careOf(a *db.Args, on string) string {
	if len(sel.care) == 0 {
		return ""
	}
	return " AND EXISTS (SELECT 1 FROM person pe JOIN care_item ci ON ci.district = pe.district AND ci.person_id = pe.id AND ci.until_ms = 0" +
		" WHERE pe.district = p.district AND " + on + " AND pe.until_ms = 0 AND ci.kind_hash IN " + db.In(a, sel.care) + ")"
}

// page returns up to limit objects in walking order after the one at (path, object).
func (sel *selection) page(ctx context.Context, q db.Queryer, path string, object id.ID, limit int) ([]spot, error) {
	a := db.NewArgs(sel.round.district)
	text := "SELECT object_id, door_id, leaf_id, grid_id, path FROM (" + sel.sql(a, path) + ") x"
	if path != "" {
		text += " WHERE path > " + a.Add(path) + " OR (path = " + a.Add(path) + " AND object_id > " + a.Add(object) + ")"
	}
	rows, err := q.QueryContext(ctx, text+" ORDER BY path, object_id LIMIT "+a.Add(limit), a.List()...)
	return collect(rows, err, scanSpot)
}

func scanSpot(scan scanner) (v spot, err error) {
	err = scan(&v.object, &v.door, &v.leaf, &v.grid, &v.path)
	return v, err
}

// count returns how many objects the selection has.
func (sel *selection) count(ctx context.Context, q db.Queryer) (n int, err error) {
	a := db.NewArgs(sel.round.district)
	err = q.QueryRowContext(ctx, "SELECT count(*) FROM ("+sel.sql(a, "")+") x", a.List()...).Scan(&n)
	return n, db.Fault("round.count", err)
}

// recentOccurrences returns the occurrences of open emergencies, other than the
// one given, that were open since the instant.
func recentOccurrences(ctx context.Context, q db.Queryer, district int, not id.ID, since int64) ([]recentOcc, error) {
	rows, err := q.QueryContext(ctx, `SELECT o.id, r.form_id, r.target_kind FROM occurrence o JOIN round r ON r.district = o.district AND r.id = o.round_id
		JOIN emergency e ON e.district = r.district AND e.id = r.emergency_id AND e.state = 'open'
		WHERE o.district = $1 AND o.id <> $2 AND o.state IN ('open', 'closed', 'ended') AND (o.closed_ms = 0 OR o.closed_ms >= $3)
		ORDER BY o.opened_ms DESC LIMIT 40`, district, not, since)
	return collect(rows, err, func(scan scanner) (o recentOcc, err error) {
		err = scan(&o.id, &o.form, &o.kind)
		return o, err
	})
}

type recentOcc struct {
	id, form id.ID
	kind     TargetKind
}

// freshCount returns how many objects of the selection were done in the
// occurrences since the instant, and when last.
func (sel *selection) freshCount(ctx context.Context, q db.Queryer, occs []id.ID, since int64) (n int, last int64, err error) {
	a := db.NewArgs(sel.round.district)
	err = q.QueryRowContext(ctx, "SELECT count(DISTINCT t.object_id), COALESCE(MAX(t.marked_ms), 0) FROM target t JOIN ("+sel.sql(a, "")+
		") x ON x.object_id = t.object_id WHERE t.district = $1 AND t.state = 2 AND t.marked_ms >= "+a.Add(since)+
		" AND t.occurrence_id IN "+db.In(a, occs), a.List()...).Scan(&n, &last)
	return n, last, db.Fault("round.fresh", err)
}

// exemptCount returns how many doors of the selection stand exempt still.
func (sel *selection) exemptCount(ctx context.Context, q db.Queryer, occs []id.ID, now int64) (n int, err error) {
	a := db.NewArgs(sel.round.district)
	err = q.QueryRowContext(ctx, "SELECT count(DISTINCT t.object_id) FROM target t JOIN ("+sel.sql(a, "")+
		") x ON x.object_id = t.object_id WHERE t.district = $1 AND "+stands(a, occs, a.Add(now)), a.List()...).Scan(&n)
	return n, db.Fault("round.exempt", err)
}
