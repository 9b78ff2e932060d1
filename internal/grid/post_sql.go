package grid

import (
	"context"
	"database/sql"
	"strings"

	"wangge/internal/platform/db"
	"wangge/internal/platform/id"
)

const postSelect = `SELECT p.id, p.role, p.title, p.object_kind, p.object_id, p.org_id, p.team_id, p.from_ms, p.until_ms,
	COALESCE(pl.name, g.name, oo.name, ''), COALESCE(pl.path, g.path, oa.path, ''), COALESCE(og.name, ''), COALESCE(tm.name, ''),
	(SELECT COUNT(*) FROM post_door pd WHERE pd.district = p.district AND pd.post_id = p.id) FROM post p` + postJoin

const postJoin = `
	LEFT JOIN place pl ON pl.district = p.district AND pl.id = p.object_id AND p.object_kind = 'place'
	LEFT JOIN grid g ON g.district = p.district AND g.id = p.object_id AND p.object_kind = 'grid'
	LEFT JOIN organisation oo ON oo.district = p.district AND oo.id = p.object_id AND p.object_kind = 'organisation'
	LEFT JOIN place oa ON oa.district = p.district AND oa.id = oo.area_id
	LEFT JOIN organisation og ON og.district = p.district AND og.id = p.org_id
	LEFT JOIN team tm ON tm.district = p.district AND tm.id = p.team_id WHERE `

func queryPosts(ctx context.Context, q db.Queryer, where string, a *db.Args) ([]PostView, error) {
	return db.List(ctx, q, func(p *PostView) []any {
		return []any{&p.ID, &p.Role, &p.Title, &p.ObjectKind, &p.ObjectID, &p.OrgID, &p.TeamID, &p.FromMs, &p.UntilMs,
			&p.Object, &p.Path, &p.Org, &p.Team, &p.Doors}
	}, postSelect+where, a.List()...)
}

// postInPath is the SQL of the posts p whose object lies at or below a path.
func postInPath(a *db.Args, path string) string {
	lo, hi := a.Add(path), a.Add(path+pathEnd)
	within := func(col string) string { return "(" + col + " >= " + lo + " AND " + col + " < " + hi + ")" }
	return "(" + within("pl.path") + " OR " + within("g.path") + " OR " + within("oa.path") +
		" OR (p.object_kind = 'doors' AND EXISTS (SELECT 1 FROM post_door pd JOIN place dp ON dp.district = pd.district AND dp.id = pd.door_id WHERE pd.district = p.district AND pd.post_id = p.id AND " + within("dp.path") + ")))"
}

// postsUp reads the running posts of some roles over the places of some paths,
// the longest path first.
func postsUp(ctx context.Context, q db.Queryer, district int, paths, roles []string, now int64) ([]PostView, error) {
	a := db.NewArgs(district, now)
	return queryPosts(ctx, q, "p.district = $1 AND (p.until_ms = 0 OR p.until_ms > $2) AND p.object_kind = 'place' AND pl.path IN "+db.In(a, paths)+
		" AND p.role IN "+db.In(a, roles)+" ORDER BY LENGTH(pl.path) DESC, p.id", a)
}

func listPosts(ctx context.Context, q db.Queryer, c Caller, f PostFilter, path string, now int64) ([]PostView, error) {
	a := db.NewArgs(c.District)
	at := a.Add(now)
	where := "p.district = $1 AND (p.until_ms = 0 OR p.until_ms > " + at + ") AND p.id > " + a.Add(int64(f.After))
	switch {
	case f.Exact:
		where += " AND p.object_kind = 'place' AND p.object_id = " + a.Add(int64(f.Place))
	case path != "":
		where += " AND " + postInPath(a, path)
	}
	where += equals(a, "p.role", string(f.Role)) + equals(a, "p.org_id", int64(f.Org)) + equals(a, "p.team_id", int64(f.Team))
	if t := strings.TrimSpace(f.Text); t != "" {
		ph := a.Add(holds(t))
		where += " AND (p.title LIKE " + ph + " ESCAPE '\\' OR pl.name LIKE " + ph + " ESCAPE '\\' OR g.name LIKE " + ph + " ESCAPE '\\' OR oo.name LIKE " + ph + " ESCAPE '\\')"
	}
	if f.Vacant {
		where += " AND NOT (" + filledPosts(at) + ")"
	}
	if f.Account != id.Zero {
		where += " AND EXISTS (SELECT 1 FROM holder h WHERE h.district = p.district AND h.post_id = p.id AND (h.until_ms = 0 OR h.until_ms > " + at + ") AND h.account_id = " + a.Add(int64(f.Account)) + ")"
	}
	where += " AND " + postScope(c, a)
	return queryPosts(ctx, q, where+" ORDER BY p.id LIMIT "+a.Add(f.Limit), a)
}

