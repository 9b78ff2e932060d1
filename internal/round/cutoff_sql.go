package round

import (
	"context"
	"database/sql"
	"encoding/json"
	"maps"
	"slices"

	"wangge/internal/platform/db"
	"wangge/internal/platform/id"
)

const cutoffCols = "c.id, c.round_id, c.occurrence_id, COALESCE(o.n, 0), c.at_ms, c.taken_ms, c.state, c.definitions, c.account_id"

const cutoffFrom = " FROM cutoff c LEFT JOIN occurrence o ON o.district = c.district AND o.id = c.occurrence_id WHERE c.district = $1 AND "

func scanCutoff(scan scanner) (c Cutoff, err error) {
	var definitions string
	if err = scan(&c.ID, &c.RoundID, &c.OccurrenceID, &c.N, &c.AtMs, &c.TakenMs, &c.state, &definitions, &c.AccountID); err == nil {
		err = json.Unmarshal([]byte(definitions), &c.Definitions)
	}
	return c, err
}

func cutoffAt(ctx context.Context, q db.Queryer, district int, occ id.ID, at int64) (Cutoff, error) {
	c, err := scanCutoff(q.QueryRowContext(ctx, "SELECT "+cutoffCols+cutoffFrom+"c.occurrence_id = $2 AND c.at_ms = $3", district, occ, at).Scan)
	return c, missing("round.cutoff", err, "round.cutoff_missing")
}

func selectCutoff(ctx context.Context, q db.Queryer, district int, cutoff id.ID) (Cutoff, error) {
	c, err := scanCutoff(q.QueryRowContext(ctx, "SELECT "+cutoffCols+cutoffFrom+"c.id = $2 AND c.state = 'taken'", district, cutoff).Scan)
	return c, missing("round.cutoff", err, "round.cutoff_missing")
}

// maxCutoffList bounds the cut-offs listed of a round.
const maxCutoffList = 60

func selectCutoffs(ctx context.Context, q db.Queryer, district int, round id.ID) ([]Cutoff, error) {
	rows, err := q.QueryContext(ctx, "SELECT "+cutoffCols+cutoffFrom+"c.round_id = $2 AND c.state = 'taken' ORDER BY c.at_ms DESC LIMIT $3", district, round, maxCutoffList)
	return collect(rows, err, scanCutoff)
}

// insertCutoff claims an instant: no mark is received before it any more.
func insertCutoff(ctx context.Context, tx *db.Tx, district int, c Cutoff) error {
	text, err := json.Marshal(c.Definitions)
	if err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, "UPDATE occurrence SET cut_ms = $3 WHERE district = $1 AND id = $2 AND cut_ms < $3", district, c.OccurrenceID, c.AtMs); err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, "INSERT INTO cutoff (district, id, round_id, occurrence_id, at_ms, state, definitions, account_id) VALUES ($1,$2,$3,$4,$5,$6,$7,$8)",
		district, c.ID, c.RoundID, c.OccurrenceID, c.AtMs, c.state, string(text), c.AccountID)
	return err
}

// freeze writes the figures of a cut-off, once.
func freeze(ctx context.Context, tx *db.Tx, district int, c Cutoff, stood standing) error {
	text, err := json.Marshal(c.Definitions)
	if err != nil {
		return err
	}
	res, err := tx.ExecContext(ctx, "UPDATE cutoff SET state = 'taken', taken_ms = $3, definitions = $4 WHERE district = $1 AND id = $2 AND state = 'taking'",
		district, c.ID, c.TakenMs, string(text))
	if err != nil {
		return err
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return err // another replica wrote the same
	}
	var rows [][]any
	for _, k := range slices.SortedFunc(maps.Keys(stood.figures), counterKey.compare) {
		f := stood.figures[k]
		rows = append(rows, []any{district, int64(c.ID), int64(k.leaf), int64(k.grid), f.total, f.done, f.exempt, f.attempted})
	}
	if err := tx.BulkInsert(ctx, "cutoff_figure", []string{"district", "cutoff_id", "leaf_id", "grid_id", "total", "done", "exempt", "attempted"}, rows); err != nil {
		return err
	}
	rows = nil
	for _, k := range slices.SortedFunc(maps.Keys(stood.answers), choiceKey.compare) {
		rows = append(rows, []any{district, int64(c.ID), int64(k.leaf), int64(k.grid), k.field, k.choice, stood.answers[k]})
	}
	return tx.BulkInsert(ctx, "cutoff_answer", []string{"district", "cutoff_id", "leaf_id", "grid_id", "field", "choice", "n"}, rows)
}

