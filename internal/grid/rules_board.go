package grid

import (
	"slices"

	"wangge/internal/platform/i18n"
	"wangge/internal/platform/id"
)

// Board is a building as a matrix: units side by side, floors from the top,
// doors in walking order. Doors without a floor stand in a last row.
type Board struct {
	Units  []BoardUnit
	Floors []BoardFloor
}

// BoardUnit is a unit's column group.
type BoardUnit struct {
	Place
	Width int // most doors it has on one floor
}

// BoardFloor is one floor, cell by cell.
type BoardFloor struct {
	Floor int // 0: the label does not say
	Cells []BoardCell
}

// BoardCell is a door, an empty cell, or the gap between two units.
type BoardCell struct {
	Door *Place
	Gap  bool
}

// newBoard arranges the doors of a building; doors that hang on the building
// itself form a unit of their own.
func newBoard(building Place, units, doors []Place) Board {
	if slices.ContainsFunc(doors, func(d Place) bool { return d.ParentID == building.ID }) {
		units = append(slices.Clone(units), building)
	}
	byFloor := map[int]map[id.ID][]Place{}
	width := map[id.ID]int{}
	for _, d := range doors {
		if byFloor[d.Floor] == nil {
			byFloor[d.Floor] = map[id.ID][]Place{}
		}
		list := append(byFloor[d.Floor][d.ParentID], d)
		byFloor[d.Floor][d.ParentID] = list
		width[d.ParentID] = max(width[d.ParentID], len(list))
	}
	var b Board
	for _, u := range units {
		b.Units = append(b.Units, BoardUnit{u, max(1, width[u.ID])})
	}
	for floor, cells := range byFloor {
		b.Floors = append(b.Floors, boardFloor(floor, b.Units, cells))
	}
	slices.SortFunc(b.Floors, func(x, y BoardFloor) int {
		switch {
		case x.Floor == 0:
			return 1
		case y.Floor == 0:
			return -1
		}
		return y.Floor - x.Floor
	})
	return b
}

func boardFloor(floor int, units []BoardUnit, cells map[id.ID][]Place) BoardFloor {
	f := BoardFloor{Floor: floor}
	for i, u := range units {
		if i > 0 {
			f.Cells = append(f.Cells, BoardCell{Gap: true})
		}
		for k := range u.Width {
			var door *Place
			if k < len(cells[u.ID]) {
				door = &cells[u.ID][k]
			}
			f.Cells = append(f.Cells, BoardCell{Door: door})
		}
	}
	return f
}

// Label writes a place's name as people say it: "3号楼", "2单元", "302室"; names
// that are no mere labels stay as they are.
func Label(lang string, p Place) string {
	switch p.Kind {
	case Building, Unit, Door, Group, Row:
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
