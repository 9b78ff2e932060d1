package round

import (
	"context"
	"database/sql"
	"errors"

	"wangge/internal/platform/db"
	"wangge/internal/platform/id"
)

type occRef struct {
	district int
	id       id.ID
}

// check is a query for violations: rows of (object, detail number). $1 is the
// district, $2 the occurrence.
type check struct{ name, text string }

var checks = []check{
	{"counter_differs", `SELECT leaf_id, SUM(total) FROM (
		SELECT leaf_id, grid_id, total, done, exempt, attempted FROM counter WHERE district = $1 AND occurrence_id = $2
		UNION ALL SELECT leaf_id, grid_id, -1, -CASE WHEN state = 2 THEN 1 ELSE 0 END, -CASE WHEN state = 3 THEN 1 ELSE 0 END, -CASE WHEN state = 1 THEN 1 ELSE 0 END
		FROM target WHERE district = $1 AND occurrence_id = $2) x
		GROUP BY leaf_id, grid_id HAVING SUM(total) <> 0 OR SUM(done) <> 0 OR SUM(exempt) <> 0 OR SUM(attempted) <> 0`},
	{"counter_negative", `SELECT leaf_id, total FROM counter WHERE district = $1 AND occurrence_id = $2
		AND (total < 0 OR done < 0 OR exempt < 0 OR attempted < 0 OR done + exempt + attempted > total)`},
	{"current_mark_missing", `SELECT t.object_id, t.state FROM target t LEFT JOIN mark m ON m.district = t.district AND m.id = t.mark_id
		WHERE t.district = $1 AND t.occurrence_id = $2 AND t.mark_id <> 0 AND (m.id IS NULL OR m.object_id <> t.object_id OR m.occurrence_id <> t.occurrence_id OR m.late = 1)`},
	{"state_without_mark", `SELECT object_id, state FROM target WHERE district = $1 AND occurrence_id = $2 AND state <> 0 AND mark_id = 0`},
	{"state_differs_from_mark", `SELECT t.object_id, t.state FROM target t JOIN mark m ON m.district = t.district AND m.id = t.mark_id
		WHERE t.district = $1 AND t.occurrence_id = $2 AND m.class <> t.state`},
	{"current_mark_superseded", `SELECT t.object_id, t.state FROM mark n JOIN target t ON t.district = n.district AND t.occurrence_id = n.occurrence_id AND t.object_id = n.object_id
		WHERE n.district = $1 AND n.occurrence_id = $2 AND n.prev_id <> 0 AND n.prev_id = t.mark_id`},
	{"mark_twice_before", `SELECT prev_id, count(*) FROM mark WHERE district = $1 AND occurrence_id = $2 AND prev_id <> 0 GROUP BY prev_id HAVING count(*) > 1`},
	{"mark_without_target", `SELECT m.id, m.class FROM mark m LEFT JOIN target t ON t.district = m.district AND t.occurrence_id = m.occurrence_id AND t.object_id = m.object_id
		WHERE m.district = $1 AND m.occurrence_id = $2 AND t.object_id IS NULL`},
	{"leaf_missing", `SELECT c.leaf_id, c.total FROM counter c LEFT JOIN place p ON p.district = c.district AND p.id = c.leaf_id WHERE c.district = $1 AND c.occurrence_id = $2 AND p.id IS NULL`},
	{"grid_missing", `SELECT c.grid_id, c.total FROM counter c LEFT JOIN grid g ON g.district = c.district AND g.id = c.grid_id WHERE c.district = $1 AND c.occurrence_id = $2 AND c.grid_id <> 0 AND g.id IS NULL`},
	{"answers_negative", `SELECT leaf_id, n FROM answer_count WHERE district = $1 AND occurrence_id = $2 AND n < 0 AND choice <> '#sum'`},
	{"closed_with_outstanding", `SELECT t.object_id, t.state FROM target t JOIN occurrence o ON o.district = t.district AND o.id = t.occurrence_id
		WHERE t.district = $1 AND t.occurrence_id = $2 AND o.state = 'closed' AND t.state IN (0, 1)`},
}

func violations(ctx context.Context, q db.Queryer, o occRef, c check) ([]Problem, error) {
	a := db.NewArgs(o.district, o.id)
	rows, err := q.QueryContext(ctx, "SELECT * FROM ("+c.text+") v LIMIT "+a.Add(maxProblems), a.List()...)
	return collect(rows, err, func(scan scanner) (p Problem, err error) {
		var n int
		err = scan(&p.ObjectID, &n)
		p.Check, p.OccurrenceID, p.Detail = c.name, o.id, "n="+itoa(n)
		return p, err
	})
}

