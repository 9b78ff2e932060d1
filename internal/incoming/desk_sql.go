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
	return leadsWhere(ctx, q, a, "l.state = 'open' AND l.account_id = "+a.Add(c.AccountID)+" AND l.account_id <> 0 ORDER BY l.urgency DESC, l.due_ms, l.id")
}

// deskCounts counts in the caller's area who was settled since an instant, and
// whom nobody on shift has.
func deskCounts(ctx context.Context, q db.Queryer, c grid.Caller, since int64) (done, waiting int, err error) {
	a := db.NewArgs(c.District)
	query := "SELECT COALESCE(SUM(CASE WHEN l.state = 'done' AND l.done_ms >= " + a.Add(since) + " THEN 1 ELSE 0 END), 0), COALESCE(SUM(CASE WHEN l.state = 'open' AND l.account_id = 0 THEN 1 ELSE 0 END), 0)" +
		" FROM lead l WHERE l.district = $1 AND " + c.Scope(grid.LeadCall, a, grid.Columns{Path: "l.path"})
	err = q.QueryRowContext(ctx, query, a.List()...).Scan(&done, &waiting)
	return done, waiting, err
}

// rowCount counts the rows of lists that mean a lead.
func rowCount(ctx context.Context, q db.Queryer, district int, lead id.ID) (n int, err error) {
	err = q.QueryRowContext(ctx, "SELECT COUNT(*) FROM lead_row WHERE district = $1 AND lead_id = $2", district, lead).Scan(&n)
	return n, err
}

// deskLeads reads leads of an area by state, the most pressing first.
func deskLeads(ctx context.Context, q db.Queryer, c grid.Caller, state State, limit int) ([]lead, error) {
	a := db.NewArgs(c.District)
	return leadsWhere(ctx, q, a, "l.state = "+a.Add(string(state))+" AND "+c.Scope(grid.LeadRead, a, grid.Columns{Path: "l.path"})+" ORDER BY l.urgency DESC, l.due_ms, l.id LIMIT "+a.Add(limit))
}

// proposals reads leads of an area with a measure that waits to be confirmed.
func proposals(ctx context.Context, q db.Queryer, c grid.Caller, limit int) ([]lead, error) {
	a := db.NewArgs(c.District)
	return leadsWhere(ctx, q, a, "l.measure_state = 'proposed' AND "+c.Scope(grid.LeadConfirm, a, grid.Columns{Path: "l.path"})+" ORDER BY l.measure_ms, l.id LIMIT "+a.Add(limit))
}

// leadByCode finds the path of the lead whose caller gave a check code, among
// leads of an area that were open lately. "" for none.
func leadByCode(ctx context.Context, q db.Queryer, c grid.Caller, code, under string, since int64) (string, error) {
	lo, hi := db.PathRange(under)
	a := db.NewArgs(c.District)
	list, err := leadsWhere(ctx, q, a, "l.code = "+a.Add(code)+" AND l.code <> '' AND l.path >= "+a.Add(lo)+" AND l.path < "+a.Add(hi)+
		" AND (l.state <> 'done' OR l.done_ms >= "+a.Add(since)+") LIMIT 1")
	if err != nil || len(list) == 0 {
		return "", err
	}
	return list[0].Path, nil
}

// leadsAround reads the earlier lead of a lead's person, and those to be called
// under one of its phones.
func leadsAround(ctx context.Context, q db.Queryer, district int, l *lead) ([]lead, error) {
	a := db.NewArgs(district)
	return leadsWhere(ctx, q, a, `(l.id = `+a.Add(l.EarlierID)+` AND l.id <> 0 OR l.state IN ('open', 'unclear') AND l.id <> `+a.Add(l.ID)+` AND l.id IN (SELECT o.lead_id FROM lead_key k
		JOIN lead_key o ON o.district = k.district AND o.hash = k.hash WHERE k.district = $1 AND k.kind = 'phone' AND k.lead_id = `+a.Add(l.ID)+`)) ORDER BY l.id LIMIT 20`)
}
