package task

import (
	"context"
	"database/sql"

	"wangge/internal/platform/db"
	"wangge/internal/platform/id"
)

// selectDueWork counts the open tasks that are late or due before an instant, by
// post and kind.
func selectDueWork(ctx context.Context, q db.Queryer, district int, before int64) ([]due, error) {
	return db.List(ctx, q, func(d *due) []any { return []any{&d.post, &d.kind, &d.n} },
		`SELECT post_id, kind, COUNT(*) FROM task WHERE district = $1 AND open = 1 AND deadline_ms < $2 GROUP BY post_id, kind`, district, before)
}

// selectHandsAlarms reads the open alarms of too few hands by the path of their
// community. That the place is named leads SQLite to their own short index.
func selectHandsAlarms(ctx context.Context, q db.Queryer, district int) (map[string]id.ID, error) {
	out := map[string]id.ID{}
	err := db.Each(ctx, q, func(rows *sql.Rows) error {
		var path string
		var alarm id.ID
		err := rows.Scan(&path, &alarm)
		out[path] = alarm
		return err
	}, `SELECT p.path, t.id FROM task t JOIN place p ON p.district = t.district AND p.id = t.place_id WHERE t.district = $1 AND t.open = 1 AND t.kind = 'hands' AND t.place_id > 0`, district)
	return out, err
}

// hasHandsAlarm reports whether an alarm of too few hands is open for a community.
func hasHandsAlarm(ctx context.Context, q db.Queryer, district int, place id.ID) (bool, error) {
	var n int
	err := q.QueryRowContext(ctx, `SELECT COUNT(*) FROM task WHERE district = $1 AND open = 1 AND kind = 'hands' AND place_id = $2`, district, place).Scan(&n)
	return n > 0, err
}
