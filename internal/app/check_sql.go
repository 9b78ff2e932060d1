package app

import (
	"context"
	"fmt"

	"wangge/internal/platform/db"
	"wangge/internal/platform/i18n"
)

// reference is a column that names a record of another table.
type reference struct {
	table, column, to string
	where             string // which rows name one; empty: those not 0
}

// references are checked row by row; 0 names nothing.
var references = []reference{
	{"place", "parent_id", "place", ""},
	{"place", "area_id", "place", ""},
	{"place", "grid_id", "grid", ""},
	{"grid", "area_id", "place", ""},
	{"post_door", "door_id", "place", ""},
	{"post_door", "post_id", "post", ""},
	{"holder", "post_id", "post", ""},
	{"holder", "account_id", "account", ""},
	{"binding", "post_id", "post", ""},
	{"binding", "org_id", "organisation", ""},
	{"household", "door_id", "place", ""},
	{"person", "household_id", "household", ""},
	{"person", "door_id", "place", ""},
	{"person_key", "person_id", "person", ""},
	{"care_item", "person_id", "person", ""},
	{"risk_item", "person_id", "person", ""},
	{"person_event", "person_id", "person", ""},
	{"residence", "person_id", "person", ""},
	{"round", "emergency_id", "emergency", ""},
	{"round", "form_id", "form", ""},
	{"occurrence", "round_id", "round", ""},
	{"target", "occurrence_id", "occurrence", ""},
	{"target", "mark_id", "mark", ""},
	{"mark", "prev_id", "mark", ""},
	{"mark", "photo_id", "photo", ""},
	{"task", "place_id", "place", ""},
	{"task", "issuer_post_id", "post", ""},
	{"task", "above_post_id", "post", ""},
	{"task_event", "photo_id", "photo", ""},
	{"task_link", "task_id", "task", ""},
	{"task_watch", "task_id", "task", ""},
	{"recheck", "occurrence_id", "occurrence", ""},
}

// checkReferences finds rows that name a record which does not exist.
func checkReferences(ctx context.Context, d *db.DB, lang string) (Checked, error) {
	c := Checked{Name: i18n.T(lang, "check.references")}
	err := d.Snapshot(ctx, "app.checkReferences", func(q db.Queryer) error {
		for _, r := range references {
			where := r.where
			if where == "" {
				where = "a." + r.column + " <> 0"
			}
			from := " FROM " + r.table + " a WHERE " + where
			var looked, dangling int
			if err := q.QueryRowContext(ctx, `SELECT count(*)`+from).Scan(&looked); err != nil {
				return db.Fault("app.checkReferences", err)
			}
			missing := ` AND NOT EXISTS (SELECT 1 FROM ` + r.to + ` b WHERE b.district = a.district AND b.id = a.` + r.column + `)`
			if err := q.QueryRowContext(ctx, `SELECT count(*)`+from+missing).Scan(&dangling); err != nil {
				return db.Fault("app.checkReferences", err)
			}
			c.Looked += looked
			if dangling > 0 {
				c.Problems = append(c.Problems, fmt.Sprintf("%s.%s: %d name no %s", r.table, r.column, dangling, r.to))
			}
		}
		return nil
	})
	return c, err
}

func countAudit(ctx context.Context, d *db.DB) (n int, err error) {
	err = d.Read().QueryRowContext(ctx, `SELECT count(*) FROM audit_entry`).Scan(&n)
	if err != nil {
		err = db.Fault("app.countAudit", err)
	}
	return n, err
}
