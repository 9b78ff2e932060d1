package round

import (
	"context"
	"strconv"

	"wangge/internal/grid"
	"wangge/internal/platform/db"
	"wangge/internal/platform/id"
)

// markRow is a mark as kept.
type markRow struct {
	id, occ, object, prev              id.ID
	result, reason                     string
	class                              State
	how                                How
	bulk, late, correct                bool
	account, post                      id.ID
	clientKey                          string
	payload                            []byte
	claimedMs, correctedMs, receivedMs int64
	validUntilMs                       int64
	photo                              id.ID
	register                           string
	sealed                             []byte
	choices                            []ChoiceCount
}

var markCols = []string{"district", "id", "occurrence_id", "object_id", "prev_id", "result", "class", "reason", "how", "bulk", "late", "account_id", "post_id",
	"client_key", "payload_hash", "claimed_ms", "corrected_ms", "received_ms", "photo_id", "register", "sealed", "correct"}

const markSelect = "m.id, m.occurrence_id, m.object_id, m.prev_id, m.result, m.class, m.reason, m.how, m.bulk, m.late, m.account_id, m.post_id, m.client_key, m.payload_hash, m.claimed_ms, m.corrected_ms, m.received_ms, m.photo_id, m.register, m.sealed, m.correct"

func (m *markRow) row(district int) []any {
	return []any{district, int64(m.id), int64(m.occ), int64(m.object), int64(m.prev), m.result, int(m.class), m.reason, string(m.how), bit(m.bulk), bit(m.late),
		int64(m.account), int64(m.post), m.clientKey, m.payload, m.claimedMs, m.correctedMs, m.receivedMs, int64(m.photo), m.register, m.sealed, bit(m.correct)}
}

func scanMark(scan scanner) (m *markRow, err error) {
	m = &markRow{}
	var bulk, late, correct int
	err = scan(&m.id, &m.occ, &m.object, &m.prev, &m.result, &m.class, &m.reason, &m.how, &bulk, &late, &m.account, &m.post, &m.clientKey, &m.payload,
		&m.claimedMs, &m.correctedMs, &m.receivedMs, &m.photo, &m.register, &m.sealed, &correct)
	m.bulk, m.late, m.correct = bulk == 1, late == 1, correct == 1
	return m, err
}

func insertMarks(ctx context.Context, tx *db.Tx, district int, list []*markRow) error {
	rows := make([][]any, len(list))
	for i, m := range list {
		rows[i] = m.row(district)
	}
	return tx.BulkInsert(ctx, "mark", markCols, rows)
}

// lateOf returns the marks of a target that were kept as late, the latest first:
// of those received since the occurrence ended, by their index.
func lateOf(ctx context.Context, q db.Queryer, r Round, object id.ID) ([]*markRow, error) {
	rows, err := q.QueryContext(ctx, "SELECT "+markSelect+" FROM mark m WHERE m.district = $1 AND m.occurrence_id = $2 AND m.object_id = $3 AND m.late = 1"+
		" AND m.received_ms >= (SELECT o.closed_ms FROM occurrence o WHERE o.district = $1 AND o.id = $2 AND o.closed_ms > 0) ORDER BY m.received_ms DESC, m.id DESC LIMIT $4",
		r.district, r.OccurrenceID, object, maxHistory)
	return collect(rows, err, scanMark)
}

// relink puts a mark right below another in the history of a target.
func relink(ctx context.Context, tx *db.Tx, district int, above, below id.ID) error {
	_, err := tx.ExecContext(ctx, "UPDATE mark SET prev_id = $3 WHERE district = $1 AND id = $2", district, above, below)
	return err
}

func selectMarks(ctx context.Context, q db.Queryer, district int, ids []id.ID) ([]*markRow, error) {
	var out []*markRow
	err := db.Chunks(ids, 800, func(part []id.ID) error {
		a := db.NewArgs(district)
		rows, err := q.QueryContext(ctx, "SELECT "+markSelect+" FROM mark m WHERE m.district = $1 AND m.id IN "+db.In(a, part), a.List()...)
		list, err := collect(rows, err, scanMark)
		out = append(out, list...)
		return err
	})
	return out, err
}

