package round

import (
	"context"
	"database/sql"
	"errors"
	"maps"
	"slices"

	"wangge/internal/platform/db"
	"wangge/internal/platform/id"
)

var targetCols = []string{"district", "occurrence_id", "object_id", "door_id", "leaf_id", "grid_id", "line_no", "state", "reason",
	"valid_until_ms", "attempts", "marked_ms", "mark_id", "bulk", "joined_ms", "join_reason"}

// plainCols is how many of targetCols say where a target lies; what follows
// tells what happened to it and has defaults.
const plainCols = 7

const targetSelect = "t.occurrence_id, t.object_id, t.door_id, t.leaf_id, t.grid_id, t.line_no, t.state, t.reason, t.valid_until_ms, t.attempts, t.marked_ms, t.mark_id, t.bulk, t.joined_ms, t.join_reason"

// targetKeys find a target; targetChange is what a mark changes of it, targetPlace
// where it lies. A column named in an UPDATE has every index that holds it
// written anew.
var (
	targetKeys   = []string{"district", "occurrence_id", "object_id"}
	targetChange = []string{"state", "reason", "valid_until_ms", "attempts", "marked_ms", "mark_id", "bulk"}
	targetPlace  = []string{"door_id", "leaf_id", "grid_id"}
)

func (t Target) row(district int) []any {
	return []any{district, int64(t.OccurrenceID), int64(t.ObjectID), int64(t.DoorID), int64(t.LeafID), int64(t.GridID), t.LineNo, int(t.State), t.Reason,
		t.ValidUntilMs, t.Attempts, t.MarkedMs, int64(t.MarkID), bit(t.Bulk), t.JoinedMs, t.JoinReason}
}

func (t *Target) dest(bulk *int) []any {
	return []any{&t.OccurrenceID, &t.ObjectID, &t.DoorID, &t.LeafID, &t.GridID, &t.LineNo, &t.State, &t.Reason, &t.ValidUntilMs, &t.Attempts,
		&t.MarkedMs, &t.MarkID, bulk, &t.JoinedMs, &t.JoinReason}
}

func scanTarget(scan scanner) (t Target, err error) {
	var bulk int
	err = scan(t.dest(&bulk)...)
	t.Bulk = bulk == 1
	return t, err
}

// perQuery is how many ids one query asks for: SQLite's cost of binding grows
// with their square, that of parsing with their number.
const perQuery = 200

// lockTargets returns the targets of an occurrence among the objects, locked in
// the order of their ids until the transaction ends.
func lockTargets(ctx context.Context, tx *db.Tx, district int, occ id.ID, objects []id.ID) ([]Target, error) {
	objects = slices.Clone(objects)
	slices.Sort(objects)
	var out []Target
	err := db.Chunks(slices.Compact(objects), perQuery, func(part []id.ID) error {
		a := db.NewArgs(district, occ)
		rows, err := tx.QueryContext(ctx, "SELECT "+targetSelect+" FROM target t WHERE t.district = $1 AND t.occurrence_id = $2 AND t.object_id IN "+
			db.In(a, part)+" ORDER BY t.object_id"+tx.ForUpdate(), a.List()...)
		list, err := collect(rows, err, scanTarget)
		out = append(out, list...)
		return err
	})
	return out, err
}

// lockTargetsAt returns the targets of an occurrence that are or belong to the
// places (doors, points), locked. leaves are the places in whose lists they may stand.
func lockTargetsAt(ctx context.Context, tx *db.Tx, district int, occ id.ID, leaves, doors []id.ID) ([]Target, error) {
	var out []Target
	err := db.Chunks(doors, 400, func(part []id.ID) error {
		a := db.NewArgs(district, occ)
		rows, err := tx.QueryContext(ctx, "SELECT "+targetSelect+" FROM target t WHERE t.district = $1 AND t.occurrence_id = $2 AND t.leaf_id IN "+
			db.In(a, leaves)+" AND (t.door_id IN "+db.In(a, part)+" OR t.object_id IN "+db.In(a, part)+") ORDER BY t.object_id"+tx.ForUpdate(), a.List()...)
		list, err := collect(rows, err, scanTarget)
		out = append(out, list...)
		return err
	})
	slices.SortFunc(out, func(a, b Target) int { return compareID(a.ObjectID, b.ObjectID) })
	return out, err
}

// lockTargetsOn returns the targets of an occurrence that are counted at one
// leaf, locked.
func lockTargetsOn(ctx context.Context, tx *db.Tx, district int, occ, leaf id.ID) ([]Target, error) {
	rows, err := tx.QueryContext(ctx, "SELECT "+targetSelect+" FROM target t WHERE t.district = $1 AND t.occurrence_id = $2 AND t.leaf_id = $3 ORDER BY t.object_id"+tx.ForUpdate(),
		district, occ, leaf)
	return collect(rows, err, scanTarget)
}

