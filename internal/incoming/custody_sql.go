package incoming

import (
	"context"

	"wangge/internal/platform/db"
	"wangge/internal/platform/id"
)

// withoutTask reads leads of emergencies that are open which are not settled and
// have no open task, after the last one seen.
func withoutTask(ctx context.Context, q db.Queryer, district int, after id.ID, limit int) ([]lead, error) {
	a := db.NewArgs(district)
	return leadsWhere(ctx, q, a, "l.id > "+a.Add(after)+" AND l.state IN ('unclear', 'open', 'sent') AND "+inForce+
		" AND NOT EXISTS (SELECT 1 FROM task t WHERE t.district = l.district AND t.id = l.id AND t.open = 1 AND t.kind = 'lead') ORDER BY l.id LIMIT "+a.Add(limit))
}

// overWithTask reads leads that are settled, or whose emergency has ended, and
// have an open task, after the last one seen.
func overWithTask(ctx context.Context, q db.Queryer, district int, after id.ID, limit int) ([]lead, error) {
	a := db.NewArgs(district)
	return leadsWhere(ctx, q, a, "l.id > "+a.Add(after)+" AND l.id IN (SELECT t.id FROM task t WHERE t.district = $1 AND t.open = 1 AND t.kind = 'lead') AND (l.state = 'done' OR NOT "+inForce+
		") ORDER BY l.id LIMIT "+a.Add(limit))
}

// areaNow is the SQL of the path of the area that a place p is, or that took it
// over.
const areaNow = `substr(CASE WHEN p.until_ms = 0 THEN p.path ELSE (SELECT u.path FROM place u WHERE u.district = p.district AND u.id = p.parent_id) END, 1, 12)`

// anyAstray reports whether an open lead lies at another path than its area.
func anyAstray(ctx context.Context, q db.Queryer, district int) (bool, error) {
	n := 0
	err := q.QueryRowContext(ctx, `SELECT COUNT(*) FROM (SELECT 1 FROM task t JOIN lead l ON l.district = t.district AND l.id = t.id JOIN place p ON p.district = t.district AND p.id = t.place_id
		WHERE t.district = $1 AND t.open = 1 AND t.kind = 'lead' AND `+areaNow+` <> l.path LIMIT 1) x`, district).Scan(&n)
	return n > 0, err
}

// followAreas gives leads, lists and seats the path of their area as it is now:
// a national list may give an area another code, or merge it into another.
func followAreas(ctx context.Context, tx *db.Tx, district int) error {
	for table, from := range map[string]string{
		"lead_list": `place p WHERE p.district = lead_list.district AND p.id = lead_list.area_id`,
		"lead":      `task t JOIN place p ON p.district = t.district AND p.id = t.place_id WHERE t.district = lead.district AND t.id = lead.id`,
		"lead_seat": `post o JOIN place p ON p.district = o.district AND p.id = o.object_id WHERE o.district = lead_seat.district AND o.id = lead_seat.post_id AND o.object_kind = 'place' AND lead_seat.until_ms = 0`,
	} {
		if _, err := tx.ExecContext(ctx, `UPDATE `+table+` SET path = (SELECT `+areaNow+` FROM `+from+`) WHERE district = $1 AND EXISTS (SELECT 1 FROM `+from+` AND `+areaNow+` <> `+table+`.path)`, district); err != nil {
			return err
		}
	}
	return nil
}
