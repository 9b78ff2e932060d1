package incoming

import (
	"database/sql"
	"fmt"
	"strings"
	"testing"

	"wangge/internal/platform/db"
	"wangge/internal/platform/db/dbtest"
)

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
