package duty

import (
	"context"

	"wangge/internal/grid"
	"wangge/internal/platform/db"
	"wangge/internal/platform/id"
)

const callColumns = "c.id, c.area_id, c.place_id, c.kind, c.code, c.task_id, c.post_id, c.account_id, c.at_ms, c.has_phone, c.sealed, t.state, t.promised_ms, " +
	"CASE WHEN t.open = 1 AND t.promised_ms <= "

const callFrom = " FROM duty_call c JOIN task t ON t.district = c.district AND t.id = c.task_id JOIN place p ON p.district = c.district AND p.id = c.place_id WHERE c.district = $1"

func callFields(c *Call) []any {
	return []any{&c.ID, &c.AreaID, &c.PlaceID, &c.Kind, &c.Code, &c.TaskID, &c.PostID, &c.AccountID, &c.AtMs, &c.HasPhone, &c.sealed, &c.State, &c.PromisedMs, &c.Late}
}

// callQuery begins a query of calls, late as of an instant.
func callQuery(a *db.Args, now int64) string {
	return "SELECT " + callColumns + a.Add(now) + " THEN 1 ELSE 0 END" + callFrom
}

func insertCall(ctx context.Context, tx *db.Tx, district int, c Call) error {
	has := 0
	if c.HasPhone {
		has = 1
	}
	_, err := tx.ExecContext(ctx, "INSERT INTO duty_call (district, id, area_id, place_id, kind, code, task_id, post_id, account_id, at_ms, has_phone, sealed) VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12)",
		district, c.ID, c.AreaID, c.PlaceID, c.Kind, c.Code, c.TaskID, c.PostID, c.AccountID, c.AtMs, has, c.sealed)
	return err
}

// mine is the SQL of the calls somebody may read: of places within their
// ledger's scope, and those they logged.
func mine(c grid.Caller, a *db.Args) string {
	return " AND (" + c.Scope(grid.LedgerRead, a, grid.Columns{Path: "p.path", Grid: "p.grid_id", Door: "p.id"}) + " OR c.account_id = " + a.Add(c.AccountID) + ")"
}

// selectCalls lists the calls of a time about places below a path, the latest first.
func selectCalls(ctx context.Context, q db.Queryer, c grid.Caller, path string, from, until, now int64, limit int) ([]Call, error) {
	a := db.NewArgs(c.District)
	text := callQuery(a, now) + " AND p.path >= " + a.Add(path) + " AND p.path < " + a.Add(path+"~") +
		" AND c.at_ms >= " + a.Add(from) + " AND c.at_ms < " + a.Add(until) + mine(c, a) + " ORDER BY c.at_ms DESC, c.id DESC LIMIT " + a.Add(limit)
	return db.List(ctx, q, callFields, text, a.List()...)
}

// selectCall reads a call; scoped: only one that the caller may read.
func selectCall(ctx context.Context, q db.Queryer, c grid.Caller, call id.ID, now int64, scoped bool) ([]Call, error) {
	a := db.NewArgs(c.District)
	text := callQuery(a, now) + " AND c.id = " + a.Add(call)
	if scoped {
		text += mine(c, a)
	}
	return db.List(ctx, q, callFields, text, a.List()...)
}

func callByCode(ctx context.Context, q db.Queryer, district int, code string, now int64) ([]Call, error) {
	a := db.NewArgs(district)
	text := callQuery(a, now) + " AND c.code = " + a.Add(code)
	return db.List(ctx, q, callFields, text, a.List()...)
}

// rotaOf lists the posts that answer an area's number, in their order.
func rotaOf(ctx context.Context, q db.Queryer, district int, area id.ID) ([]id.ID, error) {
	return db.List(ctx, q, func(v *id.ID) []any { return []any{v} },
		"SELECT post_id FROM duty_rota WHERE district = $1 AND area_id = $2 ORDER BY ordinal, post_id", district, area)
}

func setRota(ctx context.Context, tx *db.Tx, district int, area id.ID, posts []id.ID, account id.ID, now int64) error {
	if _, err := tx.ExecContext(ctx, "DELETE FROM duty_rota WHERE district = $1 AND area_id = $2", district, area); err != nil {
		return err
	}
	rows := make([][]any, len(posts))
	for i, p := range posts {
		rows[i] = []any{district, int64(area), int64(p), i + 1, int64(account), now}
	}
	return tx.BulkInsert(ctx, "duty_rota", []string{"district", "area_id", "post_id", "ordinal", "account_id", "updated_ms"}, rows)
}
