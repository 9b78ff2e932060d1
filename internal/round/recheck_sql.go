package round

import (
	"context"
	"strings"

	"wangge/internal/grid"
	"wangge/internal/platform/db"
	"wangge/internal/platform/id"
)

func doneTargets(ctx context.Context, q db.Queryer, r Round, path string) ([]candidate, error) {
	rows, err := q.QueryContext(ctx, "SELECT t.object_id, t.mark_id, t.bulk"+targetFrom+" WHERE t.district = $1 AND t.occurrence_id = $2 AND t.state = 2 AND lp.path >= $3 AND lp.path < $4 ORDER BY t.object_id",
		r.district, r.OccurrenceID, path, path+"~")
	return collect(rows, err, func(scan scanner) (c candidate, err error) {
		var bulk int
		err = scan(&c.object, &c.mark, &bulk)
		c.bulk = bulk == 1
		return c, err
	})
}

func insertRecheck(ctx context.Context, tx *db.Tx, district int, rc Recheck, register string, sample []candidate) error {
	_, err := tx.ExecContext(ctx, "INSERT INTO recheck (district, id, occurrence_id, place_id, seed, permille, population, account_id, post_id, created_ms) VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10)",
		district, rc.ID, rc.occ, rc.PlaceID, rc.Seed, rc.Permille, rc.Population, rc.AccountID, rc.PostID, rc.CreatedMs)
	if err != nil {
		return err
	}
	rows := make([][]any, len(sample))
	for i, c := range sample {
		rows[i] = []any{district, int64(rc.ID), int64(c.object), int64(c.mark), bit(c.bulk), register, []byte{}}
	}
	return tx.BulkInsert(ctx, "recheck_item", []string{"district", "recheck_id", "object_id", "mark_id", "bulk", "register", "sealed"}, rows)
}

const recheckSelect = `SELECT c.id, o.round_id, c.occurrence_id, c.place_id, c.seed, c.permille, c.population, c.account_id, c.post_id, c.created_ms,
	count(i.object_id), COALESCE(SUM(CASE WHEN i.outcome <> '' THEN 1 ELSE 0 END), 0), COALESCE(SUM(CASE WHEN i.outcome = 'differs' THEN 1 ELSE 0 END), 0),
	COALESCE(SUM(CASE WHEN i.outcome = 'absent' THEN 1 ELSE 0 END), 0)
	FROM recheck c JOIN occurrence o ON o.district = c.district AND o.id = c.occurrence_id
	LEFT JOIN recheck_item i ON i.district = c.district AND i.recheck_id = c.id WHERE c.district = $1 AND `

const recheckGroup = ` GROUP BY c.id, o.round_id, c.occurrence_id, c.place_id, c.seed, c.permille, c.population, c.account_id, c.post_id, c.created_ms`

func scanRecheck(scan scanner) (c Recheck, err error) {
	err = scan(&c.ID, &c.RoundID, &c.occ, &c.PlaceID, &c.Seed, &c.Permille, &c.Population, &c.AccountID, &c.PostID, &c.CreatedMs, &c.Items, &c.Asked, &c.Differs, &c.Absent)
	return c, err
}

func selectRechecks(ctx context.Context, q db.Queryer, r Round) ([]Recheck, error) {
	rows, err := q.QueryContext(ctx, recheckSelect+"c.occurrence_id = $2"+recheckGroup+" ORDER BY c.created_ms DESC, c.id DESC", r.district, r.OccurrenceID)
	return collect(rows, err, scanRecheck)
}

func selectRecheck(ctx context.Context, q db.Queryer, district int, recheck id.ID) (Recheck, error) {
	c, err := scanRecheck(q.QueryRowContext(ctx, recheckSelect+"c.id = $2"+recheckGroup, district, recheck).Scan)
	return c, missing("round.Recheck", err, "round.recheck_missing")
}

func selectRecheckItems(ctx context.Context, q db.Queryer, c grid.Caller, rc Recheck) ([]RecheckItem, error) {
	a := db.NewArgs(c.District, rc.occ, rc.ID)
	rows, err := q.QueryContext(ctx, "SELECT "+targetSelect+", lp.path, i.mark_id, i.outcome, i.differs, i.at_ms"+targetFrom+
		" JOIN recheck_item i ON i.district = t.district AND i.object_id = t.object_id WHERE t.district = $1 AND t.occurrence_id = $2 AND i.recheck_id = $3 AND "+
		c.Scope(grid.RoundRecheck, a, targetScope)+" ORDER BY lp.path, t.line_no", a.List()...)
	return collect(rows, err, func(scan scanner) (it RecheckItem, err error) {
		var bulk int
		var differs string
		err = scan(append(it.dest(&bulk), &it.Path, &it.markID, &it.Outcome, &differs, &it.AtMs)...)
		it.Bulk = bulk == 1
		if differs != "" {
			it.Differs = strings.Split(differs, ",")
		}
		return it, err
	})
}

// awaitsRecheck reports whether a sample holds the target and its second answer
// is not in.
func awaitsRecheck(ctx context.Context, q db.Queryer, district int, occ, object id.ID) (bool, error) {
	var n int
	err := q.QueryRowContext(ctx, "SELECT count(*) FROM recheck c JOIN recheck_item i ON i.district = c.district AND i.recheck_id = c.id"+
		" WHERE c.district = $1 AND c.occurrence_id = $2 AND i.object_id = $3 AND i.outcome = ''", district, occ, object).Scan(&n)
	return n > 0, db.Fault("round.recheck", err)
}

func saveRecheckItem(ctx context.Context, tx *db.Tx, c grid.Caller, recheck id.ID, it RecheckItem, sealed []byte) error {
	return changed(tx.ExecContext(ctx, "UPDATE recheck_item SET outcome = $4, differs = $5, account_id = $6, at_ms = $7, sealed = $8 WHERE district = $1 AND recheck_id = $2 AND object_id = $3 AND outcome IN ('', 'absent')",
		c.District, recheck, it.ObjectID, it.Outcome, strings.Join(it.Differs, ","), c.AccountID, it.AtMs, sealed))
}
