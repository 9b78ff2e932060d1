package ledger

import (
	"context"
	"database/sql"
	"errors"
	"strings"

	"wangge/internal/grid"
	"wangge/internal/platform/db"
	"wangge/internal/platform/id"
)

// queryer is what reads: the pool or a transaction.
type queryer = db.Queryer

// communityOf returns the community a door lies in.
func (s *Service) communityOf(ctx context.Context, q queryer, district int, door id.ID) (area id.ID, name, path string, err error) {
	err = q.QueryRowContext(ctx, `SELECT a.id, a.name, a.path FROM place d CROSS JOIN place a WHERE d.district = $1 AND a.district = $1 AND d.id = $2
		AND a.path = substr(d.path, 1, 12)`, district, int64(door)).Scan((*int64)(&area), &name, &path)
	return area, name, path, notFound(err)
}

// community returns a community by its id.
func (s *Service) community(ctx context.Context, q queryer, district int, area id.ID) (name, path string, err error) {
	err = q.QueryRowContext(ctx, `SELECT name, path FROM place WHERE district = $1 AND id = $2 AND kind = 'community' AND until_ms = 0`, district, int64(area)).Scan(&name, &path)
	return name, path, notFound(err)
}

// AreaName is a community to choose, with its street.
type AreaName struct {
	ID     id.ID
	Name   string
	Street string
}

// communities lists the district's communities in the order of the list; their
// names are public.
func (s *Service) communities(ctx context.Context, district int) ([]AreaName, error) {
	return db.List(ctx, s.db.Read(), func(a *AreaName) []any { return []any{(*int64)(&a.ID), &a.Name, &a.Street} },
		`SELECT c.id, c.name, COALESCE(st.name, '') FROM place c LEFT JOIN place st ON st.district = c.district AND st.path = substr(c.path, 1, 9)
		WHERE c.district = $1 AND c.kind = 'community' AND c.until_ms = 0 ORDER BY c.path`, district)
}

// sameKey returns the current persons below a path that have a keyed hash and
// live there.
func (s *Service) sameKey(ctx context.Context, q queryer, district int, kind string, hash []byte, under string) ([]id.ID, error) {
	a := db.NewArgs(district)
	return db.Collect(ctx, q, `SELECT p.id FROM person_key k CROSS JOIN person p CROSS JOIN place d WHERE k.district = $1 AND p.district = $1 AND d.district = $1
		AND k.hash = `+a.Add(hash)+` AND k.kind = `+a.Add(kind)+` AND p.id = k.person_id AND p.until_ms = 0 AND p.lives_here = 1 AND `+onDoor+underPath(a, under),
		a.List(), scanID)
}

func scanID(r *sql.Rows) (id.ID, error) {
	var v int64
	err := r.Scan(&v)
	return id.ID(v), err
}

// answersElsewhere are the roles that answer for an item: the community's, and
// while nobody holds it those above, in its place.
var answersElsewhere = []grid.Role{grid.RoleCommunity, grid.RoleStreet, grid.RoleCommand}

// postUp returns the nearest post at or above a community that answers for its
// items, with a holder at the instant, and the path it is for; Zero where there
// is none.
func (s *Service) postUp(ctx context.Context, q queryer, district int, path string, at int64) (post id.ID, over string, err error) {
	a := db.NewArgs(district)
	now := a.Add(at)
	var v int64
	err = q.QueryRowContext(ctx, `SELECT o.id, a.path FROM post o CROSS JOIN place a WHERE o.district = $1 AND a.district = $1 AND o.object_kind = 'place' AND a.id = o.object_id
		AND a.path IN `+db.In(a, pathsUp(path))+` AND o.role IN `+db.In(a, answersElsewhere)+`
		AND o.from_ms <= `+now+` AND (o.until_ms = 0 OR o.until_ms > `+now+`)
		AND EXISTS (SELECT 1 FROM holder h WHERE h.district = $1 AND h.post_id = o.id AND h.from_ms <= `+now+` AND (h.until_ms = 0 OR h.until_ms > `+now+`))
		ORDER BY length(a.path) DESC, o.id LIMIT 1`, a.List()...).Scan(&v, &over)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return id.ID(v), over, err
}

// pathsUp lists a community's path and those of its street and county.
func pathsUp(path string) []string {
	out := []string{path}
	for _, n := range []int{9, 6} {
		if len(path) > n {
			out = append(out, path[:n])
		}
	}
	return out
}

// postNames returns role and area of posts, by id.
func (s *Service) postNames(ctx context.Context, district int, posts []id.ID) (map[id.ID]postName, error) {
	out := map[id.ID]postName{}
	err := db.Chunks(posts, 500, func(part []id.ID) error {
		a := db.NewArgs(district)
		list, err := db.List(ctx, s.db.Read(), func(p *postName) []any { return []any{(*int64)(&p.id), &p.Role, &p.Area} },
			`SELECT o.id, o.role, a.name FROM post o CROSS JOIN place a WHERE o.district = $1 AND a.district = $1 AND a.id = o.object_id AND o.id IN `+db.In(a, ints(part)), a.List()...)
		for _, p := range list {
			out[p.id] = p
		}
		return err
	})
	return out, err
}

