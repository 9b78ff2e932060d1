package bench

import (
	"context"
	"time"

	"wangge/internal/grid"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/db"
	"wangge/internal/platform/id"
	"wangge/internal/round"
)

var targetCols = []string{"district", "occurrence_id", "object_id", "door_id", "leaf_id", "grid_id", "line_no"}

// bareTargets inserts the rows of an occurrence's targets again, under another
// one, without any rule, and takes them out again.
func bareTargets(ctx context.Context, w *world, occ id.ID) (time.Duration, error) {
	rows, err := w.DB.Read().QueryContext(ctx, "SELECT object_id, door_id, leaf_id, grid_id, line_no FROM target WHERE district = $1 AND occurrence_id = $2 ORDER BY object_id", code, int64(occ))
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	other := int64(id.New())
	var list [][]any
	for rows.Next() {
		var object, door, leaf, grid, line int64
		if err := rows.Scan(&object, &door, &leaf, &grid, &line); err != nil {
			return 0, err
		}
		list = append(list, []any{code, other, object, door, leaf, grid, line})
	}
	if err := rows.Err(); err != nil {
		return 0, err
	}
	sw := clock.Start()
	err = db.Chunks(list, chunkRows, func(part [][]any) error {
		return w.DB.Write(ctx, "bench.baseline", func(tx *db.Tx) error { return tx.BulkInsert(ctx, "target", targetCols, part) })
	})
	took := sw.Elapsed()
	if err != nil {
		return 0, err
	}
	return took, w.DB.Write(ctx, "bench.baseline", func(tx *db.Tx) error {
		_, err := tx.ExecContext(ctx, "DELETE FROM target WHERE district = $1 AND occurrence_id = $2", code, other)
		return err
	})
}

var markCols = []string{"district", "id", "occurrence_id", "object_id", "prev_id", "result", "class", "how", "account_id", "post_id", "client_key", "payload_hash",
	"claimed_ms", "corrected_ms", "received_ms", "register", "sealed"}

// bareMarks is a group commit of mark rows without any rule.
func bareMarks(w *world) *db.Batcher[[]any] {
	return db.NewBatcher(w.DB, db.BatchOptions{Op: "bench.bare", MaxItems: 1000, OwnLocks: true}, func(ctx context.Context, tx *db.Tx, items []*db.Item[[]any]) error {
		rows := make([][]any, len(items))
		for i, it := range items {
			rows[i] = it.Value
		}
		return tx.BulkInsert(ctx, "mark", markCols, rows)
	})
}

// bareMark is a mark's row as the round would write it, of another occurrence.
func bareMark(occ, object, account id.ID, now int64, blob []byte) []any {
	v := id.New()
	return []any{code, int64(v), int64(occ), int64(object), 0, "normal", 2, "door", int64(account), 0, "b" + v.String(), blob[:16], 0, now, now, "bench", blob}
}

// dropMarks takes the baseline's rows out again.
func dropMarks(ctx context.Context, w *world, occ id.ID) error {
	return w.DB.Write(ctx, "bench.bare", func(tx *db.Tx) error {
		_, err := tx.ExecContext(ctx, "DELETE FROM mark WHERE district = $1 AND occurrence_id = $2", code, int64(occ))
		return err
	})
}

// gridOf is a grid that somebody answers for.
type gridOf struct {
	id   id.ID
	path string
}

func microGrids(ctx context.Context, w *world) ([]gridOf, error) {
	rows, err := w.DB.Read().QueryContext(ctx, "SELECT id, path FROM grid WHERE district = $1 AND kind = 'micro' ORDER BY path", code)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []gridOf
	for rows.Next() {
		var g gridOf
		if err := rows.Scan(&g.id, &g.path); err != nil {
			return nil, err
		}
		out = append(out, g)
	}
	return out, rows.Err()
}

// targetsOf returns the objects of an occurrence by grid.
func targetsOf(ctx context.Context, w *world, occ id.ID) (map[id.ID][]id.ID, error) {
	rows, err := w.DB.Read().QueryContext(ctx, "SELECT object_id, grid_id FROM target WHERE district = $1 AND occurrence_id = $2 ORDER BY object_id", code, int64(occ))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := map[id.ID][]id.ID{}
	for rows.Next() {
		var object, grid id.ID
		if err := rows.Scan(&object, &grid); err != nil {
			return nil, err
		}
		out[grid] = append(out[grid], object)
	}
	return out, rows.Err()
}

// node is a place whose coverage is measured.
type node struct {
	id   id.ID
	path string
	kind string
}

// nodesOf picks about n places of a kind, spread over the district.
func nodesOf(ctx context.Context, w *world, kind string, n int) ([]node, error) {
	rows, err := w.DB.Read().QueryContext(ctx, "SELECT id, path, kind FROM place WHERE district = $1 AND kind = $2 AND until_ms = 0 ORDER BY path", code, kind)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []node
	for rows.Next() {
		var v node
		if err := rows.Scan(&v.id, &v.path, &v.kind); err != nil {
			return nil, err
		}
		all = append(all, v)
	}
	step := max(1, len(all)/n)
	var out []node
	for i := 0; i < len(all) && len(out) < n; i += step {
		out = append(out, all[i])
	}
	return out, rows.Err()
}

// groupBy counts a node's targets from their rows.
func groupBy(ctx context.Context, w *world, occ id.ID, path string) (f round.Figures, err error) {
	rows, err := w.DB.Read().QueryContext(ctx, "SELECT t.state, COUNT(*) FROM target t JOIN place p ON p.district = t.district AND p.id = t.leaf_id"+
		" WHERE t.district = $1 AND t.occurrence_id = $2 AND p.path >= $3 AND p.path < $4 GROUP BY t.state", code, int64(occ), path, path+"~")
	if err != nil {
		return f, err
	}
	defer rows.Close()
	for rows.Next() {
		var state round.State
		var n int
		if err := rows.Scan(&state, &n); err != nil {
			return f, err
		}
		f.Total += n
		switch state {
		case round.Done:
			f.Done += n
		case round.Exempt:
			f.Exempt += n
		case round.Attempted:
			f.Attempted += n
		}
	}
	f.Outstanding = f.Total - f.Done - f.Exempt
	return f, rows.Err()
}

// worker is the holder of a post over a grid.
type worker struct {
	account, post id.ID
	path          string // of the grid
}

func workersOf(ctx context.Context, w *world, role grid.Role) ([]worker, error) {
	rows, err := w.DB.Read().QueryContext(ctx, "SELECT h.account_id, p.id, g.path FROM post p JOIN holder h ON h.district = p.district AND h.post_id = p.id"+
		" JOIN grid g ON g.district = p.district AND g.id = p.object_id WHERE p.district = $1 AND p.role = $2 AND p.object_kind = 'grid' ORDER BY p.id", code, string(role))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []worker
	for rows.Next() {
		var v worker
		if err := rows.Scan(&v.account, &v.post, &v.path); err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, rows.Err()
}

// countRows counts the district's rows of a table.
func countRows(ctx context.Context, w *world, table string) (n int, err error) {
	err = w.DB.Read().QueryRowContext(ctx, "SELECT COUNT(*) FROM "+table+" WHERE district = $1", code).Scan(&n)
	return n, err
}

// leadsWaiting counts open leads that no caller has.
const leadsWaiting = "SELECT COUNT(*) FROM lead WHERE district = $1 AND state = 'open' AND account_id = 0"
