package app

import (
	"wangge/internal/grid"
	"wangge/internal/platform/id"
)

// parts lists what stands in an area, the area itself left out.
func (w *walk) parts(area id.ID) []id.ID {
	var out []id.ID
	for _, p := range w.now.places {
		if p.AreaID == area && p.Kind != grid.Community {
			out = append(out, p.ID)
		}
	}
	return out
}

// redraw puts a random building, unit or group of its community into a random grid.
func (w *walk) redraw() error {
	g := pick(w, w.now.grids)
	parts := w.parts(g.AreaID)
	if len(parts) == 0 {
		return nothing
	}
	_, err := w.a.Grid.AssignDoors(w.ctx(), w.c, g.ID, grid.Selection{Places: []id.ID{pick(w, parts)}})
	return err
}

// redrawMany puts parts of several communities, and single doors, into several
// grids at once. What it says it moves is what moves.
func (w *walk) redrawMany() error {
	var parts []grid.RedrawPart
	for range 2 + w.r.IntN(3) {
		g := pick(w, w.now.grids)
		places := w.parts(g.AreaID)
		if len(places) == 0 {
			continue
		}
		part := grid.RedrawPart{Grid: g.ID, Selection: grid.Selection{Places: []id.ID{pick(w, places)}}}
		for _, d := range w.now.doors {
			if d.AreaID == g.AreaID && w.r.IntN(8) == 0 {
				part.Doors = append(part.Doors, d.ID)
			}
		}
		parts = append(parts, part)
	}
	if len(parts) == 0 {
		return nothing
	}
	said, err := w.a.Grid.PreviewRedraw(w.ctx(), w.c, parts)
	if err != nil {
		return err
	}
	want := w.grids()
	for _, m := range said.Moves {
		want[m.PlaceID] = m.To
	}
	done, err := w.a.Grid.Redraw(w.ctx(), w.c, parts)
	if err != nil {
		return err
	}
	w.drawnAs(want, "a re-drawing over several grids")
	if done.ID != id.Zero {
		w.redrawn = append(w.redrawn, done)
	}
	return nil
}

// undoRedraw takes any earlier re-drawing back, whatever happened since: what is
// still where it put it goes to where it came from, unless that grid ended.
func (w *walk) undoRedraw() error {
	if len(w.redrawn) == 0 {
		return nothing
	}
	i := w.r.IntN(len(w.redrawn))
	r := w.redrawn[i]
	w.redrawn = append(w.redrawn[:i:i], w.redrawn[i+1:]...)
	open := map[id.ID]bool{id.Zero: true}
	for _, m := range r.Moves {
		if g, err := w.a.Grid.Grid(w.ctx(), w.c, m.From); err == nil && g.UntilMs == 0 {
			open[m.From] = true
		}
	}
	want := w.grids()
	for _, m := range r.Moves {
		if at, stands := want[m.PlaceID]; stands && at == m.To && open[m.From] {
			want[m.PlaceID] = m.From
		}
	}
	if _, err := w.a.Grid.UndoRedraw(w.ctx(), w.c, r.ID); err != nil {
		return err
	}
	w.drawnAs(want, "a re-drawing taken back")
	return nil
}

// grids are the grids of the doors as they stand now.
func (w *walk) grids() map[id.ID]id.ID {
	w.t.Helper()
	w.look()
	out := map[id.ID]id.ID{}
	for _, d := range w.now.doors {
		out[d.ID] = d.GridID
	}
	return out
}

// drawnAs checks that every door is in the grid wanted; places that are no
// doors are not looked at.
func (w *walk) drawnAs(want map[id.ID]id.ID, what string) {
	w.t.Helper()
	for door, g := range w.grids() {
		if want[door] != g {
			w.t.Fatalf("seed %d, %s: door %s is in grid %s, not in %s", w.seed, what, door, g, want[door])
		}
	}
}
