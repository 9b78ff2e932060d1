package bench

import (
	"context"
	"errors"
	"time"

	"wangge/internal/grid"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/id"
	"wangge/internal/task"
)

const (
	taskInboxes  = 200  // inboxes that are read
	taskPosts    = 6747 // building leaders of a district
	taskDueEvery = 50   // of how many open tasks one is past its deadline
)

// benchTasks measures an inbox, a directive to every building leader, and a
// sweep over all deadlines, with a million open tasks.
func benchTasks(ctx context.Context, r *run) (err error) {
	w, err := r.open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	n := first(r.Size, 1_000_000)
	posts, accounts, err := w.posted(ctx, min(taskPosts, max(20, n/100)))
	if err != nil {
		return err
	}
	head, err := w.directive(ctx, posts)
	if err != nil {
		return err
	}
	due, err := openTasks(ctx, w, head, posts, n)
	if err != nil {
		return err
	}
	if err := w.inboxes(ctx, accounts, n); err != nil {
		return err
	}
	return w.sweep(ctx, n, due)
}

// posted makes a duty post and n posts of building leaders
// over its communities, each held by one account.
func (w *world) posted(ctx context.Context, n int) (posts, accounts []id.ID, err error) {
	if err := w.places(ctx, 2000); err != nil {
		return nil, nil, err
	}
	root, err := w.Grid.Root(ctx, w.sys)
	if err != nil {
		return nil, nil, err
	}
	areas, err := w.Grid.Areas(ctx, w.sys, grid.Community)
	if err != nil {
		return nil, nil, err
	}
	list := []grid.NewPost{{ID: id.New(), Role: grid.RoleCommand, ObjectKind: grid.ObjectPlace, ObjectID: root.ID}}
	for i := range n {
		list = append(list, grid.NewPost{ID: id.New(), Role: grid.RoleBuildingLeader, ObjectKind: grid.ObjectPlace, ObjectID: areas[i%len(areas)].ID})
	}
	var holders []grid.Holder
	for _, p := range list {
		holders = append(holders, grid.Holder{PostID: p.ID, AccountID: id.New()})
		posts, accounts = append(posts, p.ID), append(accounts, holders[len(holders)-1].AccountID)
	}
	return posts, accounts, putInPost(ctx, w, list, holders)
}

// directive issues one to every leader.
func (w *world) directive(ctx context.Context, posts []id.ID) (id.ID, error) {
	in := task.Issue{Kind: task.KindDirective, FromPost: posts[0], Title: "bench", Question: &task.Question{Type: "number", Label: "how many"}}
	sw := clock.Start()
	head, err := w.Tasks.Direct(ctx, w.sys, in, task.Address{Posts: posts[1:]})
	took := sw.Elapsed()
	if err != nil {
		return head.ID, err
	}
	bare, err := bareTasks(ctx, w, posts[1:])
	if err != nil {
		return head.ID, err
	}
	tree, err := w.Tasks.Tree(ctx, w.sys, head.ID)
	if err != nil {
		return head.ID, err
	}
	return head.ID, w.emit(Figure{Name: "tasks.directive", Engine: w.engine(), Size: len(posts) - 1, Value: took.Seconds(), Unit: "s",
		Baseline: Baseline{"rows inserted without rules", bare.Seconds()}, Correct: tree.Direct.Issued == len(posts)-1})
}

// inboxes reads inboxes of leaders, one after another.
func (w *world) inboxes(ctx context.Context, accounts []id.ID, n int) error {
	var ours, bare []time.Duration
	correct := true
	for i := range min(taskInboxes, len(accounts)-1) {
		account := accounts[1+i*7%(len(accounts)-1)]
		c, err := w.Grid.CallerFor(ctx, account, code, w.Clock.Now())
		if err != nil {
			return err
		}
		sw := clock.Start()
		in, err := w.Tasks.Inbox(ctx, c, task.Mine, 50)
		if err != nil {
			return err
		}
		ours = append(ours, sw.Elapsed())
		sw = clock.Start()
		want, err := countOpenTasks(ctx, w, c.Grants[0].PostID)
		if err != nil {
			return err
		}
		bare = append(bare, sw.Elapsed())
		correct = correct && in.Figures.Mine == min(want, 1000) && len(in.Lines) == min(want, 50)
	}
	return w.emit(Figure{Name: "tasks.inbox", Engine: w.engine(), Size: n, Value: percentile(ours, 0.95), Unit: "ms", P50: percentile(ours, 0.5), P99: percentile(ours, 0.99),
		Baseline: Baseline{"COUNT of one post's open tasks", percentile(bare, 0.95)}, Correct: correct})
}

// sweep has everything that is due climb, once; a second sweep finds nothing.
func (w *world) sweep(ctx context.Context, n, due int) error {
	sw := clock.Start()
	got, err := w.Tasks.Sweep(ctx, w.sys)
	took := sw.Elapsed()
	if err != nil {
		return err
	}
	sw = clock.Start()
	again, err := w.Tasks.Sweep(ctx, w.sys)
	idle := sw.Elapsed()
	if err != nil {
		return err
	}
	if err := w.emit(Figure{Name: "tasks.sweep", Engine: w.engine(), Size: n, Value: took.Seconds(), Unit: "s", Baseline: Baseline{"a sweep that finds nothing", idle.Seconds()},
		Correct: got.Climbed >= due && again.Climbed == 0}); err != nil {
		return err
	}
	return w.emit(Figure{Name: "tasks.climbs", Engine: w.engine(), Size: got.Climbed, Value: perSecond(got.Climbed, took), Unit: "per_second", Correct: got.Climbed >= due})
}
