package relief

import (
	"context"

	"wangge/internal/platform/db"
)

// fault is a query for the changes of shift that break one condition.
type fault struct{ check, text, detail string }

// held is the SQL of a term of an account in the post of a change h at an instant.
func held(account, at string) string {
	return `EXISTS (SELECT 1 FROM holder x WHERE x.district = h.district AND x.post_id = h.post_id AND x.account_id = ` + account +
		` AND x.from_ms <= ` + at + ` AND (x.until_ms = 0 OR x.until_ms >= ` + at + `))`
}

var faults = []fault{
	{"signed", `SELECT h.post_id FROM shift_handover h WHERE h.out_id <> 0 AND h.out_id = h.in_id`, "one person signed for both sides"},
	{"signed", `SELECT h.post_id FROM shift_handover h WHERE h.out_id <> 0 AND NOT ` + held("h.out_id", "h.out_ms"), "signed as outgoing by somebody who did not hold the post"},
	{"signed", `SELECT h.post_id FROM shift_handover h WHERE h.in_id <> 0 AND NOT ` + held("h.in_id", "h.in_ms"), "signed as relief by somebody who did not hold the post"},
	{"signed", `SELECT h.post_id FROM shift_handover h WHERE (h.in_id = 0) <> (h.in_ms = 0) OR (h.out_id = 0) <> (h.out_ms = 0)`, "signed by nobody, or at no time"},
	{"passed", `SELECT h.post_id FROM shift_handover h WHERE h.passed_ms <> 0 AND (h.passed_ms < h.end_ms OR h.noted_ms < h.passed_ms OR h.in_ms <> 0 AND h.in_ms <= h.passed_ms)`, "passed to the leader although the relief had signed, or before the shift ended"},
	{"passed", `SELECT h.post_id FROM shift_handover h WHERE h.passed_ms <> 0 AND NOT EXISTS (SELECT 1 FROM post p WHERE p.district = h.district AND p.id = h.leader_post_id)`, "passed to a post that does not exist"},
	{"told", `SELECT h.post_id FROM shift_handover h WHERE h.task_id <> 0 AND NOT EXISTS (SELECT 1 FROM task t WHERE t.district = h.district AND t.id = h.task_id)`, "what told the leader is not there"},
	{"told", `SELECT DISTINCT h.post_id FROM shift_handover h JOIN task t ON t.district = h.district AND t.id = h.task_id
		JOIN shift_handover n ON n.district = h.district AND n.post_id = h.post_id AND n.end_ms >= h.end_ms AND n.in_ms >= t.created_ms WHERE t.open = 1`, "the leader is still told although a relief has signed"},
}

func selectFaults(ctx context.Context, q db.Queryer, f fault) ([]Problem, error) {
	return db.List(ctx, q, func(p *Problem) []any {
		p.Check, p.Detail = f.check, f.detail
		return []any{&p.PostID}
	}, f.text+" LIMIT 20")
}

func countRecords(ctx context.Context, q db.Queryer) (n int, err error) {
	err = q.QueryRowContext(ctx, `SELECT COUNT(*) FROM shift_handover`).Scan(&n)
	return n, err
}

func districtsWithRosters(ctx context.Context, q db.Queryer) ([]int, error) {
	return db.List(ctx, q, func(v *int) []any { return []any{v} }, `SELECT DISTINCT district FROM shift ORDER BY district`)
}