// frozenSums returns the counts of answers a cut-off froze, summed over its leaves.
func frozenSums(ctx context.Context, q db.Queryer, district int, cutoff id.ID) (map[ChoiceCount]int, error) {
	out := map[ChoiceCount]int{}
	err := db.Each(ctx, q, func(rows *sql.Rows) error {
		var c ChoiceCount
		var n int
		err := rows.Scan(&c.Field, &c.Choice, &n)
		out[c] = n
		return err
	}, "SELECT field, choice, SUM(n) FROM cutoff_answer WHERE district = $1 AND cutoff_id = $2 GROUP BY field, choice", district, cutoff)
	return out, err
}

func selectFrozen(ctx context.Context, q db.Queryer, district int, cutoff id.ID) ([]cell, error) {
	rows, err := q.QueryContext(ctx, "SELECT leaf_id, grid_id, total, done, exempt, attempted FROM cutoff_figure WHERE district = $1 AND cutoff_id = $2", district, cutoff)
	return collect(rows, err, func(scan scanner) (x cell, err error) {
		err = scan(&x.leaf, &x.grid, &x.Total, &x.Done, &x.Exempt, &x.Attempted)
		x.Outstanding = x.Total - x.Done - x.Exempt
		return x, err
	})
}

// changedSince returns the targets of an occurrence that a mark received after
// an instant is about, or that were joined after it.
func changedSince(ctx context.Context, q db.Queryer, district int, occ id.ID, at int64) ([]Target, error) {
	rows, err := q.QueryContext(ctx, "SELECT "+targetSelect+" FROM target t WHERE t.district = $1 AND t.occurrence_id = $2 AND (t.joined_ms > $3"+
		" OR t.object_id IN (SELECT m.object_id FROM mark m WHERE m.district = $1 AND m.occurrence_id = $2 AND m.received_ms > $3))", district, occ, at)
	return collect(rows, err, scanTarget)
}

func targetsOf(ctx context.Context, q db.Queryer, district int, occ id.ID, objects []id.ID) ([]Target, error) {
	var out []Target
	err := db.Chunks(objects, perQuery, func(part []id.ID) error {
		a := db.NewArgs(district, occ)
		rows, err := q.QueryContext(ctx, "SELECT "+targetSelect+" FROM target t WHERE t.district = $1 AND t.occurrence_id = $2 AND t.object_id IN "+db.In(a, part), a.List()...)
		list, err := collect(rows, err, scanTarget)
		out = append(out, list...)
		return err
	})
	return out, err
}

// lateMarks returns the marks made before a cut-off and received after it, in
// the order they were received.
func lateMarks(ctx context.Context, q db.Queryer, district int, c Cutoff) ([]*markRow, error) {
	rows, err := q.QueryContext(ctx, "SELECT "+markSelect+" FROM mark m WHERE m.district = $1 AND m.occurrence_id = $2 AND m.received_ms > $3 AND m.corrected_ms <= $3 ORDER BY m.received_ms, m.id",
		district, c.OccurrenceID, c.AtMs)
	return collect(rows, err, scanMark)
}

// cutoffsOf returns the cut-offs of an occurrence.
func cutoffsOf(ctx context.Context, q db.Queryer, o occRef) ([]Cutoff, error) {
	rows, err := q.QueryContext(ctx, "SELECT "+cutoffCols+cutoffFrom+"c.occurrence_id = $2 AND c.state = 'taken' ORDER BY c.at_ms", o.district, o.id)
	return collect(rows, err, scanCutoff)
}
