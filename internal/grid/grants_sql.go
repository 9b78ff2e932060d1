package grid

import (
	"context"
	"database/sql"

	"wangge/internal/platform/db"
	"wangge/internal/platform/id"
)

// span is a period, from inclusive, until exclusive (0: open).
type span struct{ from, until int64 }

func (s span) covers(t int64) bool { return s.from <= t && (s.until == 0 || t < s.until) }

// held is a post of an account with the periods that bound the right.
type held struct {
	account id.ID
	grant   Grant
	orgID   id.ID
	periods []span
}

// heldPosts reads the posts accounts hold or will hold after t.
func heldPosts(ctx context.Context, q db.Queryer, district int, accounts []id.ID, t int64) ([]held, error) {
	a := db.NewArgs(district, t)
	var out []held
	err := db.Each(ctx, q, func(rows *sql.Rows) error {
		var h held
		var holder, post, team, grid span
		g := &h.grant
		err := rows.Scan(&h.account, &g.PostID, &g.Role, &g.Title, &g.ObjectKind, &g.ObjectID, &h.orgID, &g.Path,
			&holder.from, &holder.until, &post.from, &post.until, &team.from, &team.until, &grid.until)
		h.periods = []span{holder, post, team, grid}
		out = append(out, h)
		return err
	}, `SELECT h.account_id, p.id, p.role, p.title, p.object_kind, p.object_id, p.org_id,
			COALESCE(pl.path, g.path, ''), h.from_ms, h.until_ms, p.from_ms, p.until_ms, COALESCE(tm.from_ms, 0), COALESCE(tm.until_ms, 0), COALESCE(g.until_ms, 0)
		FROM holder h JOIN post p ON p.district = h.district AND p.id = h.post_id
		LEFT JOIN team tm ON tm.district = p.district AND tm.id = p.team_id
		LEFT JOIN place pl ON pl.district = p.district AND pl.id = p.object_id AND p.object_kind = 'place'
		LEFT JOIN grid g ON g.district = p.district AND g.id = p.object_id AND p.object_kind = 'grid'
		WHERE h.district = $1 AND (h.until_ms = 0 OR h.until_ms > $2) AND h.account_id IN `+db.In(a, nums(accounts))+`
		ORDER BY h.from_ms, p.id`, a.List()...)
	return out, err
}

// boundObjects reads the bindings of posts and of organisations.
func boundObjects(ctx context.Context, q db.Queryer, district int, posts, orgs []id.ID, t int64) ([]bound, error) {
	a := db.NewArgs(district, t)
	return db.List(ctx, q, func(b *bound) []any {
		return []any{&b.postID, &b.orgID, &b.kind, &b.objectID, &b.path, &b.period.from, &b.period.until, &b.gridPeriod.until}
	}, `SELECT b.post_id, b.org_id, b.object_kind, b.object_id, COALESCE(pl.path, g.path, ''), b.from_ms, b.until_ms, COALESCE(g.until_ms, 0)
		FROM binding b
		LEFT JOIN place pl ON pl.district = b.district AND pl.id = b.object_id AND b.object_kind = 'place'
		LEFT JOIN grid g ON g.district = b.district AND g.id = b.object_id AND b.object_kind = 'grid'
		WHERE b.district = $1 AND (b.until_ms = 0 OR b.until_ms > $2) AND (b.post_id IN `+db.In(a, nums(posts))+` OR b.org_id IN `+db.In(a, nums(orgs))+`)
		ORDER BY b.id`, a.List()...)
}

type bound struct {
	postID, orgID, objectID id.ID
	kind                    ObjectKind
	path                    string
	period, gridPeriod      span
}