// postName is a post as others read it.
type postName struct {
	id   id.ID
	Role string
	Area string
}

var elsewhereCols = []string{"district", "id", "person_id", "from_area_id", "to_area_id", "match_id", "result_id", "state", "reason", "was_living", "register", "sealed",
	"owner_post_id", "due_ms", "account_id", "post_id", "created_ms", "version"}

func (s *Service) insertElsewhere(ctx context.Context, tx *db.Tx, district int, r elsewhereRow) error {
	return tx.BulkInsert(ctx, tableElsewhere, elsewhereCols, [][]any{{district, int64(r.id), int64(r.person), int64(r.from), int64(r.to), int64(r.match), int64(r.result),
		string(r.state), r.reason, bit(r.wasLiving), r.register, r.blob, int64(r.owner), r.dueMs, int64(r.account), int64(r.post), r.createdMs, r.version}})
}

// updateElsewhere stores how an open item was decided.
func (s *Service) updateElsewhere(ctx context.Context, tx *db.Tx, district int, r elsewhereRow) error {
	res, err := tx.ExecContext(ctx, `UPDATE elsewhere SET state = $3, reason = $4, sealed = $5, result_id = $6, decided_account_id = $7, decided_post_id = $8, decided_ms = $9, version = version + 1
		WHERE district = $1 AND id = $2 AND version = $10 AND decided_ms = 0`,
		district, int64(r.id), string(r.state), r.reason, r.blob, int64(r.result), int64(r.decidedBy), int64(r.decidedPost), r.decidedMs, r.version)
	if err != nil {
		return err
	}
	return changedOne(res)
}

// setElsewhere stores what became of a decided item.
func setElsewhere(ctx context.Context, tx *db.Tx, district int, r elsewhereRow) error {
	res, err := tx.ExecContext(ctx, `UPDATE elsewhere SET state = $3, reason = $4, due_ms = $5, version = version + 1 WHERE district = $1 AND id = $2 AND version = $6`,
		district, int64(r.id), string(r.state), r.reason, r.dueMs, r.version)
	if err != nil {
		return err
	}
	return changedOne(res)
}

// endLeft ends the items whose person left, when the sender does something new.
func endLeft(ctx context.Context, tx *db.Tx, district int, person id.ID) error {
	_, err := tx.ExecContext(ctx, `UPDATE elsewhere SET state = 'ended', version = version + 1 WHERE district = $1 AND person_id = $2 AND state = 'left'`, district, int64(person))
	return err
}

// elsewheresWith returns the items accepted as one of the records, or as one
// that was merged into it since, and not ended.
func (s *Service) elsewheresWith(ctx context.Context, q queryer, district int, records []id.ID) ([]elsewhereRow, error) {
	a := db.NewArgs(district)
	list := db.In(a, ints(records))
	return db.List(ctx, q, func(r *elsewhereRow) []any { return append(r.fields(), (*int64)(&r.counts)) },
		strings.Replace(elsewhereSelect, "FROM elsewhere e ", ", x.counts FROM (SELECT e2.id AS id, e2.result_id AS counts FROM elsewhere e2 WHERE e2.district = $1 AND e2.result_id <> 0 AND e2.result_id IN "+list+
			" UNION SELECT e2.id, m.keep_id FROM person_merge m JOIN elsewhere e2 ON e2.district = m.district AND e2.result_id = m.drop_id AND e2.result_id <> 0 WHERE m.district = $1 AND m.undone_ms = 0 AND m.keep_id IN "+list+
			") x JOIN elsewhere e ON e.id = x.id ", 1)+`e.state IN ('accepted', 'left')`, a.List()...)
}

const elsewhereSelect = `SELECT e.id, e.person_id, e.from_area_id, e.to_area_id, e.match_id, e.result_id, e.state, e.reason, e.was_living, e.register, e.sealed, e.owner_post_id, e.due_ms,
	e.account_id, e.post_id, e.created_ms, e.decided_account_id, e.decided_post_id, e.decided_ms, e.version, f.path, t.path, f.name, t.name
	FROM elsewhere e JOIN place f ON f.district = e.district AND f.id = e.from_area_id JOIN place t ON t.district = e.district AND t.id = e.to_area_id
	WHERE e.district = $1 AND `

