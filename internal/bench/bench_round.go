package bench

import (
	"context"
	"errors"

	"wangge/internal/platform/clock"
	"wangge/internal/platform/id"
	"wangge/internal/round"
)

// chunkRows is how many rows a baseline writes in one transaction, as the
// opening of a round does.
const chunkRows = 2000

// benchRound measures the loading of a district's places and the opening of a
// round over all its doors, the memory both took, and what marks of that round
// wait for while another is opened.
func benchRound(ctx context.Context, r *run) (err error) {
	w, err := r.open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	sw := clock.Start()
	if err := w.places(ctx, first(r.Households, r.Size, 640_000)); err != nil {
		return err
	}
	loaded := sw.Elapsed()
	doors := w.loaded.Figures.Doors
	rid, err := w.draft(ctx)
	if err != nil {
		return err
	}
	sw = clock.Start()
	if err := w.Rounds.ApproveNow(ctx, w.sys, rid); err != nil {
		return err
	}
	opened := sw.Elapsed()
	v, err := w.Rounds.Round(ctx, w.sys, rid)
	if err != nil {
		return err
	}
	correct, err := w.fullList(ctx, rid, doors)
	if err != nil {
		return err
	}
	peak := peakMB()
	bare, err := bareTargets(ctx, w, v.OccurrenceID)
	if err != nil {
		return err
	}
	size := w.loaded.Figures.Places
	for _, f := range []Figure{
		{Name: "round.places", Size: size, Value: perSecond(size, loaded), Unit: "per_second"},
		{Name: "round.open", Size: doors, Value: perSecond(doors, opened), Unit: "per_second", Baseline: Baseline{"bare insert of the targets", perSecond(doors, bare)}},
		{Name: "round.open.time", Size: doors, Value: opened.Seconds(), Unit: "s", Baseline: Baseline{"bare insert of the targets", bare.Seconds()}},
		{Name: "round.memory", Size: doors, Value: peak, Unit: "MB"},
	} {
		f.Engine, f.Correct = w.engine(), correct
		if err := r.emit(f); err != nil {
			return err
		}
	}
	other, err := w.draft(ctx)
	if err != nil {
		return err
	}
	return w.marksMeanwhile(ctx, "round.marks_meanwhile", rid, func() error { return w.Rounds.ApproveNow(ctx, w.sys, other) })
}

// fullList reports whether the open round holds each door once and counts it.
func (w *world) fullList(ctx context.Context, rid id.ID, doors int) (bool, error) {
	f, err := w.Rounds.Total(ctx, w.sys, rid)
	if err != nil {
		return false, err
	}
	found, err := round.Check(ctx, w.DB)
	if err != nil {
		return false, err
	}
	return f.Total == doors && f.Outstanding == doors && found.Targets == doors && len(found.Problems) == 0, nil
}
