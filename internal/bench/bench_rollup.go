package bench

import (
	"context"
	"errors"
	"time"

	"wangge/internal/platform/clock"
	"wangge/internal/platform/id"
	"wangge/internal/round"
)

// rollupNodes is about how many nodes of a level are asked; of fewer each is
// asked more than once.
const rollupNodes = 40

// benchRollup measures the coverage of nodes of every level while marks arrive,
// beside counting the rows of the targets.
func benchRollup(ctx context.Context, r *run) (err error) {
	w, rid, err := r.opened(ctx, first(r.Households, r.Size, 640_000))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	v, err := w.Rounds.Round(ctx, w.sys, rid)
	if err != nil {
		return err
	}
	list, total, err := w.clients(ctx, v.OccurrenceID, 16)
	if err != nil {
		return err
	}
	m := &marker{w: w, rid: rid, list: list}
	if err := m.some(ctx, 20_000); err != nil {
		return err
	}
	for _, kind := range []string{"county", "street", "community", "building"} {
		nodes, err := nodesOf(ctx, w, kind, rollupNodes)
		if err != nil {
			return err
		}
		if kind == "county" { // the first question after a start counts the whole list once
			if err := w.rollup(ctx, m, v, "first", nodes[:1], total); err != nil {
				return err
			}
		}
		for len(nodes) > 0 && len(nodes) < rollupNodes {
			nodes = append(nodes, nodes...)
		}
		if err := w.rollup(ctx, m, v, kind, nodes, total); err != nil {
			return err
		}
	}
	return nil
}

// rollup asks each node, with a mark before each question so that no answer
// can come from memory; each node is counted by its rows once.
func (w *world) rollup(ctx context.Context, m *marker, v round.Round, kind string, nodes []node, total int) error {
	var ours, bare []time.Duration
	correct, counted := len(nodes) > 0, map[id.ID]bool{}
	for _, n := range nodes {
		if err := m.some(ctx, 1); err != nil {
			return err
		}
		sw := clock.Start()
		view, err := w.Rounds.Coverage(ctx, w.sys, v.ID, round.NodeRef{Place: n.id})
		if err != nil {
			return err
		}
		ours = append(ours, sw.Elapsed())
		if counted[n.id] {
			continue
		}
		counted[n.id] = true
		sw = clock.Start()
		want, err := groupBy(ctx, w, v.OccurrenceID, n.path)
		if err != nil {
			return err
		}
		bare = append(bare, sw.Elapsed())
		correct = correct && view.Node.Figures == want
	}
	return w.emit(Figure{Name: "rollup." + kind, Engine: w.engine(), Size: total, Value: percentile(ours, 0.95), Unit: "ms", P50: percentile(ours, 0.5), P99: percentile(ours, 0.99),
		Baseline: Baseline{"GROUP BY over the targets", percentile(bare, 0.95)}, Correct: correct})
}

// marker marks doors, round the clients.
type marker struct {
	w    *world
	rid  id.ID
	list []client
	next int
}

// some makes up to n marks: fewer where no client has a door left.
func (m *marker) some(ctx context.Context, n int) error {
	for spent := 0; n > 0 && spent < len(m.list); {
		c := &m.list[m.next%len(m.list)]
		m.next++
		k := min(n, len(c.objects), chunkRows)
		if k == 0 {
			spent++
			continue
		}
		spent = 0
		ins := make([]round.MarkInput, k)
		for i, o := range c.objects[:k] {
			ins[i] = round.MarkInput{RoundID: m.rid, ObjectID: o, Result: "answered", Answers: screeningAnswers}
		}
		c.objects = c.objects[k:]
		for _, out := range m.w.Rounds.MarkMany(ctx, c.caller, ins) {
			if out.Err != nil {
				return out.Err
			}
		}
		n -= k
	}
	return nil
}
