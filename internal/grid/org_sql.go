package grid

import (
	"context"
	"database/sql"
	"errors"
	"strings"

	"wangge/internal/platform/db"
	"wangge/internal/platform/id"
)

func queryOrgs(ctx context.Context, q db.Queryer, where string, args ...any) ([]Organisation, error) {
	return db.List(ctx, q, func(o *Organisation) []any {
		return []any{&o.ID, &o.AreaID, &o.Kind, &o.Name, &o.FromMs, &o.UntilMs}
	}, "SELECT id, area_id, kind, name, from_ms, until_ms FROM organisation WHERE "+where, args...)
}

// listOrgs reads running organisations of areas at or below a path.
func listOrgs(ctx context.Context, q db.Queryer, district int, f OrgFilter, now int64) ([]Organisation, error) {
	a := db.NewArgs(district, int64(f.After), now, f.Area.Path, f.Area.Path+pathEnd, f.Limit)
	where := `district = $1 AND id > $2 AND (until_ms = 0 OR until_ms > $3)
		AND area_id IN (SELECT p.id FROM place p WHERE p.district = $1 AND p.path >= $4 AND p.path < $5)`
	if t := strings.TrimSpace(f.Text); t != "" {
		where += " AND name LIKE " + a.Add(holds(t)) + ` ESCAPE '\'`
	}
	return queryOrgs(ctx, q, where+" ORDER BY id LIMIT $6", a.List()...)
}

// nearPath is the SQL of the areas p at, above or below the path $2 (its end
// $3); a path above is a beginning of it.
const nearPath = `((p.path >= $2 AND p.path < $3) OR SUBSTR($2, 1, LENGTH(p.path)) = p.path)`

// orgsNear reads running organisations near a path with the paths of their areas.
func orgsNear(ctx context.Context, q db.Queryer, district int, path string, now int64) (list []Organisation, paths []string, err error) {
	err = db.Each(ctx, q, func(rows *sql.Rows) error {
		var o Organisation
		var at string
		err := rows.Scan(&o.ID, &o.AreaID, &o.Kind, &o.Name, &o.FromMs, &o.UntilMs, &at)
		list, paths = append(list, o), append(paths, at)
		return err
	}, `SELECT o.id, o.area_id, o.kind, o.name, o.from_ms, o.until_ms, p.path FROM organisation o JOIN place p ON p.district = o.district AND p.id = o.area_id
		WHERE o.district = $1 AND `+nearPath+` AND (o.until_ms = 0 OR o.until_ms > $4) ORDER BY o.id LIMIT 1000`, district, path, path+pathEnd, now)
	return list, paths, err
}

// teamsNear reads running teams near a path.
func teamsNear(ctx context.Context, q db.Queryer, district int, path string, now int64) ([]Team, error) {
	return queryTeams(ctx, q, `district = $1 AND (until_ms = 0 OR until_ms > $4)
		AND EXISTS (SELECT 1 FROM place p WHERE p.district = $1 AND p.id = team.area_id AND `+nearPath+`) ORDER BY id LIMIT 1000`, district, path, path+pathEnd, now)
}

