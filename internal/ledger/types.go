package ledger

import (
	"time"

	"wangge/internal/platform/id"
)

// Kind is the kind of a household: the people living together behind a door.
type Kind string

// The kinds of households.
const (
	Family    Kind = "family"    // relatives under one roof
	Shared    Kind = "shared"    // a flat shared by people who are not relatives
	Dormitory Kind = "dormitory" // staff or student quarters
	Business  Kind = "business"  // a shop or office behind the door
	Vacant    Kind = "vacant"    // known to be empty: nobody lives there, though some may be registered
)

// Kinds lists the kinds of households in the order pages show them.
func Kinds() []Kind { return []Kind{Family, Shared, Dormitory, Business, Vacant} }

// Known reports whether the kind is one of Kinds.
func (k Kind) Known() bool {
	for _, v := range Kinds() {
		if v == k {
			return true
		}
	}
	return false
}

// Household is the people living together behind a door. A door may have
// several. Registered and Living are head counts and may exceed the persons
// recorded: six live here, two are registered, one is known by name.
type Household struct {
	ID          id.ID
	DoorID      id.ID
	Kind        Kind
	Registered  int    // people whose registration is at this door
	Living      int    // people who live here
	Nickname    string // what neighbours call a village door; sealed
	Note        string // sealed
	Register    string // whose key seals the record
	Version     int    // for optimistic checks
	FromMs      int64  // since when in the ledger, UTC ms
	UntilMs     int64  // 0 while it is current
	UntilReason string // departed, joined, import_undone
	Origin      Origin
}

// Sex of a person as the register says; empty where it does not.
type Sex string

// The values of Sex.
const (
	Male   Sex = "m"
	Female Sex = "f"
)

// Origin says where a record came from: the first entry of its timeline.
type Origin struct {
	Source    string // page, import, simulation, api
	AccountID id.ID
	PostID    id.ID
	ImportID  id.ID // the import that made the record, or Zero
}

// The sources of records and events.
const (
	SourcePage       = "page"
	SourceImport     = "import"
	SourceSimulation = "simulation"
	SourceAPI        = "api"
	SourceResident   = "resident"  // the household itself, by its code
	SourcePaper      = "paper"     // the household on paper, entered by staff
	SourceElsewhere  = "elsewhere" // the community where the person was living
)

// Person is one person as recorded by one register. Everything from Name to
// Note is sealed.
type Person struct {
	ID          id.ID
	HouseholdID id.ID
	DoorID      id.ID
	Register    string
	Registered  bool // registered at this door
	LivesHere   bool // lives behind this door; false: lives elsewhere
	Version     int
	FromMs      int64 // since when in the ledger, UTC ms
	UntilMs     int64 // 0 while current
	UntilReason string

	Name        string
	Sex         Sex
	Birth       string   // 2006-01-02, 2006-01 or 2006
	IDNo        string   // identity number of 18 or 15 characters
	Passport    string   // passport or another document
	Phones      []string // mobile numbers, the first is called first
	Landline    string
	Relation    string // to the head of the household, as written
	RegAddress  string // registered address, where it differs
	LiveAddress string // where a person lives who does not live here
	Work        string // work place or school
	Note        string
	Origin      Origin
}

// MinorAge is the age in years below which the guardian answers for a person.
const MinorAge = 14

// BirthDay returns the person's date of birth, from the record or from the
// identity number. ok is false where neither gives a full date.
func (p *Person) BirthDay() (day time.Time, ok bool) { return birthDay(p.Birth, p.IDNo) }

// Age returns the age in completed years at the instant at, in UTC+8.
func (p *Person) Age(at time.Time) (years int, ok bool) { return ageAt(p.Birth, p.IDNo, at) }

// Minor reports whether the person is known to be under MinorAge at the instant.
func (p *Person) Minor(at time.Time) bool {
	n, ok := p.Age(at)
	return ok && n < MinorAge
}

// Current reports whether the record is in force.
func (p *Person) Current() bool { return p.UntilMs == 0 }

// Event is one entry of a person's file.
type Event struct {
	ID        id.ID
	PersonID  id.ID
	AtMs      int64
	Kind      string // see the Event constants
	AccountID id.ID
	Author    string // the account's name; empty where it is not known
	PostID    id.ID
	Source    string
	ObjectID  id.ID                  // the household, person, import or list entry it is about
	Changes   map[string]FieldChange // field: what it was and became; sealed
	Text      string                 // sealed
}

// FieldChange is an old and a new value of a field.
type FieldChange struct {
	Old string `json:"o,omitempty"`
	New string `json:"n,omitempty"`
}

// The kinds of events of a person's file.
const (
	EventCreated     = "created"
	EventEdited      = "edited"
	EventMoved       = "moved"
	EventDeparted    = "departed"
	EventReturned    = "returned"
	EventMerged      = "merged" // another record of the same person was taken in
	EventMergedInto  = "merged_into"
	EventMergeUndone = "merge_undone" // the two are two records again
	EventSplit       = "split"
	EventJoined      = "joined"
	EventCareAdded   = "care_added"
	EventCareEnded   = "care_ended"
	EventRiskAdded   = "risk_added"
	EventRiskEnded   = "risk_ended"
	EventNote        = "note"

	EventPaper             = "paper"              // a signed paper was photographed to the file
	EventElsewhereProposed = "elsewhere_proposed" // another community was told that the person lives there
	EventElsewhereAccepted = "elsewhere_accepted"
	EventElsewhereClosed   = "elsewhere_closed" // refused or withdrawn
	EventElsewhereLeft     = "elsewhere_left"   // left the community that had accepted the person
	EventImported          = "imported"
	EventImportUndone      = "import_undone"
	EventOutvoted          = "outvoted" // another source says otherwise (Old) and was not followed (New stays)
)

// Residence is where a person lived before, with the reason of leaving.
type Residence struct {
	ID          id.ID  `json:"-"`
	PersonID    id.ID  `json:"-"`
	HouseholdID id.ID  `json:"household_id"`
	DoorID      id.ID  `json:"door_id"`
	FromMs      int64  `json:"from_ms"`
	UntilMs     int64  `json:"until_ms"`
	Reason      string `json:"reason"`
	DoorText    string `json:"door" doc:"The door in words"`
}

// ChangeKind says what happened to a household or person.
type ChangeKind string

// The kinds of changes others hear of.
const (
	Arrived  ChangeKind = "arrived"  // a household or person is new behind DoorID
	Departed ChangeKind = "departed" // it is gone; Reason says why
	Moved    ChangeKind = "moved"    // it went from FromDoorID to DoorID
	Merged   ChangeKind = "merged"   // it was a duplicate of IntoID
)

// Change is told to the listeners of OnHousehold. PersonID is Zero where the
// change is of the household as a whole.
type Change struct {
	Kind            ChangeKind
	District        int
	DoorID          id.ID // where it is now, or was last
	FromDoorID      id.ID // moved: where it was
	HouseholdID     id.ID
	FromHouseholdID id.ID // moved: the household it left, if another
	PersonID        id.ID
	IntoID          id.ID // merged: the record that stays
	Reason          string
	At              int64 // UTC ms
	New             bool  // arrived: the record was made just now, so that nobody can know it yet
}
