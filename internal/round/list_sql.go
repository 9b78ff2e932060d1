package round

import (
	"context"
	"strconv"
	"strings"

	"wangge/internal/grid"
	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/i18n"
	"wangge/internal/platform/id"
)

// selectLines lists targets by leaf in walking order and by line number within
// it: one more than the limit, to tell whether there are more.
func selectLines(ctx context.Context, q db.Queryer, c grid.Caller, r Round, path, gridPath string, lq ListQuery) ([]Line, error) {
	a := db.NewArgs(c.District, r.OccurrenceID)
	text := "SELECT " + targetSelect + ", lp.path" + targetFrom + " WHERE t.district = $1 AND t.occurrence_id = $2 AND lp.kind <> 'door' AND " + c.Scope(lq.perm, a, targetScope)
	if path != "" {
		text += " AND lp.path >= " + a.Add(path) + " AND lp.path < " + a.Add(path+"~")
	}
	if gridPath != "" {
		text += " AND t.grid_id IN (SELECT g.id FROM grid g WHERE g.district = $1 AND g.path >= " + a.Add(gridPath) + " AND g.path < " + a.Add(gridPath+"~") + ")"
	}
	switch {
	case len(lq.Objects) > 0:
		text += " AND t.object_id IN " + db.In(a, lq.Objects)
	case lq.Evening:
		text += " AND " + evening
	case lq.All:
	case len(lq.States) > 0:
		text += " AND t.state IN " + db.In(a, statesOf(lq.States))
	default:
		text += " AND t.state IN (0, 1)"
	}
	if lq.After != "" {
		at, line, object, err := cursor(lq.After)
		if err != nil {
			return nil, err
		}
		p, n := a.Add(at), a.Add(line)
		text += " AND lp.path >= " + p + " AND (lp.path > " + p + " OR t.line_no > " + n + " OR (t.line_no = " + n + " AND t.object_id > " + a.Add(object) + "))"
	}
	rows, err := q.QueryContext(ctx, text+" ORDER BY lp.path, t.line_no, t.object_id LIMIT "+a.Add(lq.Limit+1), a.List()...)
	return collect(rows, err, func(scan scanner) (l Line, err error) {
		var bulk int
		err = scan(append(l.dest(&bulk), &l.Path)...)
		l.Bulk = bulk == 1
		return l, err
	})
}

func statesOf(list []State) []int {
	out := make([]int, len(list))
	for i, s := range list {
		out[i] = int(s)
	}
	return out
}

// cursor reads where a page of a list ended: "path.line.object".
func cursor(after string) (path string, line int, object id.ID, err error) {
	parts := strings.Split(after, ".")
	if len(parts) == 3 {
		if line, err = strconv.Atoi(parts[1]); err == nil {
			object, err = id.Parse(parts[2])
		}
	}
	if len(parts) != 3 || err != nil {
		return "", 0, 0, errs.Field(errs.E("round.list", errs.Invalid, "error.bad_cursor"), "after")
	}
	return parts[0], line, object, nil
}

// postName is how a post is called: by its title, else by its role.
type postName struct{ title, role string }

func (p postName) in(lang string) string {
	if p.title != "" {
		return p.title
	}
	return i18n.T(lang, "grid.role."+p.role)
}

func postNames(ctx context.Context, q db.Queryer, district int, posts []id.ID) (map[id.ID]postName, error) {
	out := map[id.ID]postName{}
	err := db.Chunks(posts, 800, func(part []id.ID) error {
		a := db.NewArgs(district)
		rows, err := q.QueryContext(ctx, "SELECT id, title, role FROM post WHERE district = $1 AND id IN "+db.In(a, part), a.List()...)
		_, err = collect(rows, err, func(scan scanner) (struct{}, error) {
			var v id.ID
			var p postName
			err := scan(&v, &p.title, &p.role)
			out[v] = p
			return struct{}{}, err
		})
		return err
	})
	return out, err
}

func selectDoorNames(ctx context.Context, q db.Queryer, district int, path string) ([]DoorName, error) {
	rows, err := q.QueryContext(ctx, "SELECT d.id, d.name, CASE WHEN u.kind = 'unit' THEN u.name ELSE '' END FROM place d JOIN place u ON u.district = d.district AND u.id = d.parent_id"+
		" WHERE d.district = $1 AND d.path > $2 AND d.path < $3 AND d.kind IN ('door', 'point', 'unit') AND d.until_ms = 0 ORDER BY d.path LIMIT 5000", district, path, path+"~")
	return collect(rows, err, func(scan scanner) (d DoorName, err error) {
		err = scan(&d.ID, &d.Name, &d.Unit)
		return d, err
	})
}

// twinsOf returns for doors the one household behind each, for households the
// door each has to itself, by the other's id: whose answers are the same.
func twinsOf(ctx context.Context, q db.Queryer, district int, kind TargetKind, objects []id.ID) (map[id.ID]id.ID, error) {
	out := map[id.ID]id.ID{}
	err := db.Chunks(objects, perQuery, func(part []id.ID) error {
		a := db.NewArgs(district)
		doors := db.In(a, part)
		if kind == Households {
			doors = "(SELECT h2.door_id FROM household h2 WHERE h2.district = $1 AND h2.id IN " + doors + ")"
		}
		rows, err := q.QueryContext(ctx, "SELECT h.door_id, MIN(h.id) FROM household h WHERE h.district = $1 AND h.until_ms = 0 AND h.kind <> 'vacant'"+
			" AND h.door_id IN "+doors+" GROUP BY h.door_id HAVING count(*) = 1", a.List()...)
		_, err = collect(rows, err, func(scan scanner) (struct{}, error) {
			var door, home id.ID
			err := scan(&door, &home)
			if kind == Households {
				out[door] = home
			} else {
				out[home] = door
			}
			return struct{}{}, err
		})
		return err
	})
	return out, err
}

// currentMarks returns the current done marks of the objects in the occurrences.
func currentMarks(ctx context.Context, q db.Queryer, district int, occs, objects []id.ID) ([]*markRow, error) {
	var out []*markRow
	err := db.Chunks(objects, 800, func(part []id.ID) error {
		a := db.NewArgs(district)
		rows, err := q.QueryContext(ctx, "SELECT "+markSelect+" FROM target t JOIN mark m ON m.district = t.district AND m.id = t.mark_id"+
			" WHERE t.district = $1 AND t.state = 2 AND t.occurrence_id IN "+db.In(a, occs)+" AND t.object_id IN "+db.In(a, part), a.List()...)
		list, err := collect(rows, err, scanMark)
		out = append(out, list...)
		return err
	})
	return out, err
}
