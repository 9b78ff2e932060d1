package grid

import (
	"net/http"
	"slices"

	"wangge/internal/platform/web"
)

// boardView shows doors by unit and floor, with the state of each.
type boardView struct {
	Units  Board
	State  *DoorBoard
	Legend []DoorState
}

// Cell is a door's state on the board.
func (b boardView) Cell(door Place) DoorState {
	if b.State == nil {
		return DoorState{Class: "plain"}
	}
	st, ok := b.State.Doors[door.ID]
	if !ok {
		return DoorState{Class: "none"}
	}
	return st
}

func (p *Pages) building(w http.ResponseWriter, r *http.Request, c Caller, at Place) error {
	if at.Kind.IsArea() || at.Kind == Compound || at.Kind == Door || at.Kind == Point {
		return web.Redirect(w, r, placeHref(at))
	}
	d, err := p.placeData(r, c, at)
	if err != nil {
		return err
	}
	var units, doors []Place
	err = p.s.Subtree(r.Context(), c, at.Path, []Kind{Unit, Door}, func(x Place) error {
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
	d.Doors = len(doors)
	if d.Board, err = p.board(r, c, at, unitsOf(d.Children, units), doors); err != nil {
		return err
	}
	return p.ren.Page(w, r, web.Office, "grid/building", d)
}

// board arranges doors, and fills in their states in the round the address names.
func (p *Pages) board(r *http.Request, c Caller, at Place, units, doors []Place) (*boardView, error) {
	b := &boardView{Units: newBoard(at, units, doors)}
	if p.s.states != nil {
		query := map[string]string{}
		for k := range r.URL.Query() {
			query[k] = r.URL.Query().Get(k)
		}
		var err error
		if b.State, err = p.s.states(r.Context(), c, at, query); err != nil {
			return nil, err
		}
	}
	b.Legend = legendOf(b.State)
	return b, nil
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
