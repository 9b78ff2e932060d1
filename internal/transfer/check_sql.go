package transfer

import (
	"context"

	"wangge/internal/platform/db"
)

// fault is a query for the transfers that break one condition.
type fault struct{ check, text, detail string }

var faults = []fault{
	{"list", `SELECT t.id FROM transfer t WHERE t.started_ms <> 0 AND t.home_id <> 0 AND (t.listed_ms = 0 OR t.listed_ms > t.started_ms)`, "started before the list of who stays behind was confirmed"},
	{"left", `SELECT DISTINCT t.id FROM transfer t JOIN transfer_left l ON l.district = t.district AND l.transfer_id = t.id
		WHERE t.started_ms <> 0 AND (l.named_ms = 0 OR l.accepted_ms = 0 OR l.visit_ms = 0)`, "started although somebody left behind has no carer who accepted, or no first visit"},
	{"carer", `SELECT DISTINCT t.id FROM transfer t JOIN transfer_left l ON l.district = t.district AND l.transfer_id = t.id
		JOIN task o ON o.district = t.district AND o.id = t.id AND o.open = 1 LEFT JOIN task k ON k.district = l.district AND k.id = l.task_id
		WHERE t.started_ms <> 0 AND t.arrived_ms = 0 AND l.carer_post_id <> 0
		AND (k.id IS NULL OR k.state NOT IN ('in_hand', 'done', 'verified', 'closed') OR l.carer_post_id NOT IN (k.post_id, k.doer_post_id))`, "a post that cares for somebody left behind has no task, or gave it back or away"},
	{"hops", `SELECT t.id FROM transfer t WHERE t.hops <> (SELECT COUNT(*) FROM transfer_hop h WHERE h.district = t.district AND h.transfer_id = t.id)
		OR t.hop > t.hops OR t.started_ms <> 0 AND t.hop = 0`, "its hops are not as many as it says"},
	{"hops", `SELECT DISTINCT t.id FROM transfer t JOIN transfer_hop h ON h.district = t.district AND h.transfer_id = t.id
		WHERE h.seq < t.hop AND (h.gave_ms = 0 OR h.took_ms = 0) OR h.seq > t.hop AND h.due_ms <> 0 OR t.arrived_ms <> 0 AND (h.gave_ms = 0 OR h.took_ms = 0)`, "a hop began before the one before it was confirmed by both sides"},
	{"hops", `SELECT DISTINCT t.id FROM transfer t JOIN transfer_hop h ON h.district = t.district AND h.transfer_id = t.id WHERE h.gave_by <> 0 AND h.gave_by = h.took_by AND h.gave_how <> 'both' AND h.took_how <> 'both'`,
		"one person confirmed both sides of a hop, not as who answers for both posts"},
	{"hops", `SELECT DISTINCT t.id FROM transfer t JOIN transfer_hop h ON h.district = t.district AND h.transfer_id = t.id WHERE (h.gave_how = 'both' OR h.took_how = 'both') AND h.gave_by <> h.took_by`,
		"a hop says that one person confirmed it for both sides, and names two"},
	{"owner", `SELECT t.id FROM transfer t LEFT JOIN task k ON k.district = t.district AND k.id = t.id WHERE k.id IS NULL OR k.kind <> 'transfer'`, "it has no task"},
}

func selectFaults(ctx context.Context, q db.Queryer, f fault) ([]Problem, error) {
	return db.List(ctx, q, func(p *Problem) []any {
		p.Check, p.Detail = f.check, f.detail
		return []any{&p.TransferID}
	}, f.text+" LIMIT 20")
}

func count(ctx context.Context, q db.Queryer) (n int, err error) {
	err = q.QueryRowContext(ctx, `SELECT COUNT(*) FROM transfer`).Scan(&n)
	return n, err
}
