package incoming

import (
	"context"
	"database/sql"
	"errors"

	"wangge/internal/grid"
	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
)

// Tables as they stand in the AAD of sealed blobs.
const (
	tableLead  = "lead"
	tableList  = "lead_list"
	tableRow   = "lead_row"
	tableEvent = "lead_event"
)

const leadColumns = `l.id, l.emergency_id, l.register, l.source, l.class, l.urgency, l.state, l.result, l.path, l.door_id, l.person_id, l.account_id, l.post_id,
	l.earlier_id, l.parent_id, l.tries, l.retry_ms, l.due_ms, l.code, l.measure, l.measure_state, l.measure_by, l.measure_ms, l.version, l.created_ms, l.done_ms, l.done_by, l.sealed`

var leadInsert = []string{"district", "id", "emergency_id", "register", "source", "class", "urgency", "state", "result", "path", "door_id", "person_id", "account_id", "post_id",
	"earlier_id", "parent_id", "tries", "retry_ms", "due_ms", "code", "measure", "measure_state", "measure_by", "measure_ms", "version", "created_ms", "done_ms", "done_by", "sealed"}

func leadFields(l *lead) []any {
	return []any{&l.ID, &l.EmergencyID, &l.Register, (*string)(&l.Source), &l.Class, &l.Urgency, (*string)(&l.State), &l.Result, &l.Path, &l.DoorID, &l.PersonID, &l.AccountID, &l.PostID,
		&l.EarlierID, &l.ParentID, &l.Tries, &l.RetryMs, &l.DueMs, &l.Code, &l.Measure, &l.MeasureState, &l.MeasureBy, &l.MeasureMs, &l.Version, &l.CreatedMs, &l.DoneMs, &l.DoneBy, &l.sealed}
}

func leadRow(district int, l *lead) []any {
	return []any{district, l.ID, l.EmergencyID, l.Register, string(l.Source), l.Class, l.Urgency, string(l.State), l.Result, l.Path, l.DoorID, l.PersonID, l.AccountID, l.PostID,
		l.EarlierID, l.ParentID, l.Tries, l.RetryMs, l.DueMs, l.Code, l.Measure, l.MeasureState, l.MeasureBy, l.MeasureMs, l.Version, l.CreatedMs, l.DoneMs, l.DoneBy, l.sealed}
}

// inForce is the SQL of leads l whose emergency is open: nobody calls for one
// that has ended.
const inForce = "EXISTS (SELECT 1 FROM emergency e WHERE e.district = l.district AND e.id = l.emergency_id AND e.ended_ms = 0)"

// shownState is inForce for what waits, and everything that was settled or handed on.
const shownState = "(l.state IN ('done', 'sent') OR " + inForce + ")"

// leadScope is the SQL of the leads l that a caller may see: those of the own
// area, and those that the caller has.
func leadScope(c grid.Caller, a *db.Args, perm grid.Permission) string {
	return "(" + c.Scope(perm, a, grid.Columns{Path: "l.path"}) + " OR l.account_id = " + a.Add(c.AccountID) + " AND l.account_id <> 0)"
}

// leadsWhere reads the leads that meet a condition.
func leadsWhere(ctx context.Context, q db.Queryer, a *db.Args, where string) ([]lead, error) {
	return db.List(ctx, q, leadFields, "SELECT "+leadColumns+" FROM lead l WHERE l.district = $1 AND "+where, a.List()...)
}

// oneLead reads a lead that the caller may see. NotFound.
func oneLead(ctx context.Context, q db.Queryer, c grid.Caller, perm grid.Permission, v id.ID) (lead, error) {
	a := db.NewArgs(c.District)
	list, err := leadsWhere(ctx, q, a, "l.id = "+a.Add(v)+" AND "+leadScope(c, a, perm))
	if err == nil && len(list) == 0 {
		err = errs.E("incoming.lead", errs.NotFound, "incoming.gone")
	}
	if err != nil {
		return lead{}, err
	}
	return list[0], nil
}

// storeLead writes a lead whose version is still the one read. Conflict.
func storeLead(ctx context.Context, tx *db.Tx, district int, l *lead) error {
	res, err := tx.ExecContext(ctx, `UPDATE lead SET class = $3, urgency = $4, state = $5, result = $6, path = $7, door_id = $8, person_id = $9, account_id = $10, post_id = $11,
		tries = $12, retry_ms = $13, due_ms = $14, code = $15, measure = $16, measure_state = $17, measure_by = $18, measure_ms = $19, done_ms = $20, done_by = $21, sealed = $22,
		version = version + 1 WHERE district = $1 AND id = $2 AND version = $23`,
		district, l.ID, l.Class, l.Urgency, string(l.State), l.Result, l.Path, l.DoorID, l.PersonID, l.AccountID, l.PostID,
		l.Tries, l.RetryMs, l.DueMs, l.Code, l.Measure, l.MeasureState, l.MeasureBy, l.MeasureMs, l.DoneMs, l.DoneBy, l.sealed, l.Version)
	if err != nil {
		return err
	}
	if n, err := res.RowsAffected(); err != nil || n != 1 {
		return errors.Join(err, errs.E("incoming.store", errs.Conflict, "error.conflict"))
	}
	return nil
}

