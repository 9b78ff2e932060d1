package incoming

import (
	"database/sql"
	"fmt"
	"strings"
	"testing"

	"wangge/internal/grid"
	"wangge/internal/platform/db"
	"wangge/internal/platform/db/dbtest"
)

// An open desk counts what was settled today by the index of those that are done.
func TestDeskCountsByAnIndex(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		if d.Engine() != db.SQLite {
			return // an empty table is read whole there whatever the index
		}
		w := newWorld(t, d)
		for _, role := range []grid.Role{grid.RoleCommunity, grid.RoleStreet} {
			area := w.Hua.ID
			if role == grid.RoleStreet {
				area = w.Hua.ParentID
			}
			c, _ := w.caller(role, area)
			a := db.NewArgs(c.District)
			query, plan := doneSince(c, a, 1), ""
			dbtest.OK(t, db.Each(ctx, d.Read(), func(r *sql.Rows) error {
				var n, up, x int
				var line string
				err := r.Scan(&n, &up, &x, &line)
				plan += line + "\n"
				return err
			}, "EXPLAIN QUERY PLAN "+query, a.List()...))
			if !strings.Contains(plan, "lead_done (district=? AND done_ms>?)") {
				t.Errorf("%s: %s", role, plan)
			}
		}
	})
}

// plainIn names the table of leads in which a text stands readable; "" for none.
func plainIn(t testing.TB, d *db.DB, text string) string {
	t.Helper()
	for _, table := range []string{"lead_receiver", "lead_sending", "lead_referral", "lead", "lead_list", "lead_row", "lead_key", "lead_event", "lead_seat"} {
		found := false
		dbtest.OK(t, db.Each(ctx, d.Read(), func(r *sql.Rows) error {
			cols, err := r.Columns()
			if err != nil {
				return err
			}
			vals := make([]any, len(cols))
			for i := range vals {
				vals[i] = new(any)
			}
			if err := r.Scan(vals...); err != nil {
				return err
			}
			for _, v := range vals {
				x := *v.(*any)
				if b, ok := x.([]byte); ok {
					x = string(b)
				}
				found = found || strings.Contains(fmt.Sprint(x), text)
			}
			return nil
		}, "SELECT * FROM "+table))
		if found {
			return table
		}
	}
	return ""
}
