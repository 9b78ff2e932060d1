package grid

import (
	"context"

	"wangge/internal/platform/db"
	"wangge/internal/platform/id"
)

// onDuty is the SQL, to follow filledPosts, of the posts p that are on duty at
// an instant: those without a roster, and those with a shift that covers it and
// whose named holder, if any, holds the post then.
func onDuty(at string) string {
	return ` AND (NOT EXISTS (SELECT 1 FROM shift s WHERE ` + shiftRuns(at) + `)
		OR EXISTS (SELECT 1 FROM shift s WHERE ` + shiftRuns(at) + shiftCovers(at) + `
			AND (s.account_id = 0 OR EXISTS (SELECT 1 FROM holder hs WHERE hs.district = p.district AND hs.post_id = p.id AND hs.account_id = s.account_id
				AND hs.from_ms <= ` + at + ` AND (hs.until_ms = 0 OR hs.until_ms > ` + at + `)))))`
}

// DutyColumns are two columns, 0 or 1, of a query over posts p and an account
// that holds them: whether the post has a roster at an instant, and whether it
// has the account on duty then. account is a column.
func DutyColumns(at, account string) string {
	return `CASE WHEN EXISTS (SELECT 1 FROM shift s WHERE ` + shiftRuns(at) + `) THEN 1 ELSE 0 END,
		CASE WHEN EXISTS (SELECT 1 FROM shift s WHERE ` + shiftRuns(at) + shiftCovers(at) + ` AND s.account_id IN (0, ` + account + `)) THEN 1 ELSE 0 END`
}

// shiftRuns is the SQL of shifts s of a post p that are part of its roster at an
// instant, whatever their hours.
func shiftRuns(at string) string {
	return `s.district = p.district AND s.post_id = p.id AND s.from_ms <= ` + at + ` AND (s.until_ms = 0 OR s.until_ms > ` + at + `)`
}

// shiftCovers is the SQL, to follow shiftRuns, of shifts whose hours cover the
// instant.
func shiftCovers(at string) string {
	local := "(CAST(" + at + " AS BIGINT) + 28800000)"
	day, minute := "("+local+" / 86400000)", "(("+local+" % 86400000) / 60000)"
	today := `(s.day = ` + day + ` OR s.weekday = (` + day + ` + 3) % 7) AND s.start_min <= ` + minute + ` AND s.end_min > ` + minute
	before := `(s.day = ` + day + ` - 1 OR s.weekday = (` + day + ` + 2) % 7) AND s.end_min > ` + minute + ` + 1440`
	return ` AND (` + today + ` OR ` + before + `)`
}

func queryShifts(ctx context.Context, q db.Queryer, where string, args ...any) ([]shiftRow, error) {
	return db.List(ctx, q, func(r *shiftRow) []any {
		return []any{&r.id, &r.post, &r.account, &r.weekday, &r.day, &r.start, &r.end, &r.from, &r.until}
	}, "SELECT id, post_id, account_id, weekday, day, start_min, end_min, from_ms, until_ms FROM shift WHERE "+where, args...)
}

// shiftHours reads the different hours of the rosters that run or will.
func shiftHours(ctx context.Context, q db.Queryer, district int, t int64) ([]shiftRow, error) {
	return db.List(ctx, q, func(r *shiftRow) []any {
		return []any{&r.weekday, &r.day, &r.start, &r.end}
	}, `SELECT DISTINCT weekday, day, start_min, end_min FROM shift WHERE district = $1 AND (until_ms = 0 OR until_ms > $2) AND (day < 0 OR day >= $3)`,
		district, t, dayNumber(t)-1)
}

func insertShifts(ctx context.Context, tx *db.Tx, district int, list []shiftRow) error {
	rows := make([][]any, len(list))
	for i, r := range list {
		rows[i] = []any{district, int64(r.id), int64(r.post), int64(r.account), r.weekday, r.day, r.start, r.end, r.from, r.until}
	}
	return tx.BulkInsert(ctx, "shift", []string{"district", "id", "post_id", "account_id", "weekday", "day", "start_min", "end_min", "from_ms", "until_ms"}, rows)
}

func setShiftEnd(ctx context.Context, tx *db.Tx, district int, sid id.ID, until int64) error {
	_, err := tx.ExecContext(ctx, `UPDATE shift SET until_ms = $3 WHERE district = $1 AND id = $2`, district, int64(sid), until)
	return err
}
