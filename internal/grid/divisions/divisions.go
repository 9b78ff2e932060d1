// Package divisions reads lists of the national 12-digit area codes and ships
// the thirteen places the demo knows. It is pure: bytes in, areas and the
// problems of single rows out.
//
// A code is 2 digits province, 2 city, 2 county, 3 street or town, 3 community
// or village; trailing groups of zeros say the level. Some cities have no
// counties (Dongguan, 4419): there the county digits are 00 and a street hangs
// on the city.
package divisions

import (
	"bytes"
	"embed"
	"fmt"
	"strings"
	"sync"
)

// Level is one of the five levels of the national list.
type Level string

// The five levels, from above.
const (
	Province  Level = "province"
	City      Level = "city"
	County    Level = "county"
	Street    Level = "street"    // street, town or township
	Community Level = "community" // community or village; lists write "village"
)

var ranks = map[Level]int{Province: 1, City: 2, County: 3, Street: 4, Community: 5}

// Rank is 1 for a province … 5 for a community, 0 for anything else.
func (l Level) Rank() int { return ranks[l] }

// Area is one row of a national list.
type Area struct {
	Code   string // 12 digits
	Name   string // as the list writes it
	Level  Level
	Parent string // the parent's 12 digits; empty for a province
}

// Problem says why a row was left out of the areas (or doubted). Key is a
// message of the catalogue and Value the cell at fault.
type Problem struct {
	Row    int    // line of the file, from 1
	Column string // "code", "name", "level" or "parent"
	Value  string
	Key    string
}

// String gives the problem for logs.
func (p Problem) String() string {
	return fmt.Sprintf("row %d, %s %q: %s", p.Row, p.Column, p.Value, p.Key)
}

// The problems a row can have.
const (
	ProblemDigits      = "divisions.problem.digits"       // not 2, 4, 6, 9 or 12 digits
	ProblemDamaged     = "divisions.problem.damaged"      // a number a spreadsheet rounded (4.40106E+11)
	ProblemShape       = "divisions.problem.shape"        // a zero group above a non-zero one, or no such province
	ProblemName        = "divisions.problem.name"         // no name
	ProblemDuplicate   = "divisions.problem.duplicate"    // the code stood in an earlier row
	ProblemLevel       = "divisions.problem.level"        // the level is unknown
	ProblemLevelCode   = "divisions.problem.level_code"   // the level does not fit the code
	ProblemParent      = "divisions.problem.parent"       // the parent is not in the list
	ProblemParentLevel = "divisions.problem.parent_level" // the parent is not above the area
	ProblemSelf        = "divisions.problem.self"         // an area under itself, directly or in a circle
)

// Preset is a place whose list is inside the binary.
type Preset struct {
	Name   string // as given to --place
	County string // 6-digit county code
}

// Presets are the thirteen places, in the order of the documentation.
var Presets = []Preset{
	{"nangang", "230103"}, {"daoli", "230102"}, {"daowai", "230104"}, {"xiangfang", "230110"},
	{"yanshou", "230129"}, {"muling", "231085"}, {"mohe", "232701"}, {"xinlin", "232763"},
	{"yaodu", "141002"}, {"huangzhou", "421102"}, {"hongshan", "420111"}, {"huangdao", "370211"},
	{"shuangliu", "510116"},
}

// ByName finds a preset by its name or its county code.
func ByName(s string) (Preset, bool) {
	s = strings.ToLower(strings.TrimSpace(s))
	for _, p := range Presets {
		if p.Name == s || p.County == s {
			return p, true
		}
	}
	return Preset{}, false
}

//go:embed data
var files embed.FS

var loaded sync.Map // county code → []Area

// Load returns the shipped list of a county: its province, city, the county,
// its streets and communities. The slice is shared: do not change it. ok is
// false where no list of that county ships.
func Load(county string) (areas []Area, ok bool) {
	if v, hit := loaded.Load(county); hit {
		return v.([]Area), true
	}
	raw, err := files.ReadFile("data/" + county + ".csv")
	if err != nil {
		return nil, false
	}
	areas, problems, err := Read(bytes.NewReader(raw))
	if err != nil || len(problems) > 0 {
		panic(fmt.Sprint("divisions: shipped list ", county, " is damaged: ", err, problems))
	}
	loaded.Store(county, areas)
	return areas, true
}

// Shipped returns the raw CSV of a county, for whoever wants to import it as
// a file; ok is false where none ships.
func Shipped(county string) (raw []byte, ok bool) {
	raw, err := files.ReadFile("data/" + county + ".csv")
	return raw, err == nil
}
