package task

import (
	"context"
	"database/sql"

	"wangge/internal/platform/db"
	"wangge/internal/platform/id"
)

// selectCovers reads who answered for a post in a time, what held at its
// beginning included.
func selectCovers(ctx context.Context, q db.Queryer, district int, post id.ID, fromMs, untilMs int64) ([]Cover, error) {
	return db.List(ctx, q, func(c *Cover) []any { return []any{&c.AtMs, &c.AnswersID} },
		`SELECT at_ms, answers_id FROM task_cover WHERE district = $1 AND post_id = $2 AND at_ms <= $4 AND at_ms >=
			COALESCE((SELECT MAX(at_ms) FROM task_cover WHERE district = $1 AND post_id = $2 AND at_ms <= $3), 0) ORDER BY at_ms`,
		district, post, fromMs, untilMs)
}

// lastCovers reads who was last recorded to answer for each post.
func lastCovers(ctx context.Context, q db.Queryer, district int) (map[id.ID]id.ID, error) {
	out := map[id.ID]id.ID{}
	err := db.Each(ctx, q, func(rows *sql.Rows) error {
		var post, answers id.ID
		err := rows.Scan(&post, &answers)
		out[post] = answers
		return err
	}, `SELECT c.post_id, c.answers_id FROM task_cover c JOIN (SELECT post_id, MAX(at_ms) AS at_ms FROM task_cover WHERE district = $1 GROUP BY post_id) l
		ON l.post_id = c.post_id AND l.at_ms = c.at_ms WHERE c.district = $1`, district)
	return out, err
}

func saveCovers(ctx context.Context, tx *db.Tx, district int, atMs int64, list map[id.ID]id.ID) error {
	for post, answers := range list {
		if _, err := tx.ExecContext(ctx, `INSERT INTO task_cover (district, post_id, at_ms, answers_id) VALUES ($1, $2, $3, $4)
			ON CONFLICT (district, post_id, at_ms) DO UPDATE SET answers_id = excluded.answers_id`, district, post, atMs, answers); err != nil {
			return err
		}
	}
	return nil
}