// present returns which of the objects are on the list already.
func present(ctx context.Context, q db.Queryer, district int, occ id.ID, objects []id.ID) (map[id.ID]bool, error) {
	out := map[id.ID]bool{}
	err := db.Chunks(objects, perQuery, func(part []id.ID) error {
		a := db.NewArgs(district, occ)
		rows, err := q.QueryContext(ctx, "SELECT object_id FROM target WHERE district = $1 AND occurrence_id = $2 AND object_id IN "+db.In(a, part), a.List()...)
		list, err := collect(rows, err, scanID)
		for _, v := range list {
			out[v] = true
		}
		return err
	})
	return out, err
}

func scanID(scan scanner) (v id.ID, err error) {
	err = scan(&v)
	return v, err
}

// saveTargets writes what may have changed of targets that are on their lists;
// moved are those that lie elsewhere than before.
func saveTargets(ctx context.Context, tx *db.Tx, district int, stayed, moved []Target) error {
	rows := make([][]any, len(stayed))
	for i, t := range stayed {
		rows[i] = t.change(district)
	}
	if err := tx.BulkUpdate(ctx, "target", targetKeys, targetChange, rows); err != nil {
		return err
	}
	rows = make([][]any, len(moved))
	for i, t := range moved {
		rows[i] = append(t.change(district), int64(t.DoorID), int64(t.LeafID), int64(t.GridID))
	}
	return tx.BulkUpdate(ctx, "target", targetKeys, slices.Concat(targetChange, targetPlace), rows)
}

func (t Target) change(district int) []any {
	return []any{district, int64(t.OccurrenceID), int64(t.ObjectID), int(t.State), t.Reason, t.ValidUntilMs, t.Attempts, t.MarkedMs, int64(t.MarkID), bit(t.Bulk)}
}

// insertTargets puts new targets on their lists: those of an opening that
// nothing happened to yet, nearly all of them, with the few columns that say so.
func insertTargets(ctx context.Context, tx *db.Tx, district int, list []Target) error {
	var plain, rest [][]any
	for _, t := range list {
		row := t.row(district)
		if t == (Target{OccurrenceID: t.OccurrenceID, ObjectID: t.ObjectID, DoorID: t.DoorID, LeafID: t.LeafID, GridID: t.GridID, LineNo: t.LineNo}) {
			plain = append(plain, row[:plainCols])
		} else {
			rest = append(rest, row)
		}
	}
	if err := tx.BulkInsert(ctx, "target", targetCols[:plainCols], plain); err != nil {
		return err
	}
	return tx.BulkInsert(ctx, "target", targetCols, rest)
}

// counterKey names a row of counters; ordered by occurrence, leaf, grid.
type counterKey struct{ occ, leaf, grid id.ID }

func (k counterKey) compare(o counterKey) int {
	for _, v := range [][2]id.ID{{k.occ, o.occ}, {k.leaf, o.leaf}, {k.grid, o.grid}} {
		if c := compareID(v[0], v[1]); c != 0 {
			return c
		}
	}
	return 0
}

type choiceKey struct {
	counterKey
	field, choice string
}

func (k choiceKey) compare(o choiceKey) int {
	if c := k.counterKey.compare(o.counterKey); c != 0 {
		return c
	}
	if k.field != o.field {
		if k.field < o.field {
			return -1
		}
		return 1
	}
	switch {
	case k.choice < o.choice:
		return -1
	case k.choice > o.choice:
		return 1
	}
	return 0
}

// moveCounters adds the deltas to the counters, in key order.
func moveCounters(ctx context.Context, tx *db.Tx, district int, deltas map[counterKey]counterDelta) error {
	var rows [][]any
	for _, k := range slices.SortedFunc(maps.Keys(deltas), counterKey.compare) {
		if d := deltas[k]; !d.zero() {
			rows = append(rows, []any{district, int64(k.occ), int64(k.leaf), int64(k.grid), d.total, d.done, d.exempt, d.attempted})
		}
	}
	return tx.BulkUpsert(ctx, "counter", []string{"district", "occurrence_id", "leaf_id", "grid_id", "total", "done", "exempt", "attempted"},
		"district, occurrence_id, leaf_id, grid_id",
		"total = t.total + excluded.total, done = t.done + excluded.done, exempt = t.exempt + excluded.exempt, attempted = t.attempted + excluded.attempted", rows)
}

// moveChoices adds the deltas to the counts of answers, in key order.
func moveChoices(ctx context.Context, tx *db.Tx, district int, deltas map[choiceKey]int) error {
	var rows [][]any
	for _, k := range slices.SortedFunc(maps.Keys(deltas), choiceKey.compare) {
		if n := deltas[k]; n != 0 {
			rows = append(rows, []any{district, int64(k.occ), int64(k.leaf), int64(k.grid), k.field, k.choice, n})
		}
	}
	return tx.BulkUpsert(ctx, "answer_count", []string{"district", "occurrence_id", "leaf_id", "grid_id", "field", "choice", "n"},
		"district, occurrence_id, leaf_id, grid_id, field, choice", "n = t.n + excluded.n", rows)
}