func equals[T comparable](a *db.Args, col string, v T) string {
	var zero T
	if v == zero {
		return ""
	}
	return " AND " + col + " = " + a.Add(v)
}

// postScope limits posts to those over something the caller may read; one's
// own posts are always among them.
func postScope(c Caller, a *db.Args) string {
	if c.system {
		return "1=1"
	}
	own := "EXISTS (SELECT 1 FROM holder ho WHERE ho.district = p.district AND ho.post_id = p.id AND ho.account_id = " + a.Add(int64(c.AccountID)) + ")"
	out := []string{own}
	for _, g := range c.Grants {
		if g.ObjectKind == ObjectPlace && g.Role.May(PlaceRead) {
			out = append(out, postInPath(a, g.Path))
		}
	}
	return "(" + strings.Join(out, " OR ") + ")"
}

func postByID(ctx context.Context, q db.Queryer, district int, pid id.ID) (PostView, error) {
	a := db.NewArgs(district, int64(pid))
	list, err := queryPosts(ctx, q, "p.district = $1 AND p.id = $2", a)
	if err == nil && len(list) == 0 {
		return PostView{}, notFound("grid.Post", errNoRows, "grid.post.not_found")
	}
	if err != nil {
		return PostView{}, err
	}
	return list[0], nil
}

func insertPosts(ctx context.Context, tx *db.Tx, district int, list []Post, doors map[id.ID][]id.ID) error {
	rows := make([][]any, len(list))
	var sets [][]any
	for i, p := range list {
		rows[i] = []any{district, int64(p.ID), string(p.Role), p.Title, string(p.ObjectKind), int64(p.ObjectID), int64(p.OrgID), int64(p.TeamID), p.FromMs, p.UntilMs}
		for _, d := range uniq(doors[p.ID]) {
			sets = append(sets, []any{district, int64(p.ID), int64(d)})
		}
	}
	err := tx.BulkInsert(ctx, "post", []string{"district", "id", "role", "title", "object_kind", "object_id", "org_id", "team_id", "from_ms", "until_ms"}, rows)
	if err != nil {
		return err
	}
	return tx.BulkInsert(ctx, "post_door", []string{"district", "post_id", "door_id"}, sets)
}

func endPost(ctx context.Context, tx *db.Tx, district int, pid id.ID, until int64) error {
	_, err := tx.ExecContext(ctx, `UPDATE post SET until_ms = $3 WHERE district = $1 AND id = $2`, district, int64(pid), until)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `UPDATE holder SET until_ms = $3 WHERE district = $1 AND post_id = $2 AND (until_ms = 0 OR until_ms > $3)`, district, int64(pid), until)
	return err
}

func insertHolders(ctx context.Context, tx *db.Tx, district int, list []Holder) error {
	rows := make([][]any, len(list))
	for i, h := range list {
		rows[i] = []any{district, int64(h.ID), int64(h.PostID), int64(h.AccountID), h.FromMs, h.UntilMs}
	}
	return tx.BulkInsert(ctx, "holder", []string{"district", "id", "post_id", "account_id", "from_ms", "until_ms"}, rows)
}

