package grid

import (
	"wangge/internal/platform/id"
)

// GridKind says what a grid is.
type GridKind string

// The kinds of grids, from above.
const (
	BlockGrid GridKind = "block" // 片区, often temporary
	BasicGrid GridKind = "basic"
	MicroGrid GridKind = "micro"
)

// GridKinds lists the kinds, from above.
var GridKinds = []GridKind{BlockGrid, BasicGrid, MicroGrid}

var gridRank = map[GridKind]int{BlockGrid: 1, BasicGrid: 2, MicroGrid: 3}

// Grid is one node of the second tree over the doors.
type Grid struct {
	ID       id.ID    `json:"id"`
	ParentID id.ID    `json:"parent_id"`
	AreaID   id.ID    `json:"area_id" doc:"The area that holds all its doors"`
	Kind     GridKind `json:"kind"`
	Name     string   `json:"name"`
	Code     string   `json:"code,omitempty"`
	Ordinal  int      `json:"ordinal"`
	Path     string   `json:"path"`
	FromMs   int64    `json:"from_ms"`
	UntilMs  int64    `json:"until_ms,omitempty"`
}

// NewGrid is a grid to be added; ID may be preassigned, parents may stand
// earlier in the same list.
type NewGrid struct {
	ID       id.ID
	ParentID id.ID
	AreaID   id.ID
	Kind     GridKind
	Name     string
	Code     string
}

// GridNode is a grid with its doors and whether somebody is in post.
type GridNode struct {
	Grid
	Area   string `json:"area" doc:"Name of its area"`
	Doors  int    `json:"doors"`
	Vacant bool   `json:"vacant" doc:"Nobody is in post on it"`
}
