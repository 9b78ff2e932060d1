package incoming

import (
	"context"

	"wangge/internal/platform/db"
)

// fault is a query for what breaks one condition.
type fault struct{ check, text, detail string }

var faults = []fault{
	{"task", `SELECT l.id FROM lead l WHERE l.state <> 'done' AND ` + inForce + `
		AND NOT EXISTS (SELECT 1 FROM task t WHERE t.district = l.district AND t.id = l.id AND t.kind = 'lead' AND t.open = 1)`, "not settled, and no task: nobody answers for it"},
	{"task", `SELECT t.id FROM task t LEFT JOIN lead l ON l.district = t.district AND l.id = t.id
		WHERE t.kind = 'lead' AND t.open = 1 AND (l.id IS NULL OR l.state = 'done')`, "an open task of a person who is settled or not there"},
	{"deadline", `SELECT l.id FROM lead l JOIN task t ON t.district = l.district AND t.id = l.id AND t.open = 1 WHERE t.deadline_ms <> l.due_ms OR l.due_ms <= 0`, "due at another time than its task"},
	{"holder", `SELECT l.id FROM lead l WHERE l.account_id <> 0 AND l.state <> 'open'`, "with a caller although it is not to be called"},
	{"state", `SELECT l.id FROM lead l WHERE l.state NOT IN ('unclear', 'open', 'sent', 'done')`, "in a state that is none"},
	{"state", `SELECT l.id FROM lead l WHERE l.state = 'done' AND l.done_ms = 0`, "settled at no time"},
	{"list", `SELECT l.id FROM lead l WHERE l.source = 'list' AND NOT EXISTS (SELECT 1 FROM lead_row r WHERE r.district = l.district AND r.lead_id = l.id)`, "came with a list and stands on none"},
	{"rows", `SELECT r.list_id FROM lead_row r WHERE r.lead_id <> 0 AND NOT EXISTS (SELECT 1 FROM lead l WHERE l.district = r.district AND l.id = r.lead_id)`, "a row means somebody who is not there"},
	{"rows", `SELECT t.id FROM lead_list t LEFT JOIN (SELECT district, list_id, COUNT(*) AS n, SUM(CASE WHEN lead_id = 0 THEN 1 ELSE 0 END) AS refused FROM lead_row GROUP BY district, list_id) r
		ON r.district = t.district AND r.list_id = t.id WHERE t.rows_total <> COALESCE(r.n, 0) OR t.refused <> COALESCE(r.refused, 0)`, "has another number of rows than it says"},
}

func selectFaults(ctx context.Context, q db.Queryer, f fault) ([]Fault, error) {
	return db.List(ctx, q, func(p *Fault) []any {
		p.Check, p.Detail = f.check, f.detail
		return []any{&p.ID}
	}, f.text+" LIMIT 20")
}

func countLeads(ctx context.Context, q db.Queryer) (n int, err error) {
	err = q.QueryRowContext(ctx, `SELECT COUNT(*) FROM lead`).Scan(&n)
	return n, err
}
