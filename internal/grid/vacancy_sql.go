package grid

import (
	"context"
	"database/sql"

	"wangge/internal/platform/db"
	"wangge/internal/platform/id"
)

// filledPosts is the SQL of the posts p in post at an instant: post, team and a
// holder running. at is the instant's placeholder.
func filledPosts(at string) string {
	return `p.from_ms <= ` + at + ` AND (p.until_ms = 0 OR p.until_ms > ` + at + `)
		AND (p.team_id = 0 OR EXISTS (SELECT 1 FROM team tm WHERE tm.district = p.district AND tm.id = p.team_id AND tm.from_ms <= ` + at + ` AND (tm.until_ms = 0 OR tm.until_ms > ` + at + `)))
		AND EXISTS (SELECT 1 FROM holder h WHERE h.district = p.district AND h.post_id = p.id AND h.from_ms <= ` + at + ` AND (h.until_ms = 0 OR h.until_ms > ` + at + `))`
}

func runningBindings(at string) string {
	return `b.from_ms <= ` + at + ` AND (b.until_ms = 0 OR b.until_ms > ` + at + `)`
}

const objectJoin = ` LEFT JOIN place pl ON pl.district = o.district AND pl.id = o.object_id AND o.object_kind = 'place'
		LEFT JOIN grid g ON g.district = o.district AND g.id = o.object_id AND o.object_kind = 'grid' AND g.until_ms = 0`

// filledAt is filledPosts, by the roster where it counts.
func (w When) filledAt(at string) string {
	if w.OnDuty {
		return filledPosts(at) + onDuty(at)
	}
	return filledPosts(at)
}

// readReach reads what the posts filled at an instant answer for: their own objects and
// those bound to them or to their organisation. orgs are the filled posts that
// belong to an organisation.
func readReach(ctx context.Context, q db.Queryer, district int, w When) (reach []Reach, orgs []orgPost, err error) {
	own := `SELECT o.role, o.org_id, o.object_kind, o.object_id, COALESCE(pl.path, g.path, ''), COALESCE(pl.kind, '') FROM
		(SELECT p.* FROM post p WHERE p.district = $1 AND ` + w.filledAt("$2") + `) o` + objectJoin
	bindings := `SELECT o.role, 0, o.object_kind, o.object_id, COALESCE(pl.path, g.path, ''), COALESCE(pl.kind, '') FROM
		(SELECT p.district, p.role, b.object_kind, b.object_id FROM post p JOIN binding b ON b.district = p.district
			AND (b.post_id = p.id OR (b.org_id <> 0 AND b.org_id = p.org_id))
			WHERE p.district = $1 AND ` + w.filledAt("$2") + ` AND ` + runningBindings("$2") + `) o` + objectJoin
	for _, text := range []string{own, bindings} {
		err := db.Each(ctx, q, func(rows *sql.Rows) error {
			var r Reach
			var org id.ID
			var kind Kind
			if err := rows.Scan(&r.Role, &org, &r.Kind, &r.ObjectID, &r.Path, &kind); err != nil {
				return err
			}
			r.Physical = kind != "" && !kind.IsArea()
			reach = append(reach, r)
			if org != id.Zero {
				orgs = append(orgs, orgPost{org, r.Kind, r.Path})
			}
			return nil
		}, text, district, w.AtMs)
		if err != nil {
			return nil, nil, err
		}
	}
	return reach, orgs, nil
}

// readSingle counts, by leaf, the doors that filled posts of the roles name one
// by one: in a set of doors, or as a door of their own.
func readSingle(ctx context.Context, q db.Queryer, district int, w When, roles []string) (map[leafKey]int, error) {
	a := db.NewArgs(district, w.AtMs)
	filled := w.filledAt("$2")
	in := db.In(a, roles)
	text := `SELECT d.parent_id, d.grid_id, COUNT(*) FROM
		(SELECT pd.door_id AS door_id FROM post_door pd JOIN post p ON p.district = pd.district AND p.id = pd.post_id
			WHERE pd.district = $1 AND p.object_kind = 'doors' AND p.role IN ` + in + ` AND ` + filled + `
		UNION SELECT p.object_id FROM post p WHERE p.district = $1 AND p.object_kind = 'place' AND p.role IN ` + in + ` AND ` + filled + `
		UNION SELECT b.object_id FROM binding b JOIN post p ON p.district = b.district AND (b.post_id = p.id OR (b.org_id <> 0 AND b.org_id = p.org_id))
			WHERE b.district = $1 AND b.object_kind = 'place' AND p.role IN ` + in + ` AND ` + runningBindings("$2") + ` AND ` + filled + `) x
		CROSS JOIN place d WHERE d.district = $1 AND d.id = x.door_id AND d.kind = 'door' AND d.until_ms = 0 GROUP BY d.parent_id, d.grid_id`
	out := map[leafKey]int{}
	err := db.Each(ctx, q, func(rows *sql.Rows) error {
		var k leafKey
		var n int
		err := rows.Scan(&k.place, &k.grid, &n)
		out[k] = n
		return err
	}, text, a.List()...)
	return out, err
}

// readOrgBindings reads the bindings of organisations running at t.
func readOrgBindings(ctx context.Context, q db.Queryer, district int, t int64) ([]OrgBinding, error) {
	return db.List(ctx, q, func(b *OrgBinding) []any {
		return []any{&b.BindingID, &b.OrgID, &b.OrgName, &b.Kind, &b.ObjectID, &b.Object, &b.Path}
	}, `SELECT o.id, o.org_id, og.name, o.object_kind, o.object_id, COALESCE(pl.name, g.name, ''), COALESCE(pl.path, g.path, '') FROM
		(SELECT b.* FROM binding b WHERE b.district = $1 AND b.org_id <> 0 AND `+runningBindings("$2")+`) o
		JOIN organisation og ON og.district = o.district AND og.id = o.org_id`+objectJoin+`
		WHERE o.object_kind = 'place' OR g.id IS NOT NULL ORDER BY COALESCE(pl.path, g.path, ''), o.id`, district, t)
}

// nextEdge returns the first instant after that of w at which a post, holder,
// team, binding or, where the roster counts, a shift begins or ends; 0 when
// there is none.
func nextEdge(ctx context.Context, q db.Queryer, district int, w When) (int64, error) {
	t := w.AtMs
	text := ""
	for i, table := range []string{"post", "holder", "team", "binding", "shift"} {
		if i > 0 {
			text += " UNION ALL "
		}
		text += "SELECT MIN(CASE WHEN from_ms > $2 THEN from_ms ELSE until_ms END) AS e FROM " + table +
			" WHERE district = $1 AND (from_ms > $2 OR until_ms > $2)"
	}
	var edge int64
	err := q.QueryRowContext(ctx, "SELECT COALESCE(MIN(e), 0) FROM ("+text+") x", district, t).Scan(&edge)
	if err != nil || !w.OnDuty {
		return edge, err
	}
	hours, err := shiftHours(ctx, q, district, t)
	if next := nextShiftEdge(hours, t); next != 0 && (edge == 0 || next < edge) {
		edge = next
	}
	return edge, err
}