// storeMore writes what another list or report adds to a lead that was read in
// the same transaction. The version stays, as who is just recording a call of it
// is not to be refused.
func storeMore(ctx context.Context, tx *db.Tx, district int, l *lead) error {
	_, err := tx.ExecContext(ctx, `UPDATE lead SET urgency = $3, due_ms = $4, sealed = $5 WHERE district = $1 AND id = $2`, district, l.ID, l.Urgency, l.DueMs, l.sealed)
	return err
}

// giveLead hands a lead to a caller; the zero account takes it back. The version
// stays, so that who is just recording a call of it is not refused.
func giveLead(ctx context.Context, tx *db.Tx, district int, v, account, post id.ID) error {
	_, err := tx.ExecContext(ctx, `UPDATE lead SET account_id = $3, post_id = $4 WHERE district = $1 AND id = $2`,
		district, v, account, post)
	return err
}

// leadsByHash finds the leads since an instant that have any of the hashes.
func leadsByHash(ctx context.Context, q db.Queryer, district int, hashes [][]byte, since int64) (map[id.ID]lead, error) {
	out := map[id.ID]lead{}
	err := db.Chunks(hashes, 500, func(part [][]byte) error {
		a := db.NewArgs(district)
		list, err := leadsWhere(ctx, q, a, `l.created_ms >= `+a.Add(since)+` AND l.id IN (SELECT k.lead_id FROM lead_key k WHERE k.district = $1 AND k.hash IN `+db.In(a, part)+`)`)
		for _, l := range list {
			out[l.ID] = l
		}
		return err
	})
	return out, err
}

// keyRows are the rows of lead_key of a person.
func keyRows(district int, lead id.ID, k keys) [][]any {
	var out [][]any
	add := func(kind, h string) {
		if h != "" {
			out = append(out, []any{district, []byte(h), lead, kind})
		}
	}
	add(keyIDNo, k.idno)
	add(keyName, k.name)
	for i, p := range k.phones {
		if !contains(k.phones[:i], p) {
			add(keyPhone, p)
		}
	}
	return out
}

// setKeys replaces the hashes of a lead.
func setKeys(ctx context.Context, tx *db.Tx, district int, lead id.ID, k keys) error {
	if _, err := tx.ExecContext(ctx, "DELETE FROM lead_key WHERE district = $1 AND lead_id = $2", district, lead); err != nil {
		return err
	}
	return tx.BulkInsert(ctx, "lead_key", []string{"district", "hash", "lead_id", "kind"}, keyRows(district, lead, k))
}

// eventRow is an event as stored.
type eventRow struct {
	id, lead, account, post id.ID
	at                      int64
	kind, result            string
	sealed                  []byte
}

func insertEvents(ctx context.Context, tx *db.Tx, district int, list []eventRow) error {
	rows := make([][]any, len(list))
	for i, e := range list {
		rows[i] = []any{district, e.id, e.lead, e.at, e.kind, e.result, e.account, e.post, e.sealed}
	}
	return tx.BulkInsert(ctx, tableEvent, []string{"district", "id", "lead_id", "at_ms", "kind", "result", "account_id", "post_id", "sealed"}, rows)
}

func eventsOf(ctx context.Context, q db.Queryer, district int, lead id.ID) ([]eventRow, error) {
	return db.List(ctx, q, func(e *eventRow) []any {
		return []any{&e.id, &e.lead, &e.at, &e.kind, &e.result, &e.account, &e.post, &e.sealed}
	}, "SELECT id, lead_id, at_ms, kind, result, account_id, post_id, sealed FROM lead_event WHERE district = $1 AND lead_id = $2 ORDER BY id DESC LIMIT 200", district, lead)
}

// countStates counts the leads of the caller's area by state.
func countStates(ctx context.Context, q db.Queryer, c grid.Caller) (Figures, error) {
	a := db.NewArgs(c.District)
	query := "SELECT l.state, COUNT(*) FROM lead l WHERE l.district = $1 AND " + c.Scope(grid.LeadRead, a, grid.Columns{Path: "l.path"}) + " AND " + shownState + " GROUP BY l.state"
	var f Figures
	err := db.Each(ctx, q, func(r *sql.Rows) error {
		var state string
		var n int
		if err := r.Scan(&state, &n); err != nil {
			return err
		}
		f.add(State(state), n)
		return nil
	}, query, a.List()...)
	return f, err
}
