package district

import (
	"context"
	"database/sql"
	"errors"

	"wangge/internal/grid"
	"wangge/internal/platform/db"
	"wangge/internal/platform/id"
)

// tables are all operational tables, those that refer to others first. A test
// compares them with the schema.
var tables = []string{
	"transfer_left", "transfer_hop", "transfer", "task_cover", "task_watch", "task_link", "task_event", "task", "task_kind",
	"recheck_item", "recheck", "answer_count", "counter", "mark", "target", "occurrence", "round", "form", "emergency",
	"import_mapping", "import_row", "import_file", "ledger_import", "residence", "person_event", "risk_item", "care_item", "person_key", "person", "household",
	"area_geometry", "role_alias", "binding", "holder", "post_door", "post", "team", "organisation", "compound_profile", "grid_history", "grid", "place",
	"idempotency", "one_time_code", "token", "session", "account",
	"photo", "export_part", "export_request", "look", "audit_head", "audit_root", "audit_link", "audit_entry", "job", "outbox",
}

// clearRows is how many rows one transaction of Clear takes out.
const clearRows = 50000

// keyColumns name a table's rows in clearSome where it has no column id.
var keyColumns = map[string]string{
	"transfer_left": "transfer_id, id", "transfer_hop": "transfer_id, seq", "task_cover": "post_id, at_ms", "task_watch": "account_id, task_id", "task_link": "task_id, kind, object_id", "task_event": "task_id, seq", "task_kind": "key",
	"recheck_item": "recheck_id, object_id", "answer_count": "occurrence_id, leaf_id, grid_id, field, choice", "counter": "occurrence_id, leaf_id, grid_id",
	"target": "occurrence_id, object_id", "import_mapping": "area_id, fingerprint", "import_row": "import_id, seq", "import_file": "import_id, part",
	"person_key": "hash, person_id", "area_geometry": "place_id", "role_alias": "area_id, role", "post_door": "post_id, door_id",
	"compound_profile": "place_id", "idempotency": "account_id, client_key", "one_time_code": "hash", "token": "hash", "session": "hash",
	"look": "person_id, day, account_id, purpose", "export_part": "request_id, part", "audit_head": "chain", "audit_root": "seq", "audit_link": "chain, seq",
}

func clearSome(ctx context.Context, d *db.DB, table string) (n int64, err error) {
	key := keyColumns[table]
	if key == "" {
		key = "id"
	}
	key = "district, " + key
	err = d.WriteLow(ctx, "district.Clear", func(tx *db.Tx) error {
		res, err := tx.ExecContext(ctx, "DELETE FROM "+table+" WHERE ("+key+") IN (SELECT "+key+" FROM "+table+" LIMIT $1)", clearRows)
		if err != nil {
			return err
		}
		n, err = res.RowsAffected()
		return err
	})
	return n, err
}

func selectMarkers(ctx context.Context, q db.Queryer) (map[string]string, error) {
	out := map[string]string{}
	err := db.Each(ctx, q, func(rows *sql.Rows) error {
		var k, v string
		err := rows.Scan(&k, &v)
		out[k] = v
		return err
	}, "SELECT key, value FROM wangge WHERE key LIKE 'demo.%'")
	return out, err
}

// anyRows reports whether somebody's data are in the database.
func anyRows(ctx context.Context, q db.Queryer) (bool, error) {
	for _, table := range []string{"place", "account", "emergency"} {
		var one int
		err := q.QueryRowContext(ctx, "SELECT 1 FROM "+table+" LIMIT 1").Scan(&one)
		if err == nil {
			return true, nil
		}
		if !errors.Is(err, sql.ErrNoRows) {
			return false, err
		}
	}
	return false, nil
}

func putMarker(ctx context.Context, tx *db.Tx, key, value string) error {
	_, err := tx.ExecContext(ctx, "INSERT INTO wangge (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = excluded.value", key, value)
	return err
}

func dropMarker(ctx context.Context, tx *db.Tx, key string) error {
	_, err := tx.ExecContext(ctx, "DELETE FROM wangge WHERE key = $1", key)
	return err
}

// stillOutstanding returns which of the objects are outstanding.
func stillOutstanding(ctx context.Context, q db.Queryer, district int, occurrence id.ID, objects []id.ID) (map[id.ID]bool, error) {
	a := db.NewArgs(district, int64(occurrence))
	nums := make([]int64, len(objects))
	for i, o := range objects {
		nums[i] = int64(o)
	}
	out := map[id.ID]bool{}
	err := db.Each(ctx, q, func(rows *sql.Rows) error {
		var v id.ID
		err := rows.Scan(&v)
		out[v] = true
		return err
	}, "SELECT object_id FROM target WHERE district = $1 AND occurrence_id = $2 AND state IN (0, 1) AND object_id IN "+db.In(a, nums), a.List()...)
	return out, err
}

// handsOf returns those who hold a post that works at doors, at an instant.
func handsOf(ctx context.Context, q db.Queryer, district int, nowMs int64) ([]hand, error) {
	a := db.NewArgs(district, nowMs)
	return db.List(ctx, q, func(h *hand) []any {
		return []any{&h.account, &h.post, &h.role, &h.object}
	}, "SELECT h.account_id, p.id, p.role, p.object_id FROM post p JOIN holder h ON h.district = p.district AND h.post_id = p.id"+
		" WHERE p.district = $1 AND p.from_ms <= $2 AND (p.until_ms = 0 OR p.until_ms > $2) AND h.from_ms <= $2 AND (h.until_ms = 0 OR h.until_ms > $2)"+
		" AND p.role IN "+db.In(a, []string{string(grid.RoleBuildingLeader), string(grid.RoleRepresentative), string(grid.RoleGridWorker)})+" ORDER BY p.id, h.id", a.List()...)
}

// livingBehind returns how many live behind the doors that have a household.
func livingBehind(ctx context.Context, q db.Queryer, district int, doors []id.ID) (map[id.ID]int, error) {
	a := db.NewArgs(district)
	nums := make([]int64, len(doors))
	for i, d := range doors {
		nums[i] = int64(d)
	}
	out := map[id.ID]int{}
	err := db.Each(ctx, q, func(rows *sql.Rows) error {
		var door id.ID
		var n int
		err := rows.Scan(&door, &n)
		out[door] = n
		return err
	}, "SELECT door_id, SUM(living_count) FROM household WHERE district = $1 AND until_ms = 0 AND kind <> 'vacant' AND door_id IN "+
		db.In(a, nums)+" GROUP BY door_id", a.List()...)
	return out, err
}
