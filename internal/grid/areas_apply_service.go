package grid

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"wangge/internal/grid/divisions"
	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
)

// Merge is an area that ended and the one that took over its places.
type Merge struct {
	From  Place // closed now, and standing below To
	To    Place
	Moved []id.ID // what hung on From and hangs on To now; its doors and points keep their ids
}

// MergeHook moves what is kept by area (rounds and their counters) in the
// transaction that merges.
type MergeHook func(ctx context.Context, tx *db.Tx, c Caller, m Merge) error

// OnMerge adds a hook; call it before serving.
func (s *Service) OnMerge(h MergeHook) { s.merged = append(s.merged, h) }

// areaWork is one application of a list, within its transaction.
type areaWork struct {
	s    *Service
	tx   *db.Tx
	c    Caller
	plan *areaPlan
	now  int64
}

// applyAreas writes the differences: what moves steps aside first, so that
// codes may be exchanged; then new areas come, moved ones take their places,
// and removed ones hand over and close, from below.
func (s *Service) applyAreas(ctx context.Context, tx *db.Tx, c Caller, plan *areaPlan, report *AreaReport) error {
	if len(plan.changes) == 0 {
		return nil
	}
	w := &areaWork{s: s, tx: tx, c: c, plan: plan, now: s.nowMs()}
	for _, step := range []func(context.Context) error{w.stepAside, w.add, w.rename, w.recode} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	successor := map[string]string{}
	for _, b := range report.Blocked {
		successor[b.Code] = b.Successor
	}
	for _, ch := range slices.Backward(plan.changes) {
		if ch.Kind == divisions.Removed {
			if err := w.remove(ctx, plan.place(ch), successor[ch.Old.Code]); err != nil {
				return err
			}
		}
	}
	s.placesChanged(tx)
	s.grantsChanged(tx)
	detail := fmt.Sprintf("created=%d renamed=%d recoded=%d moved=%d removed=%d unchanged=%d",
		report.Created, report.Renamed, report.Recoded, report.Moved, len(report.Removed), report.Unchanged)
	return s.note(ctx, tx, c, PlaceWrite, "grid.areas.import", "place", id.Zero, detail)
}

// each runs fn for the changes of the kinds, from above.
func (w *areaWork) each(fn func(ch divisions.Change, was Place) error, kinds ...divisions.ChangeKind) error {
	for _, ch := range w.plan.changes {
		if slices.Contains(kinds, ch.Kind) {
			if err := fn(ch, w.plan.place(ch)); err != nil {
				return err
			}
		}
	}
	return nil
}

// aside is the path at which an area waits that is about to get another.
func aside(path string) string { return pathEnd + path }

func (w *areaWork) stepAside(ctx context.Context) error {
	return w.each(func(_ divisions.Change, was Place) error {
		return w.move(ctx, was.ID, was.Path, aside(was.Path))
	}, divisions.Recoded, divisions.Moved)
}

// move gives an area another path, with what hangs on it, its grids and the
// areas that ended in it; those below it have codes of their own.
func (w *areaWork) move(ctx context.Context, area id.ID, from, to string) error {
	if err := moveArea(ctx, w.tx, w.c.District, area, from, to); err != nil {
		return err
	}
	ended, err := endedIn(ctx, w.tx, w.c.District, area)
	if err != nil {
		return err
	}
	for _, p := range ended {
		if err := w.move(ctx, p.ID, from, to); err != nil {
			return err
		}
	}
	return nil
}

func (w *areaWork) add(ctx context.Context) error {
	var fresh []Place
	err := w.each(func(ch divisions.Change, _ Place) error {
		fresh = append(fresh, newArea(ch.New, w.plan.after[ch.New.Code], w.plan.after[ch.New.Parent], w.now))
		return nil
	}, divisions.Added)
	if err != nil {
		return err
	}
	return insertPlaces(ctx, w.tx, w.c.District, fresh)
}

func (w *areaWork) rename(ctx context.Context) error {
	return w.each(func(ch divisions.Change, was Place) error {
		if err := addFormerName(ctx, w.tx, w.c, was, string(ch.Kind), w.now); err != nil {
			return err
		}
		return updateArea(ctx, w.tx, w.c.District, w.renamed(was, ch.New))
	}, divisions.Renamed)
}