// bumpVersion tells caches and watchers that figures changed and returns the
// new version, 0 where the occurrence is neither open nor opening (any more),
// and the occurrence's latest cut-off.
func bumpVersion(ctx context.Context, tx *db.Tx, district int, occ id.ID) (version, cut int64, err error) {
	err = tx.QueryRowContext(ctx, "UPDATE occurrence SET version = version + 1 WHERE district = $1 AND id = $2 AND state IN ('open', 'opening')"+
		" RETURNING version, cut_ms", district, occ).Scan(&version, &cut)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, 0, nil
	}
	return version, cut, db.Fault("round.version", err)
}

// occState is what a batch needs to know of an occurrence.
type occState struct {
	id, round id.ID
	state     RoundState
	cut       int64 // the latest cut-off: what is received counts after it
}

func occStates(ctx context.Context, q db.Queryer, district int, occs []id.ID) (map[id.ID]occState, error) {
	a := db.NewArgs(district)
	rows, err := q.QueryContext(ctx, "SELECT id, round_id, state, cut_ms FROM occurrence WHERE district = $1 AND id IN "+db.In(a, occs), a.List()...)
	list, err := collect(rows, err, scanOcc)
	out := map[id.ID]occState{}
	for _, o := range list {
		out[o.id] = o
	}
	return out, err
}

func scanOcc(scan scanner) (o occState, err error) {
	err = scan(&o.id, &o.round, &o.state, &o.cut)
	return o, err
}

// openOccurrences returns the occurrences that are open or opening.
func openOccurrences(ctx context.Context, q db.Queryer, district int) ([]occState, error) {
	rows, err := q.QueryContext(ctx, "SELECT id, round_id, state, cut_ms FROM occurrence WHERE district = $1 AND state IN ('open', 'opening') ORDER BY id", district)
	return collect(rows, err, scanOcc)
}

// sheets returns for each leaf the place on whose printed list its targets stand.
func sheets(ctx context.Context, q db.Queryer, district int, kind TargetKind, leaves []id.ID) (map[id.ID]id.ID, error) {
	out := map[id.ID]id.ID{}
	err := db.Chunks(leaves, 800, func(part []id.ID) error {
		a := db.NewArgs(district)
		rows, err := q.QueryContext(ctx, "SELECT p.id, p.kind, p.parent_id, COALESCE(b.kind, '') FROM place p LEFT JOIN place b ON b.district = p.district AND b.id = p.parent_id"+
			" WHERE p.district = $1 AND p.id IN "+db.In(a, part), a.List()...)
		_, err = collect(rows, err, func(scan scanner) (struct{}, error) {
			var leaf, parent id.ID
			var k, above string
			err := scan(&leaf, &k, &parent, &above)
			out[leaf] = sheetOf(kind, leaf, parent, k, above)
			return struct{}{}, err
		})
		return err
	})
	return out, err
}

// sheetOf is the place whose printed list a leaf belongs to: the building of a
// unit, the leaf itself where doors hang below it, else the place above.
func sheetOf(kind TargetKind, leaf, parent id.ID, leafKind, parentKind string) id.ID {
	if leafKind == "unit" && parentKind == "building" {
		return parent
	}
	if (kind == Areas || kind == Places) && parent != id.Zero {
		return parent
	}
	return leaf
}

// lastLines returns the highest line number used on each sheet: by targets that
// stand at the sheet's place or right below it. Those places are looked up
// first: a join lets the engines walk the whole list.
func lastLines(ctx context.Context, q db.Queryer, district int, occ id.ID, sheets []id.ID) (map[id.ID]int, error) {
	above := make(map[id.ID]id.ID, len(sheets)) // leaf → its sheet, besides itself
	for _, sheet := range sheets {
		above[sheet] = sheet
	}
	err := db.Chunks(sheets, 400, func(part []id.ID) error {
		a := db.NewArgs(district)
		rows, err := q.QueryContext(ctx, "SELECT p.id, p.parent_id FROM place p WHERE p.district = $1 AND p.parent_id IN "+db.In(a, part)+" AND p.kind <> 'door'", a.List()...)
		_, err = collect(rows, err, func(scan scanner) (struct{}, error) {
			var leaf, sheet id.ID
			err := scan(&leaf, &sheet)
			above[leaf] = sheet
			return struct{}{}, err
		})
		return err
	})
	if err != nil {
		return nil, err
	}
	out := map[id.ID]int{}
	return out, db.Chunks(sortedIDs(above), 400, func(part []id.ID) error {
		a := db.NewArgs(district, occ)
		rows, err := q.QueryContext(ctx, "SELECT leaf_id, MAX(line_no) FROM target WHERE district = $1 AND occurrence_id = $2 AND leaf_id IN "+db.In(a, part)+" GROUP BY leaf_id", a.List()...)
		_, err = collect(rows, err, func(scan scanner) (struct{}, error) {
			var leaf id.ID
			var n int
			err := scan(&leaf, &n)
			for _, sheet := range []id.ID{leaf, above[leaf]} {
				out[sheet] = max(out[sheet], n)
			}
			return struct{}{}, err
		})
		return err
	})
}
