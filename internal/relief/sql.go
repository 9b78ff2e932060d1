package relief

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"math"
	"slices"

	"wangge/internal/platform/db"
	"wangge/internal/platform/id"
)

const columns = `h.post_id, h.end_ms, h.out_id, h.out_ms, h.out_items, h.in_id, h.in_ms, h.in_items, h.leader_post_id, h.passed_ms, h.noted_ms, h.task_id, h.sealed`

func fields(r *Record) []any {
	return []any{&r.PostID, &r.EndMs, &r.OutID, &r.OutMs, &r.OutItems, &r.InID, &r.InMs, &r.InItems, &r.LeaderPostID, &r.PassedMs, &r.NotedMs, &r.TaskID, &r.sealed}
}

// selectRecord reads a change of shift; one that nobody signed yet is empty.
func selectRecord(ctx context.Context, q db.Queryer, lock string, district int, post id.ID, endMs int64) (Record, error) {
	list, err := db.List(ctx, q, fields, `SELECT `+columns+` FROM shift_handover h WHERE h.district = $1 AND h.post_id = $2 AND h.end_ms = $3`+lock, district, post, endMs)
	if err != nil || len(list) == 0 {
		return Record{PostID: post, EndMs: endMs}, err
	}
	return list[0], nil
}

// selectOf reads the changes of posts whose shifts ended since an instant.
func selectOf(ctx context.Context, q db.Queryer, district int, posts []id.ID, since int64) (out []Record, err error) {
	err = db.Chunks(posts, 500, func(part []id.ID) error {
		a := db.NewArgs(district, since)
		list, err := db.List(ctx, q, fields, `SELECT `+columns+` FROM shift_handover h WHERE h.district = $1 AND h.end_ms > $2 AND h.post_id IN `+db.In(a, part), a.List()...)
		out = append(out, list...)
		return err
	})
	return out, err
}

// selectPostsBetween lists the posts with changes of shifts that ended in a time.
func selectPostsBetween(ctx context.Context, q db.Queryer, district int, fromMs, untilMs int64) ([]id.ID, error) {
	return db.List(ctx, q, func(v *id.ID) []any { return []any{v} },
		`SELECT DISTINCT post_id FROM shift_handover WHERE district = $1 AND end_ms >= $2 AND end_ms < $3`, district, fromMs, untilMs)
}

// selectBetween reads changes of posts' shifts that ended in a time, the last
// first.
func selectBetween(ctx context.Context, q db.Queryer, district int, posts []id.ID, fromMs, untilMs int64, limit int) (out []Record, err error) {
	err = db.Chunks(posts, 500, func(part []id.ID) error {
		a := db.NewArgs(district, fromMs, untilMs, limit)
		list, err := db.List(ctx, q, fields, `SELECT `+columns+` FROM shift_handover h WHERE h.district = $1 AND h.end_ms >= $2 AND h.end_ms < $3
			AND h.post_id IN `+db.In(a, part)+` ORDER BY h.end_ms DESC, h.post_id LIMIT $4`, a.List()...)
		out = append(out, list...)
		return err
	})
	slices.SortFunc(out, func(a, b Record) int { return cmp.Or(cmp.Compare(b.EndMs, a.EndMs), cmp.Compare(a.PostID, b.PostID)) })
	return out[:min(len(out), limit)], err
}

// selectSigned reads who signed in for all posts' shifts since an instant.
func selectSigned(ctx context.Context, q db.Queryer, district int, since int64) (map[id.ID]map[int64]signed, error) {
	out := map[id.ID]map[int64]signed{}
	err := db.Each(ctx, q, func(rows *sql.Rows) error {
		var post id.ID
		var end int64
		var s signed
		err := rows.Scan(&post, &end, &s.at, &s.by)
		if out[post] == nil {
			out[post] = map[int64]signed{}
		}
		out[post][end] = s
		return err
	}, `SELECT post_id, end_ms, in_ms, in_id FROM shift_handover WHERE district = $1 AND end_ms > $2 AND in_ms <> 0`, district, since)
	return out, err
}

func saveRecord(ctx context.Context, tx *db.Tx, district int, r Record) error {
	if r.sealed == nil {
		r.sealed = []byte{}
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO shift_handover (district, post_id, end_ms, out_id, out_ms, out_items, in_id, in_ms, in_items, leader_post_id, passed_ms, noted_ms, task_id, sealed)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
		ON CONFLICT (district, post_id, end_ms) DO UPDATE SET out_id = excluded.out_id, out_ms = excluded.out_ms, out_items = excluded.out_items,
			in_id = excluded.in_id, in_ms = excluded.in_ms, in_items = excluded.in_items, leader_post_id = excluded.leader_post_id, passed_ms = excluded.passed_ms,
			noted_ms = excluded.noted_ms, task_id = excluded.task_id, sealed = excluded.sealed`,
		district, r.PostID, r.EndMs, r.OutID, r.OutMs, r.OutItems, r.InID, r.InMs, r.InItems, r.LeaderPostID, r.PassedMs, r.NotedMs, r.TaskID, r.sealed)
	return err
}

// openAlarms lists the open tasks that tell of late reliefs of a post.
func openAlarms(ctx context.Context, q db.Queryer, district int, post id.ID) ([]id.ID, error) {
	return db.List(ctx, q, func(v *id.ID) []any { return []any{v} },
		`SELECT h.task_id FROM shift_handover h JOIN task t ON t.district = h.district AND t.id = h.task_id
			WHERE h.district = $1 AND h.post_id = $2 AND h.task_id <> 0 AND t.open = 1 ORDER BY h.end_ms`, district, post)
}

// selectSwept reads since when changes of shift are signed, and until when they
// have been looked through; never where nobody has begun.
func selectSwept(ctx context.Context, q db.Queryer, district int) (since, until int64, err error) {
	err = q.QueryRowContext(ctx, `SELECT since_ms, until_ms FROM shift_handover_swept WHERE district = $1`, district).Scan(&since, &until)
	if errors.Is(err, sql.ErrNoRows) {
		return math.MaxInt64, math.MaxInt64, nil
	}
	return since, until, err
}

func saveSwept(ctx context.Context, tx *db.Tx, district int, since, until int64) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO shift_handover_swept (district, since_ms, until_ms) VALUES ($1, $2, $3)
		ON CONFLICT (district) DO UPDATE SET until_ms = excluded.until_ms`, district, since, until)
	return err
}
