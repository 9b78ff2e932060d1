package grid

import (
	"encoding/json"
	"slices"
	"strings"

	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
)

// Selection names doors by the places above them, one by one, or as ranges.
type Selection struct {
	Places []id.ID     `json:"places,omitempty" maxItems:"2000" doc:"With everything below them"`
	Doors  []id.ID     `json:"doors,omitempty" maxItems:"20000"`
	Ranges []DoorRange `json:"ranges,omitempty" maxItems:"200"`
}

func (s Selection) empty() bool { return len(s.Places)+len(s.Doors)+len(s.Ranges) == 0 }

// DoorRange is the doors of a place from one label to another: by their
// labels, as 101 to 602, or in walking order, as from the first house of a
// lane to the last.
type DoorRange struct {
	Place id.ID  `json:"place" doc:"Building, unit, group or row; all its doors are looked at"`
	From  string `json:"from,omitempty" doc:"Label of the first door; empty: from the beginning"`
	To    string `json:"to,omitempty" doc:"Label of the last door; empty: to the end"`
	Only  string `json:"only,omitempty" enum:"odd,even" doc:"Only odd or even numbers"`
	Walk  bool   `json:"walk,omitempty" doc:"From and to are places in walking order, not numbers"`
}

// The halves of a range of numbers.
const (
	OddDoors  = "odd"
	EvenDoors = "even"
)

// within returns the doors of a range; doors are all of its place, in walking
// order. It is Invalid where a walking order begins or ends at no door.
func (r DoorRange) within(doors []Place) ([]Place, error) {
	const op = "grid.DoorRange"
	from, to := Normalise(Door, r.From), Normalise(Door, r.To)
	if r.Walk {
		first, last := 0, len(doors)-1
		for label, at := range map[string]*int{from: &first, to: &last} {
			if label == "" {
				continue
			}
			if *at = slices.IndexFunc(doors, func(d Place) bool { return d.Name == label }); *at < 0 {
				return nil, errs.Field(errs.E(op, errs.Invalid, "grid.redraw.no_such_door", label), "from")
			}
		}
		if first > last {
			return nil, errs.Field(errs.E(op, errs.Invalid, "grid.redraw.backwards"), "to")
		}
		doors = doors[first : last+1]
	}
	var out []Place
	for _, d := range doors {
		inside := r.Walk || (from == "" || CompareLabels(d.Name, from) >= 0) && (to == "" || CompareLabels(d.Name, to) <= 0)
		if inside && r.half(d.Name) {
			out = append(out, d)
		}
	}
	return out, nil
}

// half reports whether a label is of the half asked for; one without a number
// is of neither.
func (r DoorRange) half(label string) bool {
	if r.Only == "" {
		return true
	}
	digits := strings.TrimRightFunc(label, func(c rune) bool { return c < '0' || c > '9' })
	if digits == "" {
		return false
	}
	return (digits[len(digits)-1]%2 == 1) == (r.Only == OddDoors)
}

// RedrawPart is what goes into one grid; Grid Zero takes doors out of every grid.
type RedrawPart struct {
	Grid id.ID `json:"grid"`
	Selection
}

// ReadRedrawParts reads parts as a page carries them.
func ReadRedrawParts(texts []string) ([]RedrawPart, error) {
	var out []RedrawPart
	for _, t := range texts {
		var p RedrawPart
		if err := json.Unmarshal([]byte(t), &p); err != nil {
			return nil, errs.E("grid.redraw", errs.Invalid, "error.bad_form")
		}
		out = append(out, p)
	}
	return out, nil
}

// Text writes a part as a page carries it.
func (p RedrawPart) Text() string {
	b, err := json.Marshal(p)
	if err != nil {
		panic(err) // identifiers and texts always marshal
	}
	return string(b)
}

// Redrawing is what a re-drawing changes.
type Redrawing struct {
	ID      id.ID        `json:"id,omitempty" doc:"Of one that was applied: by it the re-drawing can be taken back"`
	Doors   int          `json:"doors" doc:"Doors that change their grid"`
	Same    int          `json:"same" doc:"Doors of the selection that are where they shall be"`
	Kept    int          `json:"kept,omitempty" doc:"Of one taken back: doors that stay, because they were re-drawn since or their grid ended"`
	Grids   []GridEffect `json:"grids" doc:"Every grid that gives or takes"`
	Without Change       `json:"without" doc:"Doors of the areas concerned that are in no grid"`
	Moves   []Move       `json:"-"`
	area    id.ID        // where it is filed
}

// Change is a figure before and after.
type Change struct {
	Before int `json:"before"`
	After  int `json:"after"`
}

// GridEffect is a grid before and after a re-drawing, with the posts that
// answer for it.
type GridEffect struct {
	ID         id.ID      `json:"id"`
	Name       string     `json:"name"`
	Doors      Change     `json:"doors"`
	Households Change     `json:"households"`
	Open       Change     `json:"open" doc:"Targets of open rounds that are outstanding"`
	Posts      []PostView `json:"posts" doc:"Who answers for it; each has its open work"`
	Idle       bool       `json:"idle,omitempty" doc:"There are posts, and no door is left for them"`
	Nobody     bool       `json:"nobody,omitempty" doc:"It gets doors, and nobody is in post on it"`
}

// DoorWork is what hangs on a door.
type DoorWork struct {
	Households int
	Open       int // outstanding targets of open rounds
}

// RedrawRecord is a re-drawing that was applied.
type RedrawRecord struct {
	ID        id.ID `json:"id"`
	AreaID    id.ID `json:"area_id"`
	Doors     int   `json:"doors"`
	AtMs      int64 `json:"at_ms"`
	AccountID id.ID `json:"account_id"`
	UndoneBy  id.ID `json:"undone_by,omitempty" doc:"The re-drawing that took it back"`
}
