package grid

import (
	"context"
	"database/sql"

	"wangge/internal/platform/db"
	"wangge/internal/platform/id"
)

// readLine reads the posts of a district with their periods, holders and rosters.
func readLine(ctx context.Context, q db.Queryer, district int) ([]*LinePost, error) {
	var list []*LinePost
	byID := map[id.ID]*LinePost{}
	err := db.Each(ctx, q, func(rows *sql.Rows) error {
		p := &LinePost{}
		var post, team, grid span
		err := rows.Scan(&p.ID, &p.Role, &p.Title, &p.Kind, &p.Object, &p.OrgID, &p.Path, &post.from, &post.until, &team.from, &team.until, &grid.until)
		p.periods = []span{post, team, grid}
		list, byID[p.ID] = append(list, p), p
		return err
	}, `SELECT p.id, p.role, p.title, p.object_kind, p.object_id, p.org_id, COALESCE(pl.path, g.path, oa.path, ''), p.from_ms, p.until_ms,
			COALESCE(tm.from_ms, 0), COALESCE(tm.until_ms, 0), COALESCE(g.until_ms, 0)
		FROM post p
		LEFT JOIN team tm ON tm.district = p.district AND tm.id = p.team_id
		LEFT JOIN place pl ON pl.district = p.district AND pl.id = p.object_id AND p.object_kind = 'place'
		LEFT JOIN grid g ON g.district = p.district AND g.id = p.object_id AND p.object_kind = 'grid'
		LEFT JOIN organisation o ON o.district = p.district AND o.id = p.object_id AND p.object_kind = 'organisation'
		LEFT JOIN place oa ON oa.district = o.district AND oa.id = o.area_id
		WHERE p.district = $1`, district)
	if err != nil {
		return nil, err
	}
	err = db.Each(ctx, q, func(rows *sql.Rows) error {
		var post id.ID
		var h holding
		err := rows.Scan(&post, &h.account, &h.from, &h.until)
		if p := byID[post]; p != nil {
			p.holders = append(p.holders, h)
		}
		return err
	}, `SELECT post_id, account_id, from_ms, until_ms FROM holder WHERE district = $1 ORDER BY from_ms, id`, district)
	if err != nil {
		return nil, err
	}
	shifts, err := queryShifts(ctx, q, "district = $1", district)
	for _, s := range shifts {
		if p := byID[s.post]; p != nil {
			p.shifts = append(p.shifts, s)
		}
	}
	if err != nil {
		return nil, err
	}
	return list, firstDoors(ctx, q, district, byID)
}

// firstDoors gives posts over sets of doors the path of their first door.
func firstDoors(ctx context.Context, q db.Queryer, district int, byID map[id.ID]*LinePost) error {
	return db.Each(ctx, q, func(rows *sql.Rows) error {
		var post id.ID
		var path string
		err := rows.Scan(&post, &path)
		if p := byID[post]; p != nil {
			p.Path = path
		}
		return err
	}, `SELECT pd.post_id, MIN(p.path) FROM post_door pd JOIN place p ON p.district = pd.district AND p.id = pd.door_id
		WHERE pd.district = $1 GROUP BY pd.post_id`, district)
}

// dutySpans reads when somebody holds, or will hold, a duty post of the district.
func dutySpans(ctx context.Context, q db.Queryer, district int) ([]span, error) {
	var out []span
	err := db.Each(ctx, q, func(rows *sql.Rows) error {
		var holder, post, team span
		err := rows.Scan(&holder.from, &holder.until, &post.from, &post.until, &team.from, &team.until)
		both := holder.and(post).and(team)
		if both.until == 0 || both.from < both.until {
			out = append(out, both)
		}
		return err
	}, `SELECT h.from_ms, h.until_ms, p.from_ms, p.until_ms, COALESCE(tm.from_ms, 0), COALESCE(tm.until_ms, 0)
		FROM place pl JOIN post p ON p.district = pl.district AND p.object_id = pl.id AND p.object_kind = 'place'
		JOIN holder h ON h.district = p.district AND h.post_id = p.id
		LEFT JOIN team tm ON tm.district = p.district AND tm.id = p.team_id
		WHERE pl.district = $1 AND pl.path = $2 AND p.role = $3`, district, rootPath(district), string(RoleCommand))
	return out, err
}

// and is the time that both spans cover; from is not before until where there is none.
func (s span) and(o span) span {
	out := span{max(s.from, o.from), s.until}
	if out.until == 0 || o.until != 0 && o.until < out.until {
		out.until = o.until
	}
	return out
}