func markByKey(ctx context.Context, q db.Queryer, district int, account id.ID, key string) (*markRow, error) {
	return scanMark(q.QueryRowContext(ctx, "SELECT "+markSelect+" FROM mark m WHERE m.district = $1 AND m.account_id = $2 AND m.client_key = $3", district, account, key).Scan)
}

// targetScope are the columns a scope predicate over targets is about.
var targetScope = grid.Columns{Path: "lp.path", Grid: "t.grid_id", Door: "t.door_id"}

const targetFrom = " FROM target t JOIN place lp ON lp.district = t.district AND lp.id = t.leaf_id"

// evening holds for targets on the evening list, in the words of the index
// target_evening.
var evening = "t.state = 1 AND t.attempts >= " + strconv.Itoa(EveningAfter)

// authorised returns the targets among objects that the caller may treat so.
func authorised(ctx context.Context, q db.Queryer, c grid.Caller, p grid.Permission, occ id.ID, objects []id.ID) (map[id.ID]Target, error) {
	out := map[id.ID]Target{}
	err := db.Chunks(objects, perQuery, func(part []id.ID) error {
		a := db.NewArgs(c.District, occ)
		rows, err := q.QueryContext(ctx, "SELECT "+targetSelect+targetFrom+" WHERE t.district = $1 AND t.occurrence_id = $2 AND t.object_id IN "+db.In(a, part)+
			" AND "+c.Scope(p, a, targetScope), a.List()...)
		list, err := collect(rows, err, scanTarget)
		for _, t := range list {
			out[t.ObjectID] = t
		}
		return err
	})
	return out, err
}

// peopleAt returns the persons who live behind each target: of the household
// itself, of the person, or of all households of the door.
func peopleAt(ctx context.Context, q db.Queryer, district int, kind TargetKind, t Target) ([]id.ID, error) {
	where, arg := "door_id = $2", t.DoorID
	switch kind {
	case Households:
		where, arg = "household_id = $2", t.ObjectID
	case Persons:
		where, arg = "id = $2", t.ObjectID
	}
	rows, err := q.QueryContext(ctx, "SELECT id FROM person WHERE district = $1 AND "+where+" AND lives_here = 1 AND until_ms = 0 ORDER BY id", district, arg)
	return collect(rows, err, scanID)
}

// livingAt returns the ledger's head count behind the targets, by object.
func livingAt(ctx context.Context, q db.Queryer, district int, kind TargetKind, objects []id.ID) (map[id.ID]int, error) {
	out := map[id.ID]int{}
	col := "door_id"
	switch kind {
	case Households:
		col = "id"
	case Doors:
	default:
		return out, nil
	}
	err := db.Chunks(objects, perQuery, func(part []id.ID) error {
		a := db.NewArgs(district)
		rows, err := q.QueryContext(ctx, "SELECT "+col+", SUM(living_count) FROM household WHERE district = $1 AND until_ms = 0 AND "+col+" IN "+db.In(a, part)+" GROUP BY "+col, a.List()...)
		_, err = collect(rows, err, func(scan scanner) (struct{}, error) {
			var v id.ID
			var n int
			err := scan(&v, &n)
			out[v] = n
			return struct{}{}, err
		})
		return err
	})
	return out, err
}

// livingBelow returns how many live below a place by the ledger.
func livingBelow(ctx context.Context, q db.Queryer, district int, path string) (n int, err error) {
	err = q.QueryRowContext(ctx, "SELECT COALESCE(SUM(h.living_count), 0) FROM place p JOIN household h ON h.district = p.district AND h.door_id = p.id AND h.until_ms = 0"+
		" WHERE p.district = $1 AND p.kind = 'door' AND p.path >= $2 AND p.path < $3", district, path, path+"~").Scan(&n)
	return n, db.Fault("round.living", err)
}

// photoOf returns a photo's register and who took it.
func photoOf(ctx context.Context, q db.Queryer, district int, photo id.ID) (register string, by id.ID, err error) {
	err = q.QueryRowContext(ctx, "SELECT register, account_id FROM photo WHERE district = $1 AND id = $2", district, photo).Scan(&register, &by)
	return register, by, missing("round.photo", err, "round.photo_missing")
}
