package round

import (
	"context"
	"strings"
	"sync"

	"wangge/internal/grid"
	"wangge/internal/platform/db"
	"wangge/internal/platform/id"
)

// whereabouts remembers the paths of leaves and grids, so that a batch of marks
// is authorised without a query a mark, and those of the communities, which every
// board needs. It is dropped when places change.
type whereabouts struct {
	mu      sync.Mutex
	dropped int // how often it was dropped
	paths   map[id.ID]string
	areas   map[int][]string // communities by district
}

// maxWhereabouts bounds the paths remembered: a large district's leaves and grids.
const maxWhereabouts = 60_000

// forget drops what is remembered.
func (w *whereabouts) forget() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.paths, w.areas = nil, nil
	w.dropped++
}

// communities returns the paths of a district's communities in order, not to be
// changed.
func (w *whereabouts) communities(ctx context.Context, q db.Queryer, district int) ([]string, error) {
	w.mu.Lock()
	list, known, dropped := w.areas[district], w.areas[district] != nil, w.dropped
	w.mu.Unlock()
	if known {
		return list, nil
	}
	list, err := communityPaths(ctx, q, district)
	if err != nil {
		return nil, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.dropped == dropped { // nothing changed while it was read
		if w.areas == nil {
			w.areas = map[int][]string{}
		}
		w.areas[district] = list
	}
	return list, nil
}

// of returns the paths of the places and grids.
func (w *whereabouts) of(ctx context.Context, q db.Queryer, district int, places, grids map[id.ID]bool) (map[id.ID]string, error) {
	out := make(map[id.ID]string, len(places)+len(grids))
	missing, dropped := w.known(out, places, grids)
	for table, ids := range missing {
		read, err := pathsByID(ctx, q, district, table, ids)
		if err != nil {
			return nil, err
		}
		w.learn(read, dropped)
		for k, path := range read {
			out[k] = path
		}
	}
	return out, nil
}

// known puts the remembered paths into out and returns the others, by table.
func (w *whereabouts) known(out map[id.ID]string, places, grids map[id.ID]bool) (missing map[string][]id.ID, dropped int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	missing = map[string][]id.ID{}
	for table, ids := range map[string]map[id.ID]bool{"place": places, "grid": grids} {
		for v := range ids {
			if path, ok := w.paths[v]; ok {
				out[v] = path
			} else if v != id.Zero {
				missing[table] = append(missing[table], v)
			}
		}
	}
	return missing, w.dropped
}

// learn remembers paths, unless places changed since they were asked for.
func (w *whereabouts) learn(read map[id.ID]string, dropped int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.dropped != dropped {
		return
	}
	if w.paths == nil || len(w.paths)+len(read) > maxWhereabouts {
		w.paths = make(map[id.ID]string, len(read))
	}
	for k, path := range read {
		w.paths[k] = path
	}
}

// mayMark reports whether the caller's posts reach the target, whose leaf and
// grid have their paths in at. Posts over named doors are asked of the database.
func mayMark(ctx context.Context, q db.Queryer, c grid.Caller, t Target, at map[id.ID]string) (bool, error) {
	if c.IsSystem() {
		return true, nil
	}
	named := false
	for _, g := range c.Grants {
		if !g.Role.May(grid.RoundMark) {
			continue
		}
		over := id.Zero
		switch g.ObjectKind {
		case grid.ObjectPlace:
			over = t.LeafID
		case grid.ObjectGrid:
			over = t.GridID
		case grid.ObjectDoors:
			named = true
			continue
		}
		if path, ok := at[over]; ok && strings.HasPrefix(path, g.Path) {
			return true, nil
		}
	}
	if !named {
		return false, nil
	}
	may, err := authorised(ctx, q, c, grid.RoundMark, t.OccurrenceID, []id.ID{t.ObjectID})
	return len(may) == 1, err
}
