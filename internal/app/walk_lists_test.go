package app

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"wangge/internal/grid"
	"wangge/internal/grid/divisions"
	"wangge/internal/platform/id"
)

// relist imports a newer national list in which one community with doors is
// renamed, stands under another street, or ended in another community.
func (w *walk) relist() error {
	areas := must(w.a.Grid.Areas(w.ctx(), w.c))
	codes := map[id.ID]string{}
	list := make([]divisions.Area, len(areas))
	var streets, others []divisions.Area
	chosen := -1
	want := pick(w, w.now.doors).AreaID
	for i, p := range areas {
		codes[p.ID] = p.Code
		list[i] = divisions.Area{Code: p.Code, Name: p.Name, Level: divisions.Level(p.Kind), Parent: codes[p.ParentID]}
		switch {
		case p.ID == want && want != w.area.ID && p.Kind == grid.Community:
			chosen = i
		case p.Kind == grid.Street:
			streets = append(streets, list[i])
		case p.Kind == grid.Community:
			others = append(others, list[i])
		}
	}
	if chosen < 0 || len(others) == 0 {
		return nothing
	}
	switch gone := list[chosen]; w.r.IntN(3) {
	case 0:
		list[chosen].Name = "改" + gone.Name
	case 1:
		street := pick(w, streets)
		list[chosen].Code, list[chosen].Parent = fmt.Sprint(street.Code[:9], 900+w.r.IntN(100)), street.Code
	default:
		if err := w.a.Grid.SetSuccessor(w.ctx(), w.c, gone.Code, pick(w, others).Code); err != nil {
			return err
		}
		list = slices.Delete(list, chosen, chosen+1)
	}
	if _, err := w.a.Grid.ImportAreas(w.ctx(), w.c, list, false); err != nil {
		return err
	}
	w.readAgain()
	w.rooted()
	return nil
}

// readAgain reads where the rounds and the doors stand after areas moved.
func (w *walk) readAgain() {
	w.t.Helper()
	for _, r := range w.rounds {
		r.Round = must(w.a.Rounds.Round(w.ctx(), w.c, r.ID))
	}
	doors := slices.Collect(maps.Keys(w.ever))
	for pid, p := range must(w.a.Grid.Places(w.ctx(), w.a.DB.Read(), w.c, doors)) {
		w.ever[pid] = p
	}
}

// narrowed reports whether a round's list may hold what is at a path: the
// round lies over an area and may be narrowed to places in it.
func (w *walk) narrowed(r *modelRound) func(path string) bool {
	var roots []string
	for _, p := range must(w.a.Grid.Places(w.ctx(), w.a.DB.Read(), w.c, r.Filter.PlaceIDs)) {
		roots = append(roots, p.Path)
	}
	return func(path string) bool {
		return strings.HasPrefix(path, r.AreaPath) &&
			(len(roots) == 0 || slices.ContainsFunc(roots, func(root string) bool { return strings.HasPrefix(path, root) }))
	}
}

// rooted checks that every place stands below its parent in both trees.
func (w *walk) rooted() {
	w.t.Helper()
	for _, text := range []string{
		`SELECT COUNT(*) FROM place c JOIN place p ON p.district = c.district AND p.id = c.parent_id WHERE c.district = $1 AND NOT (c.path > p.path AND c.path < p.path || '~')`,
		`SELECT COUNT(*) FROM place c JOIN place a ON a.district = c.district AND a.id = c.area_id WHERE c.district = $1 AND NOT (c.path >= a.path AND c.path < a.path || '~')`,
		`SELECT COUNT(*) FROM grid g JOIN place a ON a.district = g.district AND a.id = g.area_id WHERE g.district = $1 AND NOT (g.path > a.path AND g.path < a.path || '~')`,
	} {
		var n int
		w.must(w.a.DB.Read().QueryRowContext(w.ctx(), text, w.a.District).Scan(&n))
		if n > 0 {
			w.t.Errorf("%d rows violate %s", n, text)
		}
	}
}
