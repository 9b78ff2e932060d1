package bench

import (
	"context"
	"errors"
	"os"
	"time"

	"wangge/internal/platform/clock"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/round"
)

// scaleMarks is about how many doors are marked at each size, and scaleAsked how
// often the district's coverage is asked.
const (
	scaleMarks = 40_000
	scaleAsked = 60
)

// scaled is what one size costs.
type scaled struct {
	households, doors int
	open              time.Duration
	memory            float64 // MB, at its highest while the round was opened
	marks             float64 // a second, in batches of 50
	coverage          float64 // ms, p95, of the whole district
	correct           bool
}

// benchScale measures what a round costs at a tenth of the size, at the size and
// at twice the size: opening it, memory, marks, coverage. Each district is a
// SQLite file of its own. The baseline of each figure is that of the smallest
// district; the plot draws how they grow.
func benchScale(ctx context.Context, r *run) error {
	if r.DBURL != "" {
		return errs.E("bench.scale", errs.Invalid, "bench.own_files")
	}
	full := first(r.Households, r.Size, 640_000)
	var all []scaled
	for _, n := range []int{full / 10, full, 2 * full} {
		s, err := r.scale(ctx, n)
		if err != nil {
			return err
		}
		all = append(all, s)
		if err := r.tellScale(all[0], s); err != nil {
			return err
		}
	}
	if r.Plot == "" {
		return nil
	}
	f, err := os.Create(r.Plot)
	if err != nil {
		return errs.Wrap("bench.scale", err)
	}
	return errors.Join(plot(f, scalePanels(all)), f.Close())
}

func (r *run) scale(ctx context.Context, households int) (s scaled, err error) {
	w, err := r.open(ctx)
	if err != nil {
		return s, err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	if err := w.places(ctx, households); err != nil {
		return s, err
	}
	s = scaled{households: households, doors: w.loaded.Figures.Doors}
	rid, err := w.draft(ctx)
	if err != nil {
		return s, err
	}
	resetPeak()
	sw := clock.Start()
	if err := w.Rounds.ApproveNow(ctx, w.sys, rid); err != nil {
		return s, err
	}
	s.open, s.memory = sw.Elapsed(), peakMB()
	v, err := w.Rounds.Round(ctx, w.sys, rid)
	if err != nil {
		return s, err
	}
	return s, w.scaleOpen(ctx, v, &s)
}

// scaleOpen marks doors of the open round and asks for its figures.
func (w *world) scaleOpen(ctx context.Context, v round.Round, s *scaled) error {
	list, _, err := w.clients(ctx, v.OccurrenceID, w.Clients)
	if err != nil {
		return err
	}
	spare, marked := marker{w: w, rid: v.ID, list: []client{{caller: list[0].caller}}}, 0
	each := scaleMarks / len(list)
	for i := range list {
		c := &list[i]
		if i == 0 {
			cut := max(0, len(c.objects)-scaleAsked)
			spare.list[0].objects, c.objects = c.objects[cut:], c.objects[:cut]
		}
		c.objects = c.objects[:min(each, len(c.objects))]
		marked += len(c.objects)
	}
	took, _, err := load(ctx, list, batchSize, func(ctx context.Context, c *client, objects []id.ID) error {
		ins := make([]round.MarkInput, len(objects))
		for i, o := range objects {
			ins[i] = round.MarkInput{RoundID: v.ID, ObjectID: o, Result: "answered", Answers: screeningAnswers}
		}
		for _, out := range w.Rounds.MarkMany(ctx, c.caller, ins) {
			if out.Err != nil {
				return out.Err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	s.marks = perSecond(marked, took)
	asked := len(spare.list[0].objects)
	if s.coverage, err = w.scaleCoverage(ctx, v, &spare, asked); err != nil {
		return err
	}
	f, err := w.Rounds.Total(ctx, w.sys, v.ID)
	s.correct = f.Total == s.doors && f.Done == marked+asked && asked > 0
	return err
}

// scaleCoverage asks for the district's figures, each time after another mark;
// the first question after a start counts the list once and is left out.
func (w *world) scaleCoverage(ctx context.Context, v round.Round, m *marker, n int) (p95 float64, err error) {
	root, err := w.Grid.Root(ctx, w.sys)
	if err != nil {
		return 0, err
	}
	var times []time.Duration
	for i := range n {
		if err := m.some(ctx, 1); err != nil {
			return 0, err
		}
		sw := clock.Start()
		if _, err := w.Rounds.Coverage(ctx, w.sys, v.ID, round.NodeRef{Place: root.ID}); err != nil {
			return 0, err
		}
		if i > 0 {
			times = append(times, sw.Elapsed())
		}
	}
	return percentile(times, 0.95), nil
}

func (r *run) tellScale(least, s scaled) error {
	for _, f := range []Figure{
		{Name: "scale.open", Value: s.open.Seconds(), Unit: "s", Baseline: Baseline{Value: least.open.Seconds()}},
		{Name: "scale.memory", Value: s.memory, Unit: "MB", Baseline: Baseline{Value: least.memory}},
		{Name: "scale.marks", Value: s.marks, Unit: "per_second", Baseline: Baseline{Value: least.marks}},
		{Name: "scale.coverage", Value: s.coverage, Unit: "ms", Baseline: Baseline{Value: least.coverage}},
	} {
		f.Engine, f.Size, f.Correct, f.Baseline.Name = "sqlite", s.households, s.correct, "the smallest district"
		if err := r.emit(f); err != nil {
			return err
		}
	}
	return nil
}

func scalePanels(all []scaled) []panel {
	list := []panel{{title: "Opening a round", unit: "s", grows: true}, {title: "Memory while it opens", unit: "MB"},
		{title: "Marks, batches of 50", unit: "a second"}, {title: "Coverage of the district, p95", unit: "ms"}}
	for _, s := range all {
		for i, v := range []float64{s.open.Seconds(), s.memory, s.marks, s.coverage} {
			list[i].points = append(list[i].points, point{float64(s.households), v})
		}
	}
	return list
}