func allOccurrences(ctx context.Context, q db.Queryer) ([]occRef, error) {
	rows, err := q.QueryContext(ctx, "SELECT district, id FROM occurrence ORDER BY district, id")
	return collect(rows, err, func(scan scanner) (o occRef, err error) {
		err = scan(&o.district, &o.id)
		return o, err
	})
}

func sizes(ctx context.Context, q db.Queryer, o occRef) (targets, marks int, err error) {
	err = q.QueryRowContext(ctx, "SELECT (SELECT count(*) FROM target WHERE district = $1 AND occurrence_id = $2), (SELECT count(*) FROM mark WHERE district = $1 AND occurrence_id = $2)",
		o.district, o.id).Scan(&targets, &marks)
	return targets, marks, err
}

// treeAbove returns every place but doors and points, by id: the tree the leaves stand in.
func treeAbove(ctx context.Context, q db.Queryer, o occRef) (map[id.ID]place, error) {
	rows, err := q.QueryContext(ctx, "SELECT "+placeCols+" FROM place p WHERE p.district = $1 AND p.kind NOT IN ('door', 'point')", o.district)
	return byID(collect(rows, err, scanPlace))
}

func gridTree(ctx context.Context, q db.Queryer, district int) (map[id.ID]place, error) {
	rows, err := q.QueryContext(ctx, "SELECT "+gridCols+" FROM grid g WHERE g.district = $1", district)
	return byID(collect(rows, err, scanPlace))
}

func byID(list []place, err error) (map[id.ID]place, error) {
	out := make(map[id.ID]place, len(list))
	for _, p := range list {
		out[p.ID] = p
	}
	return out, err
}

// askedIn returns the form of an occurrence's round, and whether its questions
// are asked for each member.
func askedIn(ctx context.Context, q db.Queryer, o occRef) (Form, bool, error) {
	var form id.ID
	var perMember int
	err := q.QueryRowContext(ctx, `SELECT r.form_id, r.per_member FROM occurrence o JOIN round r ON r.district = o.district AND r.id = o.round_id
		WHERE o.district = $1 AND o.id = $2`, o.district, o.id).Scan(&form, &perMember)
	if err != nil {
		return Form{}, false, missing("round.Recount", err, "round.missing")
	}
	f, err := selectForm(ctx, q, o.district, form)
	return f, perMember == 1, err
}

// keptChoices returns the counts of an occurrence's answers as they are kept.
func keptChoices(ctx context.Context, q db.Queryer, o occRef) (map[choiceKey]int, error) {
	out := map[choiceKey]int{}
	err := db.Each(ctx, q, func(rows *sql.Rows) error {
		k, n := choiceKey{counterKey: counterKey{occ: o.id}}, 0
		err := rows.Scan(&k.leaf, &k.grid, &k.field, &k.choice, &n)
		out[k] = n
		return err
	}, "SELECT leaf_id, grid_id, field, choice, n FROM answer_count WHERE district = $1 AND occurrence_id = $2", o.district, o.id)
	return out, err
}

// eachDone gives every target that is done with its current mark.
func eachDone(ctx context.Context, q db.Queryer, o occRef, fn func(at counterKey, mark id.ID, register string, sealed []byte)) error {
	return db.Each(ctx, q, func(rows *sql.Rows) error {
		k := counterKey{occ: o.id}
		var mark id.ID
		var register string
		var sealed sql.RawBytes
		if err := rows.Scan(&k.leaf, &k.grid, &mark, &register, &sealed); err != nil {
			return err
		}
		fn(k, mark, register, sealed)
		return nil
	}, `SELECT t.leaf_id, t.grid_id, m.id, m.register, m.sealed FROM target t JOIN mark m ON m.district = t.district AND m.id = t.mark_id
		WHERE t.district = $1 AND t.occurrence_id = $2 AND t.state = 2`, o.district, o.id)
}

// pathOf returns a place's path; "" where there is none.
func pathOf(ctx context.Context, q db.Queryer, district int, place id.ID) (path string, err error) {
	err = q.QueryRowContext(ctx, "SELECT path FROM place WHERE district = $1 AND id = $2", district, place).Scan(&path)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return path, err
}
