package incoming

import (
	"context"
	"database/sql"

	"wangge/internal/grid"
	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
)

// listRow is a list as stored.
type listRow struct {
	List
	sealed []byte
}

func listFields(l *listRow) []any {
	return []any{&l.ID, &l.EmergencyID, &l.register, &l.AreaID, &l.path, &l.State, &l.Rows, &l.Refused, &l.Joined, &l.sealed, &l.AccountID, &l.postID, &l.CreatedMs, &l.ClosedBy, &l.ClosedMs, &l.Area}
}

// listsWhere reads lists within the caller's area, the newest first.
func listsWhere(ctx context.Context, q db.Queryer, c grid.Caller, a *db.Args, where string, limit int) ([]listRow, error) {
	return db.List(ctx, q, listFields, `SELECT t.id, t.emergency_id, t.register, t.area_id, t.path, t.state, t.rows_total, t.refused, t.joined, t.sealed, t.account_id, t.post_id, t.created_ms, t.closed_by, t.closed_ms, p.name
		FROM lead_list t JOIN place p ON p.district = t.district AND p.id = t.area_id WHERE t.district = $1 AND `+where+
		" AND "+c.Scope(grid.LeadImport, a, grid.Columns{Path: "t.path"})+" ORDER BY t.id DESC LIMIT "+a.Add(limit), a.List()...)
}

func insertList(ctx context.Context, tx *db.Tx, district int, l *listRow) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO lead_list (district, id, emergency_id, register, area_id, path, state, rows_total, refused, joined, sealed, account_id, post_id, created_ms)
		VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14)`,
		district, l.ID, l.EmergencyID, l.register, l.AreaID, l.path, l.State, l.Rows, l.Refused, l.Joined, l.sealed, l.AccountID, l.postID, l.CreatedMs)
	return err
}

// closeList ends an open list. Conflict where it was closed meanwhile.
func closeList(ctx context.Context, tx *db.Tx, district int, l *listRow) error {
	res, err := tx.ExecContext(ctx, "UPDATE lead_list SET state = 'closed', sealed = $3, closed_by = $4, closed_ms = $5 WHERE district = $1 AND id = $2 AND state = 'open'",
		district, l.ID, l.sealed, l.ClosedBy, l.ClosedMs)
	if err != nil {
		return err
	}
	if n, err := res.RowsAffected(); err != nil || n != 1 {
		return errs.E("incoming.close", errs.Conflict, "incoming.closed_already")
	}
	return nil
}

// listStates counts the leads of lists by state.
func listStates(ctx context.Context, q db.Queryer, district int, lists []id.ID) (map[id.ID]Figures, error) {
	out := map[id.ID]Figures{}
	if len(lists) == 0 {
		return out, nil
	}
	a := db.NewArgs(district)
	query := `SELECT r.list_id, l.state, COUNT(DISTINCT l.id) FROM lead_row r JOIN lead l ON l.district = r.district AND l.id = r.lead_id
		WHERE r.district = $1 AND r.list_id IN ` + db.In(a, lists) + ` GROUP BY r.list_id, l.state`
	err := db.Each(ctx, q, func(r *sql.Rows) error {
		var list id.ID
		var state string
		var n int
		if err := r.Scan(&list, &state, &n); err != nil {
			return err
		}
		f := out[list]
		f.add(State(state), n)
		out[list] = f
		return nil
	}, query, a.List()...)
	return out, err
}

// storedRow is a row of a list as stored.
type storedRow struct {
	n      int
	lead   id.ID
	sealed []byte
}

// rowsOf reads the rows of a list in their order; refused ones only, or all.
func rowsOf(ctx context.Context, q db.Queryer, district int, list id.ID, refused bool) ([]storedRow, error) {
	only := ""
	if refused {
		only = " AND lead_id = 0"
	}
	return db.List(ctx, q, func(r *storedRow) []any { return []any{&r.n, &r.lead, &r.sealed} },
		"SELECT n, lead_id, sealed FROM lead_row WHERE district = $1 AND list_id = $2"+only+" ORDER BY n", district, list)
}

// leadsOf reads the leads of a list, by id.
func leadsOf(ctx context.Context, q db.Queryer, district int, list id.ID) (map[id.ID]lead, error) {
	a := db.NewArgs(district)
	all, err := leadsWhere(ctx, q, a, "l.id IN (SELECT r.lead_id FROM lead_row r WHERE r.district = $1 AND r.list_id = "+a.Add(list)+")")
	out := make(map[id.ID]lead, len(all))
	for _, l := range all {
		out[l.ID] = l
	}
	return out, err
}

func insertRows(ctx context.Context, tx *db.Tx, rows [][]any) error {
	return tx.BulkInsert(ctx, tableRow, []string{"district", "list_id", "n", "lead_id", "sealed"}, rows)
}

// listLeads reads the leads of a list, the unsettled first.
func listLeads(ctx context.Context, q db.Queryer, district int, list id.ID, limit int) ([]lead, error) {
	a := db.NewArgs(district)
	return leadsWhere(ctx, q, a, "l.id IN (SELECT r.lead_id FROM lead_row r WHERE r.district = $1 AND r.list_id = "+a.Add(list)+
		") ORDER BY CASE l.state WHEN 'unclear' THEN 0 WHEN 'sent' THEN 1 WHEN 'open' THEN 2 ELSE 3 END, l.urgency DESC, l.due_ms, l.id LIMIT "+a.Add(limit))
}
