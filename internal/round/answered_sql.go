package round

import (
	"context"
	"database/sql"
	"encoding/json"

	"wangge/internal/platform/db"
	"wangge/internal/platform/id"
)

// askings returns the occurrences of open emergencies, over doors and who lives
// behind them, that asked a question with given answers; the earliest first.
func askings(ctx context.Context, q db.Queryer, district int, question string) ([]asking, error) {
	var out []asking
	err := db.Each(ctx, q, func(r *sql.Rows) error {
		var a asking
		var f Form
		var each int
		var fields string
		if err := r.Scan((*int64)(&a.occ), &a.area, &a.closedMs, &each, &fields); err != nil {
			return err
		}
		if err := json.Unmarshal([]byte(fields), &f.Fields); err != nil {
			return err
		}
		var ok bool
		if a.field, ok = f.field(question); ok && (a.field.Type == YesNo || a.field.Type == Choice) {
			a.each = a.field.Member && each == 1
			out = append(out, a)
		}
		return nil
	}, `SELECT o.id, p.path, o.closed_ms, r.per_member, f.fields FROM form f JOIN round r ON r.district = f.district AND r.form_id = f.id
		JOIN emergency e ON e.district = r.district AND e.id = r.emergency_id AND e.state = 'open'
		JOIN place p ON p.district = r.district AND p.id = r.area_id
		JOIN occurrence o ON o.district = r.district AND o.round_id = r.id AND o.state IN ('open', 'closed', 'ended')
		WHERE f.district = $1 AND f.fields LIKE $2 AND r.target_kind IN ('doors', 'households', 'persons') ORDER BY o.opened_ms, o.id`,
		district, `%"`+question+`"%`)
	return out, err
}

// eachTold gives fn every target below a path that is not exempt, by its door,
// with its mark; nil for who did not answer.
func eachTold(ctx context.Context, q db.Queryer, district int, path string, occ id.ID, fn func(door id.ID, m *markRow)) error {
	lo, hi := db.PathRange(path)
	return db.Each(ctx, q, func(r *sql.Rows) error {
		var object, door, mark int64
		var state State
		var register sql.NullString
		var corrected sql.NullInt64
		var sealed []byte
		if err := r.Scan(&object, &door, &state, &mark, &register, &corrected, &sealed); err != nil {
			return err
		}
		if door == 0 {
			door = object
		}
		if state != Done {
			fn(id.ID(door), nil)
			return nil
		}
		fn(id.ID(door), &markRow{id: id.ID(mark), register: register.String, correctedMs: corrected.Int64, sealed: sealed})
		return nil
	}, `SELECT t.object_id, t.door_id, t.state, t.mark_id, m.register, m.corrected_ms, m.sealed FROM place lp
		CROSS JOIN target t LEFT JOIN mark m ON m.district = $1 AND m.id = t.mark_id
		WHERE lp.district = $1 AND lp.path >= $3 AND lp.path < $4 AND lp.kind <> 'door' AND t.district = $1 AND t.occurrence_id = $2 AND t.leaf_id = lp.id AND t.state <> 3`,
		district, occ, lo, hi)
}
