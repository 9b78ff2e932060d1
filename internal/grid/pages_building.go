package grid

import (
	"net/http"
	"slices"

	"wangge/internal/platform/web"
)

type buildingPage struct {
	placePage
	Board  Board
	State  *DoorBoard
	Legend []DoorState
}

// Cell is a door's state on the board.
func (d buildingPage) Cell(door Place) DoorState {
	if d.State == nil {
		return DoorState{Class: "plain"}
	}
	st, ok := d.State.Doors[door.ID]
	if !ok {
		return DoorState{Class: "none"}
	}
	return st
}

func (p *Pages) building(w http.ResponseWriter, r *http.Request, c Caller, at Place) error {
	ctx := r.Context()
	if at.Kind.IsArea() || at.Kind == Compound || at.Kind == Door || at.Kind == Point {
		return web.Redirect(w, r, placeHref(at))
	}
	base, err := p.placeData(r, c, at)
	if err != nil {
		return err
	}
	d := &buildingPage{placePage: *base}
	var units, doors []Place
	err = p.s.Subtree(ctx, c, at.Path, []Kind{Unit, Door}, func(x Place) error {
		switch {
		case x.Kind == Door:
			doors = append(doors, x)
		case x.ID != at.ID:
			units = append(units, x)
		}
		return nil
	})
	if err != nil {
		return err
	}
	units = unitsOf(base.Children, units)
	d.Board, d.Doors = newBoard(at, units, doors), len(doors)
	if p.s.states != nil {
		query := map[string]string{}
		for k := range r.URL.Query() {
			query[k] = r.URL.Query().Get(k)
		}
		if d.State, err = p.s.states(ctx, c, at, query); err != nil {
			return err
		}
	}
	d.Legend = legendOf(d.State)
	return p.ren.Page(w, r, web.Office, "grid/building", d)
}

// unitsOf adds units that are not in scope themselves though doors in them are.
func unitsOf(children []Node, inScope []Place) []Place {
	for _, n := range children {
		if n.Kind == Unit && !slices.ContainsFunc(inScope, func(u Place) bool { return u.ID == n.ID }) {
			inScope = append(inScope, n.Place)
		}
	}
	slices.SortFunc(inScope, func(a, b Place) int { return a.Ordinal - b.Ordinal })
	return inScope
}

// legendOf lists the states that occur on the board, each once.
func legendOf(b *DoorBoard) []DoorState {
	if b == nil {
		return nil
	}
	var out []DoorState
	for _, class := range []string{"done", "exempt", "attempt", "out", "flag"} {
		for _, st := range b.Doors {
			if st.Class == class {
				out = append(out, DoorState{Class: class, Sign: st.Sign, Key: st.Key})
				break
			}
		}
	}
	return out
}
