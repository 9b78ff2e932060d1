package task

import (
	"context"
	"database/sql"
	"strings"

	"wangge/internal/platform/db"
	"wangge/internal/platform/id"
)

// columns of a task t with the text it shows, from taskFrom.
const columns = `t.id, t.kind, t.state, t.register, t.sealed, t.answer, t.text_id, COALESCE(x.sealed, t.sealed), t.urgent, t.signed_post_id, t.post_id, t.doer_post_id,
	t.issuer_post_id, t.issuer_id, t.above_post_id, t.done_by, t.parent_id, t.root_id, t.merged_id, t.place_id, t.promised_ms, t.deadline_ms, t.climb_ms, t.step,
	t.events, t.children, t.created_ms, t.received_ms, t.done_ms, t.ended_ms, t.agreed_ms`

const taskFrom = ` FROM task t LEFT JOIN task x ON x.district = t.district AND x.id = t.text_id AND t.text_id <> 0 `

// row is a task as stored.
type row struct {
	Task
	sealed, shown, answer []byte
	urgent                int
}

func (r *row) fields() []any {
	t := &r.Task
	return []any{&t.ID, &t.Kind, &t.State, &t.register, &r.sealed, &r.answer, &t.textID, &r.shown, &r.urgent, &t.SignedPostID, &t.PostID, &t.DoerPostID,
		&t.IssuerPostID, &t.issuer, &t.AbovePostID, &t.doneBy, &t.ParentID, &t.RootID, &t.MergedID, &t.PlaceID, &t.PromisedMs, &t.DeadlineMs, &t.ClimbMs, &t.Step,
		&t.Events, &t.Children, &t.CreatedMs, &t.ReceivedMs, &t.DoneMs, &t.EndedMs, &t.agreedMs}
}

// selectRows reads tasks; what follows the columns is the caller's.
func selectRows(ctx context.Context, q db.Queryer, where string, args ...any) ([]row, error) {
	return db.Collect(ctx, q, "SELECT "+columns+taskFrom+where, args, func(rows *sql.Rows) (r row, err error) {
		err = rows.Scan(r.fields()...)
		r.Urgent = r.urgent != 0
		return r, err
	})
}

func selectTask(ctx context.Context, q db.Queryer, district int, task id.ID) ([]row, error) {
	return selectRows(ctx, q, "WHERE t.district = $1 AND t.id = $2", district, task)
}

func selectTasks(ctx context.Context, q db.Queryer, district int, tasks []id.ID) ([]row, error) {
	a := db.NewArgs(district)
	return selectRows(ctx, q, "WHERE t.district = $1 AND t.id IN "+db.In(a, tasks), a.List()...)
}

var insertColumns = []string{"district", "id", "kind", "state", "open", "register", "sealed", "answer", "text_id", "urgent", "signed_post_id", "post_id", "doer_post_id",
	"issuer_post_id", "issuer_id", "above_post_id", "done_by", "parent_id", "root_id", "merged_id", "place_id", "promised_ms", "deadline_ms", "climb_ms", "step",
	"events", "children", "created_ms", "received_ms", "done_ms", "ended_ms"}

func insertTasks(ctx context.Context, tx *db.Tx, district int, list []row) error {
	rows := make([][]any, len(list))
	for i, r := range list {
		t := r.Task
		rows[i] = []any{district, int64(t.ID), t.Kind, string(t.State), num(t.State.Open()), t.register, stored(r.sealed), stored(r.answer), int64(t.textID), num(t.Urgent), int64(t.SignedPostID),
			int64(t.PostID), int64(t.DoerPostID), int64(t.IssuerPostID), int64(t.issuer), int64(t.AbovePostID), int64(t.doneBy), int64(t.ParentID), int64(t.RootID),
			int64(t.MergedID), int64(t.PlaceID), t.PromisedMs, t.DeadlineMs, t.ClimbMs, t.Step, t.Events, t.Children, t.CreatedMs, t.ReceivedMs, t.DoneMs, t.EndedMs}
	}
	return tx.BulkInsert(ctx, "task", insertColumns, rows)
}

func num(b bool) int {
	if b {
		return 1
	}
	return 0
}

