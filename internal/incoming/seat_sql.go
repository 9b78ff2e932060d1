package incoming

import (
	"context"
	"database/sql"

	"wangge/internal/grid"
	"wangge/internal/platform/db"
	"wangge/internal/platform/id"
)

// seatRow is a seat at the desk with whether its post is still held and, where
// the post has hours, whether they have come.
type seatRow struct {
	id, account, post id.ID
	path, role        string
	from              int64
	held, roster, on  int
}

// onShift reports whether the seat counts at the instant it was read for.
func (s seatRow) onShift() bool {
	return s.held == 1 && (s.roster == 0 || s.on == 1) && grid.Role(s.role).May(grid.LeadCall)
}

// openSeats reads the seats nobody has left, as they stand at an instant.
func openSeats(ctx context.Context, q db.Queryer, district int, at int64) ([]seatRow, error) {
	return db.List(ctx, q, func(s *seatRow) []any {
		return []any{&s.id, &s.account, &s.post, &s.path, &s.role, &s.from, &s.held, &s.roster, &s.on}
	}, `SELECT t.id, t.account_id, t.post_id, t.path, p.role, t.from_ms,
		CASE WHEN p.from_ms <= $2 AND (p.until_ms = 0 OR p.until_ms > $2) AND EXISTS (SELECT 1 FROM holder h WHERE h.district = t.district AND h.post_id = t.post_id
			AND h.account_id = t.account_id AND h.from_ms <= $2 AND (h.until_ms = 0 OR h.until_ms > $2)) THEN 1 ELSE 0 END,
		`+grid.DutyColumns("$2", "t.account_id")+`
		FROM lead_seat t JOIN post p ON p.district = t.district AND p.id = t.post_id WHERE t.district = $1 AND t.until_ms = 0 ORDER BY t.id`, district, at)
}

func insertSeat(ctx context.Context, tx *db.Tx, district int, v, account, post id.ID, path string, at int64) error {
	_, err := tx.ExecContext(ctx, "INSERT INTO lead_seat (district, id, account_id, post_id, path, from_ms) VALUES ($1,$2,$3,$4,$5,$6)", district, v, account, post, path, at)
	return err
}

func endSeat(ctx context.Context, tx *db.Tx, district int, v id.ID, at int64) error {
	_, err := tx.ExecContext(ctx, "UPDATE lead_seat SET until_ms = $3 WHERE district = $1 AND id = $2 AND until_ms = 0", district, v, at)
	return err
}

// openLeads reads what must be called, with a hash of a phone that another open
// lead has too.
func openLeads(ctx context.Context, q db.Queryer, district int) ([]waiting, error) {
	list, err := db.List(ctx, q, func(w *waiting) []any {
		return []any{&w.id, &w.path, &w.urgency, &w.dueMs, &w.holder, &w.tries}
	}, "SELECT l.id, l.path, l.urgency, l.due_ms, l.account_id, l.tries FROM lead l WHERE l.district = $1 AND l.state = 'open' AND "+inForce+" ORDER BY l.id", district)
	if err != nil {
		return nil, err
	}
	index := make(map[id.ID]int, len(list))
	for i, w := range list {
		index[w.id] = i
	}
	first := map[string]id.ID{}
	err = db.Each(ctx, q, func(r *sql.Rows) error {
		var lead id.ID
		var hash []byte
		if err := r.Scan(&lead, &hash); err != nil {
			return err
		}
		other, twice := first[string(hash)]
		if !twice {
			first[string(hash)] = lead
			return nil
		}
		for _, v := range []id.ID{other, lead} {
			if i, ok := index[v]; ok {
				list[i].phone = string(hash)
			}
		}
		return nil
	}, `SELECT k.lead_id, k.hash FROM lead l JOIN lead_key k ON k.district = l.district AND k.lead_id = l.id WHERE l.district = $1 AND l.state = 'open' AND k.kind = 'phone'`, district)
	return list, err
}
