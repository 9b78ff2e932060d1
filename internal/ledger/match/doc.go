// Package match finds the door that an address means, among the doors of one
// district. It is pure: an Index is built from the district's places and then
// only read, by any number of goroutines.
//
// What it guarantees:
//   - A match is certain only where one door alone fits all that the address
//     says; a compound's name, its own, another it bears or one that somebody
//     remembered, must be there in full.
//   - What the address leaves out (a unit, where one alone has the room) costs
//     nothing; what does not fit (another community, a floor that is not the
//     room's) makes the match uncertain.
//   - Otherwise the doors that may be meant come back, the likeliest first, and
//     the deepest place that is beyond doubt.
package match

import (
	"wangge/internal/grid"
	"wangge/internal/platform/id"
)

// Reason says why a match is as sure as it is; each has words in the catalogue
// under address.reason.
type Reason string

// The reasons.
const (
	Exact     Reason = "exact"       // all parts fit
	NoUnit    Reason = "no_unit"     // the unit was left out; one alone has the room
	NoPart    Reason = "no_part"     // a part was left out that more than one could be
	Alias     Reason = "alias"       // by a name somebody remembered
	LikeName  Reason = "like_name"   // the compound's name is like another
	OtherArea Reason = "other_area"  // the address names another community or street
	Several   Reason = "several"     // more than one door fits
	NoRoom    Reason = "no_room"     // the room is not in the ledger, or not told
	NoPlace   Reason = "no_place"    // nothing of it is in the ledger
	Elsewhere Reason = "elsewhere"   // the address lies in another county
	Floor     Reason = "floor"       // the floor is not the room's
	OutOfArea Reason = "out_of_area" // it lies where the caller's posts do not reach
)

// Candidate is a door that may be meant.
type Candidate struct {
	DoorID   id.ID  `json:"door_id"`
	ParentID id.ID  `json:"-"`
	Path     string `json:"-"`     // of the door's parent
	Text     string `json:"text"`  // the door by its labels as kept, from its compound down
	Score    int    `json:"score"` // 1 to 100
	Reason   Reason `json:"reason"`
}

// Result is what an address was found to mean.
type Result struct {
	DoorID     id.ID       // the door, where it is certain
	PlaceID    id.ID       // else the deepest place beyond doubt; Zero where there is none
	Path       string      // of the place; of a door, its parent's
	Kind       grid.Kind   // of the place
	Community  id.ID       // the community that all that is found lies in; Zero where there are several or none
	Reason     Reason      // of the certain door or of why none is
	Candidates []Candidate // up to 8, the likeliest first; of a certain match the one
	// Missing is the label of the one door that PlaceID lacks, where the address
	// names all that lies above it beyond doubt; else empty.
	Missing string
}

// Certain reports whether one door alone is meant.
func (r Result) Certain() bool { return r.DoorID != id.Zero }
