package bench

import (
	"context"
	"errors"
	"path/filepath"
	"time"

	"wangge/internal/platform/clock"
	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/round"
)

const (
	replicas     = 3
	replicaMarks = 30               // marks of a level, each followed by a question to every replica
	newsPause    = time.Millisecond // between two looks for news
	newsLimit    = 20 * time.Second // after which news count as lost
)

// benchReplicas measures coverage from three processes' worth of services over
// one PostgreSQL: each mark is made at one of them, and every one is asked once
// it knows of the mark; and how long the mark took to be known by all.
func benchReplicas(ctx context.Context, r *run) (err error) {
	if r.DBURL == "" {
		return errs.E("bench.replicas", errs.Invalid, "bench.needs_postgres")
	}
	w, rid, err := r.opened(ctx, first(r.Households, r.Size, 640_000))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	if w.Start == nil {
		return errs.E("bench.replicas", errs.Invalid, "bench.no_pages")
	}
	v, err := w.Rounds.Round(ctx, w.sys, rid)
	if err != nil {
		return err
	}
	list, total, err := w.clients(ctx, v.OccurrenceID, 16)
	if err != nil {
		return err
	}
	if err := (&marker{w: w, rid: rid, list: list}).some(ctx, min(20_000, total/4)); err != nil {
		return err
	}
	g := &group{w: w, v: v, total: total}
	defer func() { err = errors.Join(err, g.close()) }()
	if err := g.open(ctx, list); err != nil {
		return err
	}
	for _, kind := range []string{"county", "street", "community", "building"} {
		if err := g.level(ctx, kind); err != nil {
			return err
		}
	}
	return w.emit(Figure{Name: "replicas.news", Engine: w.engine(), Size: total, Value: percentile(g.news, 0.95), Unit: "ms", P50: percentile(g.news, 0.5), P99: percentile(g.news, 0.99),
		Baseline: Baseline{"the mark itself", percentile(g.marks, 0.95)}, Correct: g.correct})
}

// group are the replicas: the first is the world that opened the round.
type group struct {
	w       *world
	v       round.Round
	total   int
	all     []*world
	markers []*marker
	correct bool

	news, marks []time.Duration
}

func (g *group) open(ctx context.Context, list []client) error {
	g.all, g.correct = []*world{g.w}, true
	for len(g.all) < replicas {
		w, err := g.w.beside(ctx)
		if err != nil {
			return err
		}
		g.all = append(g.all, w)
	}
	for i, w := range g.all {
		w.Start(ctx)
		share := list[i*len(list)/replicas : (i+1)*len(list)/replicas]
		g.markers = append(g.markers, &marker{w: w, rid: g.v.ID, list: share})
	}
	return nil
}

// beside opens another installation over the same database and keys.
func (w *world) beside(ctx context.Context) (*world, error) {
	d, err := db.Open(ctx, w.url, clock.Real(), w.run.Log)
	if err != nil {
		return nil, err
	}
	o := &world{run: w.run, DB: d, sys: w.sys, drop: keep}
	install := w.Install
	if install == nil {
		install = w.install
	}
	if o.Installation, err = install(ctx, d, filepath.Join(w.dir, "keys"), code); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return o, nil
}

// close ends the replicas that were opened beside the first.
func (g *group) close() (err error) {
	for _, w := range g.all[min(1, len(g.all)):] {
		err = errors.Join(err, w.close())
	}
	return err
}

// level marks and asks every replica for the nodes of a kind in turn.
func (g *group) level(ctx context.Context, kind string) error {
	nodes, err := nodesOf(ctx, g.w, kind, rollupNodes)
	if err != nil || len(nodes) == 0 {
		return errors.Join(err, errs.E("bench.replicas", errs.Internal, "bench.wrong"))
	}
	root, err := nodesOf(ctx, g.w, "county", 1)
	if err != nil {
		return err
	}
	var ours, bare []time.Duration
	for i := range replicaMarks {
		if err := g.mark(ctx, i, root[0].id); err != nil {
			return err
		}
		n := nodes[i%len(nodes)]
		sw := clock.Start()
		want, err := groupBy(ctx, g.w, g.v.OccurrenceID, n.path)
		if err != nil {
			return err
		}
		bare = append(bare, sw.Elapsed())
		for _, w := range g.all {
			sw := clock.Start()
			view, err := w.Rounds.Coverage(ctx, w.sys, g.v.ID, round.NodeRef{Place: n.id})
			if err != nil {
				return err
			}
			ours = append(ours, sw.Elapsed())
			g.correct = g.correct && view.Node.Figures == want
		}
	}
	return g.w.emit(Figure{Name: "replicas." + kind, Engine: g.w.engine(), Size: g.total, Value: percentile(ours, 0.95), Unit: "ms", P50: percentile(ours, 0.5), P99: percentile(ours, 0.99),
		Baseline: Baseline{"GROUP BY over the targets", percentile(bare, 0.95)}, Correct: g.correct})
}

// mark makes one mark at one of the replicas and waits until each of them
// counts it.
func (g *group) mark(ctx context.Context, i int, root id.ID) error {
	at := g.markers[i%len(g.markers)]
	before, err := g.done(ctx, at.w, root)
	if err != nil {
		return err
	}
	sw := clock.Start()
	if err := at.some(ctx, 1); err != nil {
		return err
	}
	g.marks = append(g.marks, sw.Elapsed())
	for _, w := range g.all {
		for {
			now, err := g.done(ctx, w, root)
			if err != nil {
				return err
			}
			if now > before {
				break
			}
			if sw.Elapsed() > newsLimit {
				g.correct = false
				break
			}
			<-clock.Real().After(newsPause)
		}
	}
	g.news = append(g.news, sw.Elapsed())
	return nil
}

func (g *group) done(ctx context.Context, w *world, root id.ID) (int, error) {
	view, err := w.Rounds.Coverage(ctx, w.sys, g.v.ID, round.NodeRef{Place: root})
	return view.Node.Figures.Done, err
}