func (r *elsewhereRow) fields() []any {
	return []any{(*int64)(&r.id), (*int64)(&r.person), (*int64)(&r.from), (*int64)(&r.to), (*int64)(&r.match), (*int64)(&r.result), (*string)(&r.state), &r.reason, flag{&r.wasLiving},
		&r.register, &r.blob, (*int64)(&r.owner), &r.dueMs, (*int64)(&r.account), (*int64)(&r.post), &r.createdMs, (*int64)(&r.decidedBy), (*int64)(&r.decidedPost), &r.decidedMs,
		&r.version, &r.fromPath, &r.toPath, &r.fromName, &r.toName}
}

// flag reads a column of 0 or 1 into a bool.
type flag struct{ v *bool }

// Scan implements sql.Scanner.
func (f flag) Scan(v any) error {
	n, ok := v.(int64)
	*f.v = ok && n == 1
	return nil
}

func (s *Service) elsewhereRow(ctx context.Context, q queryer, district int, item id.ID) (elsewhereRow, error) {
	var r elsewhereRow
	err := q.QueryRowContext(ctx, elsewhereSelect+`e.id = $2`, district, int64(item)).Scan(r.fields()...)
	return r, notFound(err)
}

func (s *Service) openElsewhereOf(ctx context.Context, q queryer, district int, person id.ID) (bool, error) {
	var n int
	err := q.QueryRowContext(ctx, `SELECT COUNT(*) FROM elsewhere WHERE district = $1 AND decided_ms = 0 AND (person_id = $2 OR match_id = $2)`, district, int64(person)).Scan(&n)
	return n > 0, err
}

// elsewheresOf lists the items about records, newest first.
func (s *Service) elsewheresOf(ctx context.Context, q queryer, district int, person id.ID) ([]elsewhereRow, error) {
	return db.List(ctx, q, (*elsewhereRow).fields, elsewhereSelect+`(e.person_id = $2 OR e.result_id = $2 OR e.match_id = $2 AND e.decided_ms = 0) ORDER BY e.id DESC LIMIT 20`, district, int64(person))
}

// elsewheres lists items of which an end lies where the caller reads the
// ledger, and below the path under; open ones by deadline, others newest first.
func (s *Service) elsewheres(ctx context.Context, c grid.Caller, under string, closed bool, after id.ID, limit int) ([]elsewhereRow, error) {
	a := db.NewArgs(c.District)
	where := `(` + c.Scope(grid.LedgerRead, a, grid.Columns{Path: "f.path"}) + ` OR ` + c.Scope(grid.LedgerRead, a, grid.Columns{Path: "t.path"}) + `)`
	if under != "" {
		lo, hi := a.Add(under), a.Add(under+"~")
		where += ` AND (f.path >= ` + lo + ` AND f.path < ` + hi + ` OR t.path >= ` + lo + ` AND t.path < ` + hi + `)`
	}
	switch {
	case !closed: // who left waits for the sender alone
		where += ` AND (e.decided_ms = 0 OR e.state = 'left' AND ` + c.Scope(grid.LedgerRead, a, grid.Columns{Path: "f.path"}) + `) ORDER BY e.due_ms, e.id`
	case after != id.Zero:
		where += ` AND e.decided_ms > 0 AND e.state <> 'left' AND e.id < ` + a.Add(int64(after)) + ` ORDER BY e.id DESC`
	default:
		where += ` AND e.decided_ms > 0 AND e.state <> 'left' ORDER BY e.id DESC`
	}
	return db.List(ctx, s.db.Read(), (*elsewhereRow).fields, elsewhereSelect+where+` LIMIT `+a.Add(limit), a.List()...)
}

// ElsewhereCount is how many open items wait at a receiving community.
type ElsewhereCount struct {
	AreaID  id.ID  `json:"area_id"`
	Area    string `json:"area"`
	Open    int    `json:"open" doc:"Items that wait for this community"`
	Overdue int    `json:"overdue" doc:"Of these, past their deadline"`
}

func (s *Service) elsewhereCounts(ctx context.Context, c grid.Caller, under string, now int64) ([]ElsewhereCount, error) {
	a := db.NewArgs(c.District)
	at := a.Add(now)
	where := c.Scope(grid.PlaceRead, a, grid.Columns{Path: "t.path"})
	if under != "" {
		where += ` AND t.path >= ` + a.Add(under) + ` AND t.path < ` + a.Add(under+"~")
	}
	return db.List(ctx, s.db.Read(), func(n *ElsewhereCount) []any { return []any{(*int64)(&n.AreaID), &n.Area, &n.Open, &n.Overdue} },
		`SELECT t.id, t.name, COUNT(*), SUM(CASE WHEN e.due_ms < `+at+` THEN 1 ELSE 0 END) FROM elsewhere e JOIN place t ON t.district = e.district AND t.id = e.to_area_id
		WHERE e.district = $1 AND e.decided_ms = 0 AND `+where+` GROUP BY t.id, t.name, t.path ORDER BY t.path`, a.List()...)
}
