package district

import (
	"context"
	"database/sql"
	"errors"

	"wangge/internal/grid"
	"wangge/internal/platform/db"
	"wangge/internal/platform/id"
)

// groupRow is an organisation or team.
type groupRow struct {
	id, area        id.ID
	kind, name      string
	fromMs, untilMs int64
}

type bindingRow struct {
	post, org, object id.ID
	fromMs            int64
}

// staffRows are the rows of posts of one transaction.
type staffRows struct {
	orgs, teams []groupRow // the same may stand here several times
	posts       []grid.NewPost
	holders     []grid.Holder
	bindings    []bindingRow
}

func (r *staffRows) insert(ctx context.Context, tx *db.Tx, district int) error {
	orgs, err := newGroups(ctx, tx, district, "organisation", r.orgs, func(g groupRow) []any {
		return []any{district, int64(g.id), int64(g.area), g.kind, g.name, g.fromMs, g.untilMs}
	})
	if err != nil {
		return err
	}
	teams, err := newGroups(ctx, tx, district, "team", r.teams, func(g groupRow) []any {
		return []any{district, int64(g.id), int64(g.area), g.kind, g.name, g.fromMs, g.untilMs}
	})
	if err != nil {
		return err
	}
	var bindings [][]any
	for _, b := range r.bindings {
		v := int64(id.New())
		bindings = append(bindings, []any{district, v, v, 1, int64(b.post), int64(b.org), string(grid.ObjectPlace), int64(b.object), b.fromMs})
	}
	group := []string{"district", "id", "area_id", "kind", "name", "from_ms", "until_ms"}
	for _, t := range []struct {
		table string
		cols  []string
		rows  [][]any
	}{
		{"organisation", group, orgs},
		{"team", group, teams},
		{"binding", []string{"district", "id", "joint_id", "lead", "post_id", "org_id", "object_kind", "object_id", "from_ms"}, bindings},
	} {
		if err := tx.BulkInsert(ctx, t.table, t.cols, t.rows); err != nil {
			return err
		}
	}
	return nil
}

// newGroups returns the rows of those that are not written yet, each once.
func newGroups(ctx context.Context, tx *db.Tx, district int, table string, list []groupRow, row func(groupRow) []any) ([][]any, error) {
	seen := map[id.ID]bool{}
	var out [][]any
	for _, g := range list {
		if seen[g.id] {
			continue
		}
		seen[g.id] = true
		var one int
		err := tx.QueryRowContext(ctx, "SELECT 1 FROM "+table+" WHERE district = $1 AND id = $2", district, int64(g.id)).Scan(&one)
		if errors.Is(err, sql.ErrNoRows) {
			out = append(out, row(g))
			continue
		}
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// writeProfiles writes the profiles of compounds.
func (l *loader) writeProfiles(ctx context.Context, tx *db.Tx, list []*settled) error {
	var rows [][]any
	for _, s := range list {
		for _, p := range s.profiles {
			f := p.from.Profile
			fences := 0
			if f.Fenced {
				fences = 1
			}
			org := id.Zero
			if f.Property != "" {
				org = l.people.orgOf(s.area.ID, f.Property)
			}
			rows = append(rows, []any{l.sys.District, int64(p.place), int64(org), compoundClass(p.from), f.Gates, fences, f.FireLanes, f.Elderly / 10, l.people.fromMs})
		}
	}
	return tx.BulkInsert(ctx, "compound_profile", []string{"district", "place_id", "org_id", "class", "gates", "fences", "fire_lanes", "elderly_share", "updated_ms"}, rows)
}