// renamed is an area under the list's name; the former one stays as an alias.
func (w *areaWork) renamed(p Place, a divisions.Area) Place {
	if p.Name != a.Name {
		p.Alias, p.Name = addAlias(p.Alias, p.Name), a.Name
	}
	if p.Subkind = ""; divisions.IsVillage(a) {
		p.Subkind = SubVillage
	}
	return p
}

func (w *areaWork) recode(ctx context.Context) error {
	return w.each(func(ch divisions.Change, was Place) error {
		if err := addFormerName(ctx, w.tx, w.c, was, string(ch.Kind), w.now); err != nil {
			return err
		}
		p := w.renamed(was, ch.New)
		p.Code, p.ParentID, p.Path = ch.New.Code, w.plan.after[ch.New.Parent], AreaPath(p.Kind, ch.New.Code)
		p.Ordinal = areaOrdinal(p.Path)
		if err := updateArea(ctx, w.tx, w.c.District, p); err != nil {
			return err
		}
		return w.move(ctx, p.ID, aside(was.Path), p.Path)
	}, divisions.Recoded, divisions.Moved)
}

// remove closes an area; what hangs on it goes to its successor first.
func (w *areaWork) remove(ctx context.Context, gone Place, successor string) error {
	heir, why := gone.ParentID, string(divisions.Removed)
	if successor != "" {
		heir, why = w.plan.after[successor], whyMerged
	}
	to, err := placeByID(ctx, w.tx, w.c.District, heir)
	if err != nil {
		return err
	}
	if err := addFormerName(ctx, w.tx, w.c, gone, why, w.now); err != nil {
		return err
	}
	if n, err := areasBelow(ctx, w.tx, w.c.District, gone); err != nil || n > 0 {
		return cmp.Or(err, errs.E("grid.ImportAreas", errs.Conflict, "grid.import.areas_below", gone.Name, n))
	}
	m := Merge{From: gone, To: to}
	if successor != "" {
		if m.Moved, err = w.merge(ctx, gone, to); err != nil {
			return err
		}
	}
	if m.From, err = w.close(ctx, gone, to); err != nil || successor == "" {
		return err
	}
	for _, hook := range w.s.merged {
		if err := hook(ctx, w.tx, w.c, m); err != nil {
			return err
		}
	}
	return nil
}

// close ends an area, with its posts and grids. It stands last below to from
// then on, so that the paths of codes are free again and what was counted at
// it is still counted above.
func (w *areaWork) close(ctx context.Context, gone, to Place) (Place, error) {
	taken, _, err := w.siblings(ctx, to)
	if err != nil {
		return gone, err
	}
	from := gone.Path
	gone.ParentID, gone.UntilMs, gone.Ordinal = to.ID, w.now, lastFree(taken)
	path, ok := ChildPath(to.Path, gone.Ordinal)
	if !ok {
		return gone, errs.E("grid.ImportAreas", errs.Conflict, "grid.place.full", maxOrdinal)
	}
	gone.Path = path
	if err := updateArea(ctx, w.tx, w.c.District, gone); err != nil {
		return gone, err
	}
	if err := endPostsOver(ctx, w.tx, w.c.District, gone.ID, w.now); err != nil {
		return gone, err
	}
	if err := endGrids(ctx, w.tx, w.c.District, gone.ID, w.now); err != nil {
		return gone, err
	}
	return gone, w.move(ctx, gone.ID, from, path)
}

// siblings returns the ordinals in use below a place and its open children.
func (w *areaWork) siblings(ctx context.Context, at Place) (taken map[int]bool, open []Place, err error) {
	list, err := childrenOf(ctx, w.tx, w.c.District, at.ID, true)
	taken = map[int]bool{}
	for _, p := range list {
		taken[p.Ordinal] = true
		if p.UntilMs == 0 {
			open = append(open, p)
		}
	}
	return taken, open, err
}

// lastFree is the highest ordinal that nobody has.
func lastFree(taken map[int]bool) int {
	o := maxOrdinal
	for taken[o] {
		o--
	}
	return o
}

