package grid

import (
	"maps"
	"slices"

	"wangge/internal/platform/i18n"
	"wangge/internal/platform/id"
)

// Board is a building as units side by side; on a phone one below the other.
type Board []BoardUnit

// BoardUnit is a unit: every floor of the building from the top, so that the
// floors of neighbouring units stand in line, and the doors whose label names
// no floor (a row of bungalows, a villagers' group) in walking order.
type BoardUnit struct {
	Place
	Floors  []BoardFloor
	Unnamed []Place
}

// BoardFloor is one floor of a unit.
type BoardFloor struct {
	Floor int
	Doors []Place
}

// newBoard arranges the doors of a building; doors that hang on the building
// itself form a unit of their own.
func newBoard(building Place, units, doors []Place) Board {
	if slices.ContainsFunc(doors, func(d Place) bool { return d.ParentID == building.ID }) {
		units = append(slices.Clone(units), building)
	}
	floors := map[int]bool{}
	at := map[id.ID]map[int][]Place{}
	for _, d := range doors {
		floors[d.Floor] = true
		if at[d.ParentID] == nil {
			at[d.ParentID] = map[int][]Place{}
		}
		at[d.ParentID][d.Floor] = append(at[d.ParentID][d.Floor], d)
	}
	delete(floors, 0)
	down := slices.Sorted(maps.Keys(floors))
	slices.Reverse(down)
	var b Board
	for _, u := range units {
		unit := BoardUnit{Place: u, Unnamed: at[u.ID][0]}
		if len(at[u.ID]) > 1 || len(unit.Unnamed) == 0 {
			for _, f := range down {
				unit.Floors = append(unit.Floors, BoardFloor{f, at[u.ID][f]})
			}
		}
		b = append(b, unit)
	}
	return b
}

// Label writes a place's name as people say it: "3号楼", "2单元", "302室", "12号"; names
// that are no mere labels stay as they are.
func Label(lang string, p Place) string {
	switch p.Kind {
	case Building, Unit, Door, Group, Row:
		if p.Kind == Door && p.Floor == 0 && FloorOf(p.Name) == 0 && labelLike(p.Name) {
			return i18n.T(lang, "grid.label.house", p.Name) // of a bungalow or a village
		}
		if p.Kind == Group || labelLike(p.Name) {
			return i18n.T(lang, "grid.label."+string(p.Kind), p.Name)
		}
	}
	return p.Name
}

// Address writes the physical part of a way down the tree, from the compound
// on, as people say it.
func Address(lang string, way []Place) string {
	out := ""
	for _, p := range way {
		if p.Kind.IsArea() {
			continue
		}
		if out != "" && lang == i18n.EN {
			out += " "
		}
		out += Label(lang, p)
	}
	return out
}
