package incoming

import (
	"context"

	"wangge/internal/grid"
	"wangge/internal/platform/db"
	"wangge/internal/platform/id"
)

// myLeads reads what a caller has, the next one first.
func myLeads(ctx context.Context, q db.Queryer, c grid.Caller) ([]lead, error) {
	a := db.NewArgs(c.District)
	return leadsWhere(ctx, q, a, "l.state = 'open' AND l.account_id = "+a.Add(c.AccountID)+" AND l.account_id <> 0 AND "+inForce+" ORDER BY l.urgency DESC, l.due_ms, l.id")
}

// countMine counts whom a caller has to call.
func countMine(ctx context.Context, q db.Queryer, c grid.Caller) (n int, err error) {
	err = q.QueryRowContext(ctx, "SELECT COUNT(*) FROM lead l WHERE l.district = $1 AND l.state = 'open' AND l.account_id = $2 AND l.account_id <> 0 AND "+inForce, c.District, c.AccountID).Scan(&n)
	return n, err
}

// doneSince is the SQL that counts who was settled in the caller's area since an
// instant, so that an open desk may ask it at each change: the path is written as no
// index has it, else the day's few would be sought among all the area ever had.
func doneSince(c grid.Caller, a *db.Args, since int64) string {
	return "SELECT COUNT(*) FROM lead l WHERE l.district = $1 AND l.state = 'done' AND l.done_ms >= " + a.Add(since) + " AND " + c.Scope(grid.LeadCall, a, grid.Columns{Path: "(l.path || '')"})
}

func countDone(ctx context.Context, q db.Queryer, c grid.Caller, since int64) (n int, err error) {
	a := db.NewArgs(c.District)
	query := doneSince(c, a, since)
	err = q.QueryRowContext(ctx, query, a.List()...).Scan(&n)
	return n, err
}

// countWaiting counts whom in the caller's area nobody on shift has.
func countWaiting(ctx context.Context, q db.Queryer, c grid.Caller) (n int, err error) {
	a := db.NewArgs(c.District)
	query := "SELECT COUNT(*) FROM lead l WHERE l.district = $1 AND l.state = 'open' AND l.account_id = 0 AND " + inForce + " AND " + c.Scope(grid.LeadCall, a, grid.Columns{Path: "l.path"})
	err = q.QueryRowContext(ctx, query, a.List()...).Scan(&n)
	return n, err
}

// rowCount counts the rows of lists that mean a lead.
func rowCount(ctx context.Context, q db.Queryer, district int, lead id.ID) (n int, err error) {
	err = q.QueryRowContext(ctx, "SELECT COUNT(*) FROM lead_row WHERE district = $1 AND lead_id = $2", district, lead).Scan(&n)
	return n, err
}

// deskLeads reads leads of an area by state, the most pressing first; those that
// are done the newest first, after the last one seen; those overdue by now.
func deskLeads(ctx context.Context, q db.Queryer, c grid.Caller, state State, after id.ID, now int64, limit int) ([]lead, error) {
	a := db.NewArgs(c.District)
	in := ""
	if state == Late {
		in = "l.state IN ('unclear', 'open', 'sent') AND l.due_ms <= " + a.Add(now)
	} else {
		in = "l.state = " + a.Add(string(state))
	}
	where, order := in+" AND "+c.Scope(grid.LeadRead, a, grid.Columns{Path: "l.path"})+" AND "+shownState, "l.urgency DESC, l.due_ms, l.id"
	if state == Done {
		order = "l.done_ms DESC, l.id DESC"
	}
	if state == Done && after != id.Zero {
		v := a.Add(after)
		last := "(SELECT b.done_ms FROM lead b WHERE b.district = $1 AND b.id = " + v + ")"
		where += " AND (l.done_ms < " + last + " OR l.done_ms = " + last + " AND l.id < " + v + ")"
	}
	return leadsWhere(ctx, q, a, where+" ORDER BY "+order+" LIMIT "+a.Add(limit))
}

// proposals reads leads of an area with a measure that waits to be confirmed.
func proposals(ctx context.Context, q db.Queryer, c grid.Caller, limit int) ([]lead, error) {
	a := db.NewArgs(c.District)
	return leadsWhere(ctx, q, a, "l.measure_state = 'proposed' AND "+c.Scope(grid.LeadConfirm, a, grid.Columns{Path: "l.path"})+" ORDER BY l.measure_ms, l.id LIMIT "+a.Add(limit))
}

// leadsByCode finds the leads of an area with a check code that a caller may have
// given: they are on somebody's desk, or were called since an instant.
func leadsByCode(ctx context.Context, q db.Queryer, c grid.Caller, code, under string, since int64) ([]lead, error) {
	lo, hi := db.PathRange(under)
	a := db.NewArgs(c.District)
	return leadsWhere(ctx, q, a, "l.code = "+a.Add(code)+" AND l.code <> '' AND l.path >= "+a.Add(lo)+" AND l.path < "+a.Add(hi)+
		" AND (l.state = 'open' AND l.account_id <> 0 AND "+inForce+" OR EXISTS (SELECT 1 FROM lead_event e WHERE e.district = l.district AND e.lead_id = l.id AND e.kind = 'called' AND e.at_ms >= "+a.Add(since)+")) LIMIT 20")
}

// leadsAround reads the earlier lead of a lead's person, and those to be called
// under one of its phones.
func leadsAround(ctx context.Context, q db.Queryer, district int, l *lead) ([]lead, error) {
	a := db.NewArgs(district)
	return leadsWhere(ctx, q, a, `(l.id = `+a.Add(l.EarlierID)+` AND l.id <> 0 OR l.state IN ('open', 'unclear') AND l.id <> `+a.Add(l.ID)+` AND l.id IN (SELECT o.lead_id FROM lead_key k
		JOIN lead_key o ON o.district = k.district AND o.hash = k.hash WHERE k.district = $1 AND k.kind = 'phone' AND k.lead_id = `+a.Add(l.ID)+`)) ORDER BY l.id LIMIT 20`)
}