// stored is what is stored of bytes: none are no NULL.
func stored(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

// updateTask writes what changes of a task, if its history is as long as when
// it was read; ok is false where somebody was quicker.
func updateTask(ctx context.Context, tx *db.Tx, district int, r row, was int) (ok bool, err error) {
	t := r.Task
	return db.One(tx.ExecContext(ctx, `UPDATE task SET state = $3, open = $4, answer = $5, post_id = $6, doer_post_id = $7, above_post_id = $8, done_by = $9, merged_id = $10,
		deadline_ms = $11, climb_ms = $12, step = $13, events = $14, children = $15, received_ms = $16, done_ms = $17, ended_ms = $18, agreed_ms = $20
		WHERE district = $1 AND id = $2 AND events = $19`,
		district, t.ID, string(t.State), num(t.State.Open()), stored(r.answer), t.PostID, t.DoerPostID, t.AbovePostID, t.doneBy, t.MergedID,
		t.DeadlineMs, t.ClimbMs, t.Step, t.Events, t.Children, t.ReceivedMs, t.DoneMs, t.EndedMs, was, t.agreedMs))
}

// eventRow is an event as stored.
type eventRow struct {
	task id.ID
	Event
	sealed []byte
}

func insertEvents(ctx context.Context, tx *db.Tx, district int, list []eventRow) error {
	rows := make([][]any, len(list))
	for i, e := range list {
		rows[i] = []any{district, int64(e.task), e.Seq, e.Kind, string(e.State), int64(e.PostID), int64(e.OtherID), int64(e.AccountID), int64(e.ByPostID), e.AtMs, e.NotedMs, int64(e.PhotoID), stored(e.sealed)}
	}
	return tx.BulkInsert(ctx, "task_event", []string{"district", "task_id", "seq", "kind", "state", "post_id", "other_id", "account_id", "by_post_id", "at_ms", "noted_ms", "photo_id", "sealed"}, rows)
}

func selectEvents(ctx context.Context, q db.Queryer, district int, task id.ID) ([]eventRow, error) {
	return db.List(ctx, q, func(e *eventRow) []any {
		return []any{&e.task, &e.Seq, &e.Kind, &e.State, &e.PostID, &e.OtherID, &e.AccountID, &e.ByPostID, &e.AtMs, &e.NotedMs, &e.PhotoID, &e.sealed}
	}, `SELECT task_id, seq, kind, state, post_id, other_id, account_id, by_post_id, at_ms, noted_ms, photo_id, sealed FROM task_event
		WHERE district = $1 AND task_id = $2 ORDER BY seq`, district, task)
}

func setWatch(ctx context.Context, tx *db.Tx, district int, task, account id.ID, on bool) error {
	text := `DELETE FROM task_watch WHERE district = $1 AND account_id = $2 AND task_id = $3`
	if on {
		text = `INSERT INTO task_watch (district, account_id, task_id) VALUES ($1, $2, $3) ON CONFLICT (district, account_id, task_id) DO NOTHING`
	}
	_, err := tx.ExecContext(ctx, text, district, account, task)
	return err
}

func watches(ctx context.Context, q db.Queryer, district int, task, account id.ID) (bool, error) {
	var n int
	err := q.QueryRowContext(ctx, `SELECT COUNT(*) FROM task_watch WHERE district = $1 AND account_id = $2 AND task_id = $3`, district, account, task).Scan(&n)
	return n > 0, err
}

// watchedOf lists those of some tasks that an account watches.
func watchedOf(ctx context.Context, q db.Queryer, district int, tasks []id.ID, account id.ID) ([]id.ID, error) {
	a := db.NewArgs(district, account)
	return db.List(ctx, q, func(v *id.ID) []any { return []any{v} },
		`SELECT task_id FROM task_watch WHERE district = $1 AND account_id = $2 AND task_id IN `+db.In(a, tasks), a.List()...)
}

// listed is a list of open tasks: by the post in a column, or watched.
type listed struct {
	by    string // post_id, issuer_post_id, above_post_id
	posts []id.ID
	where string // further, about t
	soon  int64  // what climbs before; 0: whatever
	order string
	limit int
}

// selectListed reads open tasks of posts. Every post is one run of an index,
// of which no more than the limit is read.
func selectListed(ctx context.Context, q db.Queryer, district int, l listed) ([]row, error) {
	if len(l.posts) == 0 {
		return nil, nil
	}
	var out []row
	err := db.Chunks(l.posts, 200, func(part []id.ID) error {
		a := db.NewArgs(district)
		where := l.where
		if l.soon != 0 {
			where += " AND t.climb_ms <> 0 AND t.climb_ms < " + a.Add(l.soon)
		}
		runs := make([]string, len(part))
		for i, p := range part {
			runs[i] = `SELECT id FROM (SELECT t.id FROM task t WHERE t.district = $1 AND t.open = 1 AND t.` + l.by + ` = ` + a.Add(p) + where +
				` ORDER BY ` + l.order + ` LIMIT ` + a.Add(l.limit) + `) r`
		}
		list, err := selectRows(ctx, q, `WHERE t.district = $1 AND t.id IN (`+strings.Join(runs, " UNION ALL ")+`) ORDER BY `+l.order+` LIMIT `+a.Add(l.limit), a.List()...)
		out = append(out, list...)
		return err
	})
	return out, err
}

// maxCounted is where counts of an inbox stop.
const maxCounted = 1000

// countOpen counts the open tasks of posts, up to maxCounted: those with a
// deadline before an instant, 0 for all. by is the post's column.
func countOpen(ctx context.Context, q db.Queryer, district int, by string, posts []id.ID, where string, before int64) (n int, err error) {
	err = db.Chunks(posts, 500, func(part []id.ID) error {
		if n >= maxCounted {
			return nil
		}
		a := db.NewArgs(district)
		text := where
		if before != 0 {
			text += " AND t.deadline_ms <= " + a.Add(before)
		}
		var more int
		err := q.QueryRowContext(ctx, `SELECT COUNT(*) FROM (SELECT 1 FROM task t WHERE t.district = $1 AND t.open = 1 AND t.`+by+` IN `+db.In(a, part)+text+
			` LIMIT `+a.Add(maxCounted)+`) x`, a.List()...).Scan(&more)
		n = min(maxCounted, n+more)
		return err
	})
	return n, err
}

// selectKnown reads the tasks of which posts got a copy, open or ended since an
// instant, the newest first.
func selectKnown(ctx context.Context, q db.Queryer, district int, posts []id.ID, since int64, limit int) ([]row, error) {
	a := db.NewArgs(district)
	return selectRows(ctx, q, `WHERE t.district = $1 AND t.id IN (SELECT l.task_id FROM task_link l WHERE l.district = $1 AND l.kind = '`+linkKnow+`' AND l.object_id IN `+db.In(a, posts)+`)
		AND (t.open = 1 OR t.ended_ms > `+a.Add(since)+`) ORDER BY t.created_ms DESC, t.id DESC LIMIT `+a.Add(limit), a.List()...)
}

// selectWatched reads the open tasks an account watches, by deadline.
func selectWatched(ctx context.Context, q db.Queryer, district int, account id.ID, limit int) ([]row, error) {
	return selectRows(ctx, q, `WHERE t.district = $1 AND t.open = 1 AND t.id IN (SELECT w.task_id FROM task_watch w WHERE w.district = $1 AND w.account_id = $2)
		ORDER BY t.deadline_ms, t.id LIMIT $3`, district, account, limit)
}

// countUnopened counts the tasks of posts, of some kinds, that nobody has
// opened, up to maxCounted.
func countUnopened(ctx context.Context, q db.Queryer, district int, posts []id.ID, kinds []string) (n int, err error) {
	err = db.Chunks(posts, 500, func(part []id.ID) error {
		a := db.NewArgs(district)
		var more int
		err := q.QueryRowContext(ctx, `SELECT COUNT(*) FROM (SELECT 1 FROM task t WHERE t.district = $1 AND t.open = 1 AND t.state IN ('issued', 'transferred')
			AND t.kind IN `+db.In(a, kinds)+` AND t.post_id IN `+db.In(a, part)+` LIMIT `+a.Add(maxCounted)+`) x`, a.List()...).Scan(&more)
		n = min(maxCounted, n+more)
		return err
	})
	return n, err
}

// postsWithWork lists the posts that own open tasks.
func postsWithWork(ctx context.Context, q db.Queryer, district int) ([]id.ID, error) {
	return db.List(ctx, q, func(v *id.ID) []any { return []any{v} },
		`SELECT DISTINCT post_id FROM task WHERE district = $1 AND open = 1 ORDER BY post_id`, district)
}

// selectLate reads what a task was passed on as and is late, but for those
// reminded since an instant.
func selectLate(ctx context.Context, q db.Queryer, district int, parent id.ID, nowMs, since int64) ([]row, error) {
	return selectRows(ctx, q, `WHERE t.district = $1 AND t.parent_id = $2 AND t.parent_id <> 0 AND t.open = 1 AND t.deadline_ms <= $3
		AND NOT EXISTS (SELECT 1 FROM task_event e WHERE e.district = t.district AND e.task_id = t.id AND e.kind = 'remind' AND e.at_ms > $4) ORDER BY t.id`,
		district, parent, nowMs, since)
}

// selectNodes reads the tasks below a directive, at every level.
func selectNodes(ctx context.Context, q db.Queryer, district int, root id.ID) ([]node, error) {
	return db.List(ctx, q, func(n *node) []any { return []any{&n.id, &n.parent, &n.post, &n.state, &n.received, &n.deadline} },
		`SELECT id, parent_id, post_id, state, received_ms, deadline_ms FROM task WHERE district = $1 AND root_id = $2 AND root_id <> 0`, district, root)
}
