package trust

import (
	"context"
	"database/sql"
	"strconv"
	"strings"

	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
)

func selectLooks(ctx context.Context, q db.Queryer, district int, ask Question, people []id.ID, cursor string, limit int) ([]LookRow, error) {
	a := db.NewArgs(district)
	where := `l.district = $1`
	and := func(on bool, cond string, v any) {
		if on {
			where += ` AND ` + cond + a.Add(v)
		}
	}
	and(ask.From != "", `l.day >= `, ask.From)
	and(ask.Until != "", `l.day <= `, ask.Until)
	and(ask.Account != id.Zero, `l.account_id = `, ask.Account)
	if people != nil {
		where += ` AND l.person_id IN ` + db.In(a, people)
	}
	if cursor != "" {
		at, err := readCursor(cursor)
		if err != nil {
			return nil, err
		}
		ms, person, account := a.Add(at[0]), a.Add(at[1]), a.Add(at[2])
		where += ` AND (l.first_ms < ` + ms + ` OR l.first_ms = ` + ms + ` AND (l.person_id < ` + person + ` OR l.person_id = ` + person + ` AND l.account_id < ` + account + `))`
	}
	return db.List(ctx, q, func(r *LookRow) []any {
		return []any{&r.AtMs, &r.Day, &r.Account, &r.Role, &r.Post, &r.Purpose, &r.Person, &r.Lead, &r.Door}
	}, `SELECT l.first_ms, l.day, l.account_id, l.role, l.post_id, l.purpose, l.person_id,
		CASE WHEN p.id IS NULL AND EXISTS (SELECT 1 FROM task t WHERE t.district = l.district AND t.id = l.person_id AND t.kind = 'lead') THEN 1 ELSE 0 END = 1, COALESCE(p.door_id, 0)
		FROM look l LEFT JOIN person p ON p.district = l.district AND p.id = l.person_id
		WHERE `+where+` ORDER BY l.first_ms DESC, l.person_id DESC, l.account_id DESC LIMIT `+a.Add(limit), a.List()...)
}

// behind returns who is recorded behind a door, or was.
func behind(ctx context.Context, q db.Queryer, district int, door id.ID) ([]id.ID, error) {
	return db.List(ctx, q, func(v *id.ID) []any { return []any{v} },
		`SELECT id FROM person WHERE district = $1 AND door_id = $2 UNION SELECT person_id FROM residence WHERE district = $1 AND door_id = $2 ORDER BY 1 LIMIT 500`, district, door)
}

func readCursor(text string) (out [3]int64, err error) {
	parts := strings.Split(text, ".")
	for i := range out {
		if len(parts) != len(out) {
			err = strconv.ErrSyntax
			break
		}
		if out[i], err = strconv.ParseInt(parts[i], 10, 64); err != nil {
			break
		}
	}
	if err != nil {
		err = errs.Field(errs.E("trust.Looks", errs.Invalid, "error.bad_cursor"), "cursor")
	}
	return out, err
}

func placeNames(ctx context.Context, q db.Queryer, district int, places []id.ID) (map[id.ID]string, error) {
	out := map[id.ID]string{}
	err := db.Chunks(places, 500, func(part []id.ID) error {
		a := db.NewArgs(district)
		return db.Each(ctx, q, func(rows *sql.Rows) error {
			var v id.ID
			var name string
			err := rows.Scan(&v, &name)
			out[v] = name
			return err
		}, `SELECT id, name FROM place WHERE district = $1 AND id IN `+db.In(a, part), a.List()...)
	})
	return out, err
}