// holdersOf reads the holders of posts that have not ended at t, or all.
func holdersOf(ctx context.Context, q db.Queryer, district int, posts []id.ID, t int64, all bool) ([]Holder, error) {
	var out []Holder
	err := db.Chunks(posts, 500, func(part []id.ID) error {
		a := db.NewArgs(district)
		where := "district = $1 AND post_id IN " + db.In(a, nums(part))
		if !all {
			where += " AND (until_ms = 0 OR until_ms > " + a.Add(t) + ")"
		}
		list, err := queryHolders(ctx, q, where+" ORDER BY from_ms, id", a)
		out = append(out, list...)
		return err
	})
	return out, err
}

func queryHolders(ctx context.Context, q db.Queryer, where string, a *db.Args) ([]Holder, error) {
	return db.List(ctx, q, func(h *Holder) []any {
		return []any{&h.ID, &h.PostID, &h.AccountID, &h.FromMs, &h.UntilMs}
	}, "SELECT id, post_id, account_id, from_ms, until_ms FROM holder WHERE "+where, a.List()...)
}

func setHolderEnd(ctx context.Context, tx *db.Tx, district int, hid id.ID, until int64) error {
	_, err := tx.ExecContext(ctx, `UPDATE holder SET until_ms = $3 WHERE district = $1 AND id = $2`, district, int64(hid), until)
	return err
}

// postDoors reads the doors of a set, in walking order.
func postDoors(ctx context.Context, q db.Queryer, district int, pid id.ID) ([]Place, error) {
	return queryPlaces(ctx, q, "p.district = $1 AND p.id IN (SELECT pd.door_id FROM post_door pd WHERE pd.district = $1 AND pd.post_id = $2) ORDER BY p.path",
		db.NewArgs(district, int64(pid)))
}

// doorSets reads the doors of posts over sets of doors, in walking order.
func doorSets(ctx context.Context, q db.Queryer, district int, posts []id.ID) (map[id.ID][]Place, error) {
	out := map[id.ID][]Place{}
	err := db.Chunks(posts, 500, func(part []id.ID) error {
		a := db.NewArgs(district)
		return db.Each(ctx, q, func(rows *sql.Rows) error {
			var post id.ID
			d := Place{Kind: Door}
			err := rows.Scan(&post, &d.ID, &d.ParentID, &d.Name, &d.Path)
			out[post] = append(out[post], d)
			return err
		}, `SELECT pd.post_id, p.id, p.parent_id, p.name, p.path FROM post_door pd JOIN place p ON p.district = pd.district AND p.id = pd.door_id
			WHERE pd.district = $1 AND pd.post_id IN `+db.In(a, nums(part))+` ORDER BY pd.post_id, p.path`, a.List()...)
	})
	return out, err
}

func replacePostDoors(ctx context.Context, tx *db.Tx, district int, pid id.ID, doors []id.ID) error {
	if _, err := tx.ExecContext(ctx, `DELETE FROM post_door WHERE district = $1 AND post_id = $2`, district, int64(pid)); err != nil {
		return err
	}
	var rows [][]any
	for _, d := range uniq(doors) {
		rows = append(rows, []any{district, int64(pid), int64(d)})
	}
	return tx.BulkInsert(ctx, "post_door", []string{"district", "post_id", "door_id"}, rows)
}

// doorPaths reads the paths of open doors by id.
func doorPaths(ctx context.Context, q db.Queryer, district int, ids []id.ID) (map[id.ID]string, error) {
	list, err := placesByID(ctx, q, district, ids)
	out := make(map[id.ID]string, len(list))
	for _, p := range list {
		if p.Kind == Door && p.UntilMs == 0 {
			out[p.ID] = p.Path
		}
	}
	return out, err
}

func setTerm(ctx context.Context, tx *db.Tx, district int, hid id.ID, from, until int64) error {
	_, err := tx.ExecContext(ctx, `UPDATE holder SET from_ms = $3, until_ms = $4 WHERE district = $1 AND id = $2`, district, int64(hid), from, until)
	return err
}

func setPostTitle(ctx context.Context, tx *db.Tx, district int, pid id.ID, title string) error {
	_, err := tx.ExecContext(ctx, `UPDATE post SET title = $3 WHERE district = $1 AND id = $2`, district, int64(pid), title)
	return err
}
