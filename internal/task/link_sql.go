package task

import (
	"context"

	"wangge/internal/platform/db"
	"wangge/internal/platform/id"
)

// insertLinks links a task; account made the links by hand, Zero: they follow
// from what happened. What follows from what happened is not by hand any more.
func insertLinks(ctx context.Context, tx *db.Tx, district int, task id.ID, list []Link, account id.ID) error {
	for _, l := range list {
		if _, err := tx.ExecContext(ctx, `INSERT INTO task_link (district, task_id, kind, object_id, account_id) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (district, task_id, kind, object_id) DO UPDATE SET account_id = 0 WHERE excluded.account_id = 0`, district, task, l.Kind, l.ObjectID, account); err != nil {
			return err
		}
	}
	return nil
}

// selectTies reads the links of a task, those that other tasks have with it too,
// each once, those made by hand first.
func selectTies(ctx context.Context, q db.Queryer, district int, task id.ID) ([]Tie, error) {
	return db.List(ctx, q, func(t *Tie) []any { return []any{&t.Kind, &t.ObjectID, &t.ByHand} }, `SELECT kind, object_id, MIN(account_id) <> 0 FROM (
		SELECT kind, object_id, account_id FROM task_link WHERE district = $1 AND task_id = $2
		UNION ALL SELECT 'task', task_id, account_id FROM task_link WHERE district = $1 AND object_id = $2 AND kind = 'task') l
		GROUP BY kind, object_id ORDER BY CASE WHEN MIN(account_id) <> 0 THEN 0 ELSE 1 END, kind, object_id`, district, task)
}

// deleteLink takes off a link made by hand, from whichever side it was made.
func deleteLink(ctx context.Context, tx *db.Tx, district int, task id.ID, l Link) error {
	_, err := tx.ExecContext(ctx, `DELETE FROM task_link WHERE district = $1 AND account_id <> 0 AND kind = $3
		AND (task_id = $2 AND object_id = $4 OR kind = 'task' AND task_id = $4 AND object_id = $2)`, district, task, l.Kind, l.ObjectID)
	return err
}

// selectTied reads the tasks that are linked with something, or about a place,
// the newest first; people to be verified, of whom a community has hundreds, are
// on the desk. Each of the two is one run of an index.
func selectTied(ctx context.Context, q db.Queryer, district int, l Link, limit int) ([]row, error) {
	ids := `SELECT l.task_id FROM task_link l WHERE l.district = $1 AND l.object_id = $2 AND l.kind = $3`
	if l.Kind == "place" {
		ids += ` UNION SELECT p.id FROM task p WHERE p.district = $1 AND p.place_id = $2 AND p.place_id <> 0`
	}
	return selectRows(ctx, q, `WHERE t.district = $1 AND t.id IN (`+ids+`)`+listedAlone+` ORDER BY t.open DESC, t.created_ms DESC, t.id DESC LIMIT $4`, district, l.ObjectID, l.Kind, limit)
}