// merge hands an area's places, grids, organisations, teams and bindings over
// to its successor and returns the ids of the places that hang on it now.
func (w *areaWork) merge(ctx context.Context, gone, to Place) ([]id.ID, error) {
	moved, err := w.handPlaces(ctx, gone, to)
	if err != nil {
		return nil, err
	}
	if err := w.handGrids(ctx, gone, to); err != nil {
		return nil, err
	}
	to.Alias = addAlias(to.Alias, gone.Name)
	if err := updateArea(ctx, w.tx, w.c.District, to); err != nil {
		return nil, err
	}
	return moved, handOverRest(ctx, w.tx, w.c.District, gone.ID, to.ID)
}

func (w *areaWork) handPlaces(ctx context.Context, gone, to Place) ([]id.ID, error) {
	list, err := childrenOf(ctx, w.tx, w.c.District, gone.ID, true)
	if err != nil {
		return nil, err
	}
	taken, open, err := w.siblings(ctx, to)
	if err != nil {
		return nil, err
	}
	next := 0
	for _, p := range open {
		if p.Ordinal < maxOrdinal/2 {
			next = max(next, p.Ordinal)
		}
	}
	var moved []id.ID
	for _, p := range list {
		if p.Kind.IsArea() {
			continue // a closed area goes with the one it stands below
		}
		from := p.Path
		for next++; taken[next]; next++ {
		}
		path, ok := ChildPath(to.Path, next)
		if !ok {
			return nil, errs.E("grid.ImportAreas", errs.Conflict, "grid.place.full", maxOrdinal)
		}
		if p.UntilMs == 0 && bears(open, p) {
			if err := addFormerName(ctx, w.tx, w.c, p, whyMerged, w.now); err != nil {
				return nil, err
			}
			p.Name = shortName(gone.Name) + p.Name
		}
		p.ParentID, p.AreaID, p.Ordinal, p.Path = to.ID, to.ID, next, path
		if err := handOver(ctx, w.tx, w.c.District, p, from); err != nil {
			return nil, err
		}
		taken[next] = true
		moved = append(moved, p.ID)
	}
	return moved, nil
}

// bears reports whether one of the places is called like p.
func bears(list []Place, p Place) bool {
	return slices.ContainsFunc(list, func(x Place) bool { return x.Kind == p.Kind && Normalise(x.Kind, x.Name) == Normalise(p.Kind, p.Name) })
}

func (w *areaWork) handGrids(ctx context.Context, gone, to Place) error {
	grids, err := topGrids(ctx, w.tx, w.c.District, gone.ID)
	if err != nil {
		return err
	}
	there, err := topGrids(ctx, w.tx, w.c.District, to.ID)
	if err != nil {
		return err
	}
	next := 0
	for _, g := range there {
		next = max(next, g.Ordinal)
	}
	for _, g := range grids {
		from := g.Path
		next++
		path, ok := GridPath(to.Path, next)
		if !ok {
			return errs.E("grid.ImportAreas", errs.Conflict, "grid.place.full", maxOrdinal)
		}
		if g.UntilMs == 0 && slices.ContainsFunc(there, func(x Grid) bool { return x.UntilMs == 0 && x.Name == g.Name }) {
			g.Name = shortName(gone.Name) + g.Name
		}
		g.AreaID, g.Ordinal, g.Path = to.ID, next, path
		if err := handOverGrid(ctx, w.tx, w.c.District, g, from); err != nil {
			return err
		}
	}
	return nil
}

// FormerNames returns what an area was called before, which codes it bore and
// the areas it took over, oldest first.
func (s *Service) FormerNames(ctx context.Context, c Caller, area id.ID) ([]FormerName, error) {
	const op = "grid.FormerNames"
	if _, err := s.Place(ctx, c, area); err != nil {
		return nil, err
	}
	own, err := formerNames(ctx, s.d.Read(), "p.district = $1 AND p.place_id = $2", c.District, int64(area))
	if err != nil {
		return nil, errs.Wrap(op, err)
	}
	taken, err := takenOver(ctx, s.d.Read(), c.District, area)
	list := append(own, taken...)
	slices.SortStableFunc(list, func(a, b FormerName) int { return cmp.Compare(a.UntilMs, b.UntilMs) })
	return list, errs.Wrap(op, err)
}
