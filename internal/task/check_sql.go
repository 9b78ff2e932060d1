package task

import (
	"context"
	"strings"

	"wangge/internal/platform/db"
	"wangge/internal/platform/id"
)

// fault is a query for the tasks of a district that break one condition.
type fault struct{ check, text, detail string }

var faults = []fault{
	{"state", `SELECT id FROM task t WHERE district = $1 AND open <> CASE WHEN state IN ('closed', 'cancelled', 'merged') THEN 0 ELSE 1 END`, "counted as open although it has ended, or the other way round"},
	{"state", `SELECT id FROM task t WHERE district = $1 AND state NOT IN (` + stateList() + `)`, "in a state that is none"},
	{"state", `SELECT id FROM task t WHERE district = $1 AND state = 'merged' AND NOT EXISTS (SELECT 1 FROM task m WHERE m.district = t.district AND m.id = t.merged_id)`, "merged into a task that does not exist"},
	{"deadline", `SELECT id FROM task t WHERE district = $1 AND open = 1 AND deadline_ms <= 0`, "open without a deadline"},
	{"history", `SELECT t.id FROM task t LEFT JOIN (SELECT task_id, COUNT(*) AS n, MIN(seq) AS lo, MAX(seq) AS hi FROM task_event WHERE district = $1 GROUP BY task_id) e ON e.task_id = t.id
		WHERE t.district = $1 AND (e.n IS NULL OR e.lo <> 1 OR e.hi <> t.events OR e.n <> t.events)`, "its history has gaps"},
	{"history", `SELECT t.id FROM task t JOIN task_event e ON e.district = t.district AND e.task_id = t.id AND e.seq = t.events
		WHERE t.district = $1 AND (e.state <> t.state OR e.post_id <> t.post_id)`, "its history ends elsewhere than the task stands"},
	{"history", `SELECT t.id FROM task t JOIN task_event e ON e.district = t.district AND e.task_id = t.id AND e.seq = 1 WHERE t.district = $1 AND e.kind <> 'issue'`, "its history does not begin with its issue"},
	{"children", `SELECT t.id FROM task t WHERE t.district = $1 AND t.children <> 0 AND t.children <> (SELECT COUNT(*) FROM task k WHERE k.district = t.district AND k.parent_id = t.id AND k.parent_id <> 0)`, "passed on to another number of posts than it says"},
	{"children", `SELECT t.id FROM task t WHERE t.district = $1 AND t.parent_id <> 0 AND NOT EXISTS (SELECT 1 FROM task p WHERE p.district = t.district AND p.id = t.parent_id AND p.children > 0)`, "came from a task that does not exist"},
}

func stateList() string {
	names := make([]string, len(States))
	for i, s := range States {
		names[i] = "'" + string(s) + "'"
	}
	return strings.Join(names, ", ")
}

func selectFaults(ctx context.Context, q db.Queryer, text string, district int) ([]id.ID, error) {
	return db.List(ctx, q, func(v *id.ID) []any { return []any{v} }, text+" LIMIT 20", district)
}

func districtsWithTasks(ctx context.Context, q db.Queryer) ([]int, error) {
	return db.List(ctx, q, func(v *int) []any { return []any{v} }, `SELECT DISTINCT district FROM task ORDER BY district`)
}

// postWork is how many open tasks a post owns, and one of them.
type postWork struct {
	post, task id.ID
	n          int
}

func openByPost(ctx context.Context, q db.Queryer, district int) ([]postWork, error) {
	return db.List(ctx, q, func(p *postWork) []any { return []any{&p.post, &p.task, &p.n} },
		`SELECT post_id, MIN(id), COUNT(*) FROM task WHERE district = $1 AND open = 1 GROUP BY post_id ORDER BY post_id`, district)
}

// sumByState counts the tasks whose issue is on record, and those that stand in
// a state.
func sumByState(ctx context.Context, q db.Queryer, district int) (issued, sum int, err error) {
	if err = q.QueryRowContext(ctx, `SELECT COUNT(*) FROM task_event WHERE district = $1 AND seq = 1 AND kind = 'issue'`, district).Scan(&issued); err != nil {
		return 0, 0, err
	}
	err = q.QueryRowContext(ctx, `SELECT COALESCE(SUM(n), 0) FROM (SELECT state, COUNT(*) AS n FROM task WHERE district = $1 GROUP BY state) s WHERE state IN (`+stateList()+`)`, district).Scan(&sum)
	return issued, sum, err
}