// holds is the LIKE pattern, with \ as its escape, of what holds a text.
func holds(text string) string {
	return "%" + strings.NewReplacer(`\`, `\\`, "%", `\%`, "_", `\_`).Replace(text) + "%"
}

// orgPath returns the path of an organisation's area; "" where there is none.
func orgPath(ctx context.Context, q db.Queryer, district int, oid id.ID) (string, error) {
	var path string
	err := q.QueryRowContext(ctx, `SELECT p.path FROM organisation o JOIN place p ON p.district = o.district AND p.id = o.area_id
		WHERE o.district = $1 AND o.id = $2`, district, int64(oid)).Scan(&path)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return path, err
}

func insertOrgs(ctx context.Context, tx *db.Tx, district int, list []Organisation) error {
	rows := make([][]any, len(list))
	for i, o := range list {
		rows[i] = []any{district, int64(o.ID), int64(o.AreaID), o.Kind, o.Name, o.FromMs, o.UntilMs}
	}
	return tx.BulkInsert(ctx, "organisation", []string{"district", "id", "area_id", "kind", "name", "from_ms", "until_ms"}, rows)
}

func endOrg(ctx context.Context, tx *db.Tx, district int, oid id.ID, until int64) error {
	for _, text := range []string{
		`UPDATE organisation SET until_ms = $3 WHERE district = $1 AND id = $2`,
		`UPDATE binding SET until_ms = $3 WHERE district = $1 AND org_id = $2 AND (until_ms = 0 OR until_ms > $3)`,
	} {
		if _, err := tx.ExecContext(ctx, text, district, int64(oid), until); err != nil {
			return err
		}
	}
	return nil
}

func queryTeams(ctx context.Context, q db.Queryer, where string, args ...any) ([]Team, error) {
	return db.List(ctx, q, func(t *Team) []any {
		return []any{&t.ID, &t.AreaID, &t.OrgID, &t.Kind, &t.Name, &t.PartyBranch, &t.FromMs, &t.UntilMs}
	}, "SELECT id, area_id, org_id, kind, name, party_branch, from_ms, until_ms FROM team WHERE "+where, args...)
}

func listTeams(ctx context.Context, q db.Queryer, district int, path string, after id.ID, limit int) ([]Team, error) {
	return queryTeams(ctx, q, `district = $1 AND id > $2
		AND area_id IN (SELECT p.id FROM place p WHERE p.district = $1 AND p.path >= $3 AND p.path < $4) ORDER BY id LIMIT $5`,
		district, int64(after), path, path+pathEnd, limit)
}

func insertTeams(ctx context.Context, tx *db.Tx, district int, list []Team) error {
	rows := make([][]any, len(list))
	for i, t := range list {
		rows[i] = []any{district, int64(t.ID), int64(t.AreaID), int64(t.OrgID), t.Kind, t.Name, t.PartyBranch, t.FromMs, t.UntilMs}
	}
	return tx.BulkInsert(ctx, "team", []string{"district", "id", "area_id", "org_id", "kind", "name", "party_branch", "from_ms", "until_ms"}, rows)
}

func updateTeam(ctx context.Context, tx *db.Tx, district int, t Team) error {
	_, err := tx.ExecContext(ctx, `UPDATE team SET name = $3, party_branch = $4, until_ms = $5 WHERE district = $1 AND id = $2`,
		district, int64(t.ID), t.Name, t.PartyBranch, t.UntilMs)
	return err
}

func updateOrg(ctx context.Context, tx *db.Tx, district int, o Organisation) error {
	_, err := tx.ExecContext(ctx, `UPDATE organisation SET name = $3, kind = $4 WHERE district = $1 AND id = $2`, district, int64(o.ID), o.Name, o.Kind)
	return err
}

func setTeamEnd(ctx context.Context, tx *db.Tx, district int, tid id.ID, until int64) error {
	_, err := tx.ExecContext(ctx, `UPDATE team SET until_ms = $3 WHERE district = $1 AND id = $2`, district, int64(tid), until)
	return err
}

const bindingSelect = `SELECT b.id, b.joint_id, b.lead, b.post_id, b.org_id, b.object_kind, b.object_id, b.from_ms, b.until_ms,
	COALESCE(NULLIF(p.title, ''), o.name, ''), COALESCE(p.role, ''), COALESCE(pl.name, g.name, ''), COALESCE(pl.path, g.path, '') FROM binding b
	LEFT JOIN post p ON p.district = b.district AND p.id = b.post_id
	LEFT JOIN organisation o ON o.district = b.district AND o.id = b.org_id
	LEFT JOIN place pl ON pl.district = b.district AND pl.id = b.object_id AND b.object_kind = 'place'
	LEFT JOIN grid g ON g.district = b.district AND g.id = b.object_id AND b.object_kind = 'grid' WHERE `

func queryBindings(ctx context.Context, q db.Queryer, where string, args ...any) ([]BindingView, error) {
	return db.List(ctx, q, func(b *BindingView) []any {
		return []any{&b.ID, &b.JointID, &b.Lead, &b.PostID, &b.OrgID, &b.ObjectKind, &b.ObjectID, &b.FromMs, &b.UntilMs, &b.Who, &b.Role, &b.Object, &b.Path}
	}, bindingSelect+where, args...)
}

// listBindings reads running bindings to objects at or below a path, or at
// exactly one object.
func listBindings(ctx context.Context, q db.Queryer, district int, path string, object, after id.ID, limit int, now int64) ([]BindingView, error) {
	a := db.NewArgs(district, now, int64(after), limit)
	where := `b.district = $1 AND (b.until_ms = 0 OR b.until_ms > $2) AND b.id > $3`
	if object != id.Zero {
		where += " AND b.object_id = " + a.Add(int64(object))
	} else {
		lo, hi := a.Add(path), a.Add(path+pathEnd)
		where += " AND ((pl.path >= " + lo + " AND pl.path < " + hi + ") OR (g.path >= " + lo + " AND g.path < " + hi + "))"
	}
	return queryBindings(ctx, q, where+" ORDER BY b.id LIMIT $4", a.List()...)
}

func insertBindings(ctx context.Context, tx *db.Tx, district int, list []Binding) error {
	rows := make([][]any, len(list))
	for i, b := range list {
		rows[i] = []any{district, int64(b.ID), int64(b.JointID), flag(b.Lead), int64(b.PostID), int64(b.OrgID), string(b.ObjectKind), int64(b.ObjectID), b.FromMs, b.UntilMs}
	}
	return tx.BulkInsert(ctx, "binding", []string{"district", "id", "joint_id", "lead", "post_id", "org_id", "object_kind", "object_id", "from_ms", "until_ms"}, rows)
}

func flag(b bool) int {
	if b {
		return 1
	}
	return 0
}

func setBindingEnd(ctx context.Context, tx *db.Tx, district int, bid id.ID, until int64) error {
	_, err := tx.ExecContext(ctx, `UPDATE binding SET until_ms = $3 WHERE district = $1 AND id = $2`, district, int64(bid), until)
	return err
}

// RoleAlias is what a role is called in an area and below it.
type RoleAlias struct {
	AreaID id.ID  `json:"area_id"`
	Area   string `json:"area"`
	Path   string `json:"-"`
	Role   Role   `json:"role"`
	Alias  string `json:"alias"`
}

func queryAliases(ctx context.Context, q db.Queryer, district int) ([]RoleAlias, error) {
	return db.List(ctx, q, func(a *RoleAlias) []any {
		return []any{&a.AreaID, &a.Area, &a.Path, &a.Role, &a.Alias}
	}, `SELECT r.area_id, p.name, p.path, r.role, r.alias FROM role_alias r JOIN place p ON p.district = r.district AND p.id = r.area_id
		WHERE r.district = $1 ORDER BY p.path, r.role`, district)
}

// setAlias writes or, empty, takes away what a role is called in an area, and
// says whether that changed anything.
func setAlias(ctx context.Context, tx *db.Tx, district int, area id.ID, role Role, alias string) (bool, error) {
	if alias == "" {
		return db.One(tx.ExecContext(ctx, `DELETE FROM role_alias WHERE district = $1 AND area_id = $2 AND role = $3`, district, int64(area), string(role)))
	}
	return db.One(tx.ExecContext(ctx, `INSERT INTO role_alias (district, area_id, role, alias) VALUES ($1, $2, $3, $4)
		ON CONFLICT (district, area_id, role) DO UPDATE SET alias = excluded.alias WHERE role_alias.alias <> excluded.alias`, district, int64(area), string(role), alias))
}

func readProfile(ctx context.Context, q db.Queryer, district int, place id.ID) (Profile, bool, error) {
	p := Profile{PlaceID: place}
	err := q.QueryRowContext(ctx, `SELECT org_id, class, gates, fences, fire_lanes, elderly_share, party_branch, note, updated_ms FROM compound_profile
		WHERE district = $1 AND place_id = $2`, district, int64(place)).
		Scan(&p.OrgID, &p.Class, &p.Gates, &p.Fences, &p.FireLanes, &p.ElderlyShare, &p.PartyBranch, &p.Note, &p.UpdatedMs)
	if errors.Is(err, sql.ErrNoRows) {
		return p, false, nil
	}
	return p, err == nil, err
}

func writeProfile(ctx context.Context, tx *db.Tx, district int, p Profile) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO compound_profile (district, place_id, org_id, class, gates, fences, fire_lanes, elderly_share, party_branch, note, updated_ms)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
		ON CONFLICT (district, place_id) DO UPDATE SET org_id = excluded.org_id, class = excluded.class, gates = excluded.gates, fences = excluded.fences,
			fire_lanes = excluded.fire_lanes, elderly_share = excluded.elderly_share, party_branch = excluded.party_branch, note = excluded.note, updated_ms = excluded.updated_ms`,
		district, int64(p.PlaceID), int64(p.OrgID), p.Class, p.Gates, p.Fences, p.FireLanes, p.ElderlyShare, p.PartyBranch, p.Note, p.UpdatedMs)
	return err
}
