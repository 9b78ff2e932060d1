package grid

import (
	"wangge/internal/platform/id"
)

// Kind says what a place is. Areas are places with a national code; physical
// places hang below a community.
type Kind string

// The kinds of places, from above.
const (
	Province  Kind = "province"
	City      Kind = "city"
	County    Kind = "county"
	Street    Kind = "street"    // street, town, township or farm
	Community Kind = "community" // community or village (subkind "village")
	Compound  Kind = "compound"  // compound or natural village
	Building  Kind = "building"
	Unit      Kind = "unit"
	Group     Kind = "group" // villagers' group
	Row       Kind = "row"   // a row of bungalows
	Door      Kind = "door"
	Point     Kind = "point" // gate, bin, park, notice board, hand-out point
)

var kindRank = map[Kind]int{Province: 1, City: 2, County: 3, Street: 4, Community: 5, Compound: 6, Group: 7, Row: 7, Building: 7, Unit: 8, Door: 9, Point: 9}

// Known reports whether the kind exists.
func (k Kind) Known() bool { return kindRank[k] > 0 }

// IsArea reports whether the kind has a national code.
func (k Kind) IsArea() bool { return kindRank[k] > 0 && kindRank[k] <= 5 }

// Fits reports whether a place of kind k may hang below one of kind parent.
func (k Kind) Fits(parent Kind) bool {
	switch {
	case k.IsArea():
		return kindRank[k] > kindRank[parent] || parent == ""
	case k == Point:
		return parent.Known() && parent != Door && parent != Point
	}
	return kindRank[parent] >= kindRank[Community] && kindRank[parent] < kindRank[k]
}

// SubVillage is the subkind of a community that is a village.
const SubVillage = "village"

// KindWord is the kind as people name it: a community that is a village is one.
func (p Place) KindWord() string {
	if p.Kind == Community && p.Subkind == SubVillage {
		return SubVillage
	}
	return string(p.Kind)
}

// PointKinds are the subkinds of points the pages offer; each has a name in
// the catalogue under grid.point.
var PointKinds = []string{"gate", "bin", "park", "notice_board", "handout", "bike_shed", "shop", "site", "other"}

// CompoundKinds are the classes of compounds the pages offer; each has a name
// in the catalogue under grid.compound.
var CompoundKinds = []string{"commercial", "old", "unmanaged", "bungalow", "village", "dormitory"}

// Place is one node of the tree of places.
type Place struct {
	ID       id.ID  `json:"id"`
	ParentID id.ID  `json:"parent_id"`
	AreaID   id.ID  `json:"area_id" doc:"The lowest area (mostly the community) that holds the place; of an area, itself"`
	Kind     Kind   `json:"kind"`
	Subkind  string `json:"subkind,omitempty"`
	Name     string `json:"name"`
	Alias    string `json:"alias,omitempty" doc:"Other names, separated by commas"`
	Code     string `json:"code,omitempty" doc:"National 12-digit code of an area"`
	Ordinal  int    `json:"ordinal" doc:"Order among the siblings"`
	Floor    int    `json:"floor,omitempty"`
	Path     string `json:"path" doc:"Order of walking; a subtree is a range of paths"`
	GridID   id.ID  `json:"grid_id" doc:"Lowest grid; 0 where none answers"`
	FromMs   int64  `json:"from_ms"`
	UntilMs  int64  `json:"until_ms,omitempty"`
}

// NewPlace is a place to be added. ID may be preassigned (Zero: a fresh one);
// parents may be in the same slice, before their children. Ordinal 0 gives
// the natural order of the labels. A door without a grid takes its parent's.
type NewPlace struct {
	ID       id.ID
	ParentID id.ID
	Kind     Kind
	Subkind  string
	Name     string
	Alias    string
	Code     string
	Ordinal  int
	Floor    int
	GridID   id.ID
}

// Node is a place with what stands below it, for lists.
type Node struct {
	Place
	Doors     int `json:"doors" doc:"Doors below, within the caller's scope"`
	Vacancies int `json:"vacancies" doc:"Doors below that nobody in post answers for"`
}
