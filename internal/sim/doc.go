// Package sim invents a district: the demo, the load of the benches and the
// random walk of the property tests. Area codes and names are real (package
// divisions); compounds, doors and every person are invented from short lists
// in data/. It is pure: no database, no clock, no global randomness.
//
// What it guarantees:
//   - The same Config gives the same bytes, on every machine.
//   - The households of all communities sum to exactly Config.Households.
//   - Communities are made one at a time, so a district of 640,000 households
//     needs the memory of one community (about 3,000 households).
//   - No number reaches anybody: phones begin with 128 or 129, blocks that were
//     never given to mobile phones (those begin with 13 to 19) and hold no
//     service number (as 120 or 12345 are); identity numbers carry a right check digit but the region 99,
//     which no authority may use; passports begin with ZZ.
//   - Phones and identity numbers are unique in the district.
package sim

import (
	"fmt"
	"time"

	"wangge/internal/grid/divisions"
)

// Config says which district to invent.
type Config struct {
	Place      string    // a preset's name or 6-digit county code
	Households int       // living groups in the whole district, at least 1
	Seed       uint64    // same seed, same district
	At         time.Time // the day ages are counted at; zero means 1 March 2022
}

// Setting is what a community is built of.
type Setting string

// The settings a community can have.
const (
	Urban   Setting = "urban"   // a sub-district's community
	Town    Setting = "town"    // the seat of a town
	Village Setting = "village" // doors in walking order, groups instead of compounds
	Farm    Setting = "farm"    // settlements of farms and forest stations
)

// CompoundKind is what a compound is.
type CompoundKind string

// The kinds of compound.
const (
	Estate    CompoundKind = "estate"    // buildings with units and rooms
	Bungalows CompoundKind = "bungalows" // 平房区: doors directly under the compound
	Dormitory CompoundKind = "dormitory" // one or more buildings, no units, several people a room
	Group     CompoundKind = "group"     // 组/屯 of a village: doors in walking order
)

// BuildingKind is the shape of a building.
type BuildingKind string

// The kinds of building.
const (
	Tower  BuildingKind = "tower"   // 18 to 33 floors, 2 to 4 doors a floor
	WalkUp BuildingKind = "walk_up" // up to 7 floors, 2 or 3 doors a floor
	Hall   BuildingKind = "hall"    // a dormitory: corridors of rooms
)

// HouseholdKind says who lives together.
type HouseholdKind string

// The kinds of household.
const (
	Family HouseholdKind = "family"
	Shared HouseholdKind = "shared" // a flat shared by people who are not kin
	Room   HouseholdKind = "dormitory"
	Away   HouseholdKind = "away" // registered here, all of them live elsewhere
)

// Sex is 1 male, 2 female, as in GB/T 2261.1.
type Sex uint8

// The two sexes the standard's first digits know.
const (
	Male   Sex = 1
	Female Sex = 2
)

// Relation is a person's relation to the head of the household.
type Relation string

// The relations. A household's first person is the head.
const (
	Head       Relation = "head"
	Spouse     Relation = "spouse"
	Child      Relation = "child"
	ChildInLaw Relation = "child_in_law"
	Parent     Relation = "parent"
	Grandchild Relation = "grandchild"
	Sibling    Relation = "sibling"
	Roommate   Relation = "roommate"
	Colleague  Relation = "colleague"
)

// CareKind is why a person is on the care list.
type CareKind string

// The closed list of care kinds.
const (
	ElderlyAlone      CareKind = "elderly_alone"       // 独居老人
	ElderlyOnly       CareKind = "elderly_only"        // 空巢: only old people behind the door
	ChildInDifficulty CareKind = "child_in_difficulty" // children without parents at home
	LimitedMobility   CareKind = "limited_mobility"
	Pregnant          CareKind = "pregnant"
	ChronicMedication CareKind = "chronic_medication"
	Dialysis          CareKind = "dialysis"
	Hardship          CareKind = "hardship"
)

// IDKind is the kind of a person's document.
type IDKind uint8

// The kinds of document.
const (
	IDNone     IDKind = iota // no number known
	ID18                     // 18 digits with a right check digit
	ID15                     // an old 15-digit number
	IDPassport               // a passport
)

// Date is a calendar day in UTC+8.
type Date struct {
	Year       int16
	Month, Day uint8
}

// String gives 2006-01-02.
func (d Date) String() string { return fmt.Sprintf("%04d-%02d-%02d", d.Year, d.Month, d.Day) }

// Age is the number of full years on a later day.
func (d Date) Age(at Date) int {
	n := int(at.Year) - int(d.Year)
	if at.Month < d.Month || at.Month == d.Month && at.Day < d.Day {
		n--
	}
	return n
}

// Person is somebody recorded behind a door.
type Person struct {
	Name       string
	Sex        Sex
	Birth      Date
	IDKind     IDKind
	IDNo       string // "" with IDNone
	Phone      string // "" for nobody's own
	Relation   Relation
	Registered bool // registered (户籍) at this door
	LivesHere  bool
	Care       []CareKind
}

// Household is the people living together behind a door.
type Household struct {
	Kind    HouseholdKind
	Tenant  bool // rents the place
	Persons []Person
	// Living is how many live here. In some shared flats and dormitories it
	// exceeds the persons known by name; an away household has 0.
	Living int
}

// Door is one door; no household means it stands empty.
type Door struct {
	Label      string // "302", "12号"; in a village the walking order, "17"
	Floor      int    // from 1; 0 where there are no floors
	Ordinal    int    // order of walking within its unit, building or compound, from 1
	Nickname   string // how a village calls the house; personal
	Households []Household
}

// Unit is a stairwell.
type Unit struct {
	Name  string // "2单元"
	Doors []Door
}

// Building has units, or doors directly (a dormitory).
type Building struct {
	Name   string // "3栋"
	Kind   BuildingKind
	Floors int
	Units  []Unit
	Doors  []Door
}

// Class is the class of a compound's profile.
type Class string

// The classes of compound.
const (
	Managed      Class = "managed"   // a property company runs it
	Old          Class = "old"       // 老旧小区
	Unmanaged    Class = "unmanaged" // 三无: no property company, no gate, no committee
	BungalowArea Class = "bungalow"
	VillageGroup Class = "village"
)

// Profile describes a compound.
type Profile struct {
	Class     Class
	Property  string // the property company, "" for none
	Built     int    // year
	Gates     int
	Fenced    bool
	FireLanes int
	Elderly   int // people of 65 and over, per thousand of those living here
}

// Compound is a compound, a bungalow area, a dormitory or a village group.
// Estates and dormitories have Buildings, the others Doors.
type Compound struct {
	Name      string
	Kind      CompoundKind
	Profile   Profile
	Buildings []Building
	Doors     []Door
}

// Community is one community or village with all it holds.
type Community struct {
	Area       divisions.Area
	Street     divisions.Area
	Setting    Setting
	Households int // living groups in it
	Compounds  []Compound
	Grids      []Grid
	Posts      []Post
}

// Span is a half-open range of doors in the community's order (see Doors).
type Span struct{ From, To int }

// Len is the number of doors in the span.
func (s Span) Len() int { return s.To - s.From }

// GridKind is the kind of a grid.
type GridKind string

// The kinds of grid.
const (
	Basic GridKind = "basic"
	Micro GridKind = "micro" // within a basic grid: a building, a few units, a row of houses
	Block GridKind = "block" // 片区: temporary, within a basic grid, across micro grids
)

// Grid says who answers: a range of doors. Each door lies in exactly one basic
// and one micro grid.
type Grid struct {
	Code   string // the community's code and two digits; micro and block two or three more
	Name   string
	Kind   GridKind
	Parent int // index in Community.Grids of the basic grid; -1 for a basic grid
	Doors  Span
	Days   int // a block ends after so many days; 0 for grids that stay
}

// Role is the role of a post.
type Role string

// The roles, from above.
const (
	RoleCommand        Role = "command"         // district headquarters
	RoleDuty           Role = "duty"            // the district's duty post
	RoleHQGroup        Role = "hq_group"        // one of HQ's seven groups, see Post.Team
	RoleDepartment     Role = "department"      // a department bound to a community
	RoleAuditor        Role = "auditor"         // reads the audit log
	RoleStreetApprover Role = "street_approver" // may open a round
	RoleStreetOfficer  Role = "street_officer"
	RoleClinic         Role = "clinic"         // an organisation's post
	RoleCommunityHead  Role = "community_head" // secretary of the community
	RoleClerk          Role = "clerk"          // community clerk
	RoleGridWorker     Role = "grid_worker"    // one a basic grid
	RoleLeader         Role = "building_leader"
	RoleRepresentative Role = "representative" // a village's, answering for named households
	RoleVolunteer      Role = "volunteer"
	RoleProperty       Role = "property" // a property company's post in a compound
)

// Teams are the keys of HQ's seven groups.
var Teams = []string{"coordination", "prevention", "information", "emergency", "publicity", "supplies", "discipline"}

// Holder is somebody who holds a post.
type Holder struct {
	Name  string
	Sex   Sex
	Birth Date
	Phone string
}

// Post is a place in the organisation, held by nobody, one or several.
type Post struct {
	Key          string // stable in the district, "230103002008/grid_worker/3"
	Role         Role
	Area         string // 12-digit code of the area it belongs to
	Team         string // one of Teams, with RoleHQGroup
	Organisation string // a department, clinic, property company; "" for none
	Grid         int    // index in Community.Grids, -1 for none
	Compound     int    // index in Community.Compounds, -1 for none
	Doors        Span   // doors it answers for by name; empty for all of its area, grid or compound
	Holders      []Holder
}

// Vacant says that nobody holds the post. With an Organisation it is a
// binding without a named person.
func (p *Post) Vacant() bool { return len(p.Holders) == 0 }
