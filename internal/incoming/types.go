package incoming

import (
	"wangge/internal/platform/id"
)

// State is where a lead stands.
type State string

// The states of a lead.
const (
	Unclear State = "unclear" // somebody decides where it belongs or how it goes on
	Open    State = "open"    // to be called
	Sent    State = "sent"    // handed to another authority; its receipt is awaited
	Done    State = "done"
)

// Late names, where states are listed, the leads of any state that are overdue.
const Late State = "late"

// Source is how a lead came in.
type Source string

// The sources of leads.
const (
	FromList      Source = "list"
	FromSelf      Source = "self"      // the person or the family, on the public page
	FromDistrict  Source = "district"  // handed over by another district
	FromCompanion Source = "companion" // named by somebody who was called
)

// List is a list of people to be verified.
type List struct {
	ID          id.ID  `json:"id"`
	Name        string `json:"name"`
	EmergencyID id.ID  `json:"emergency_id"`
	AreaID      id.ID  `json:"area_id"`
	Area        string `json:"area"`
	State       string `json:"state" enum:"open,closed"`
	Rows        int    `json:"rows" doc:"Rows of people, the refused ones included"`
	Refused     int    `json:"refused" doc:"Rows that came back to be corrected"`
	Joined      int    `json:"joined" doc:"Rows about a person who was on a list already: called once"`
	Figures
	CreatedMs int64 `json:"created_ms"`
	ClosedMs  int64 `json:"closed_ms,omitempty"`
	AccountID id.ID `json:"account_id"`
	ClosedBy  id.ID `json:"closed_by,omitempty"`
	Lost      bool  `json:"lost,omitempty" doc:"The emergency's key is destroyed: figures are all that is left"`

	path, register string
	postID         id.ID
	body           listBody
}

// listBody is what of a list is sealed.
type listBody struct {
	Name   string      `json:"name"`
	Reason string      `json:"reason,omitempty"` // why it was closed with people outstanding
	Sheets []sheetHead `json:"sheets"`
}

// Figures are leads by state: Unclear + Open + Sent + Done = People.
type Figures struct {
	People  int `json:"people" doc:"Different people"`
	Unclear int `json:"unclear" doc:"Somebody decides where they belong"`
	Open    int `json:"open" doc:"To be called"`
	Sent    int `json:"sent" doc:"Handed on; the receipt is awaited"`
	Done    int `json:"done"`
}

// lead is a person to be verified, as stored.
type lead struct {
	ID, EmergencyID, DoorID, PersonID, AccountID, PostID, EarlierID, ParentID id.ID
	Register, Class, Result, Path                                             string
	Source                                                                    Source
	State                                                                     State
	Urgency, Tries, Version                                                   int
	RetryMs, DueMs, CreatedMs, DoneMs                                         int64 // UTC ms
	DoneBy                                                                    id.ID
	Code                                                                      string // the check code
	Measure, MeasureState                                                     string
	MeasureBy                                                                 id.ID
	MeasureMs                                                                 int64
	body                                                                      body
	sealed                                                                    []byte
}

// body is what of a lead is sealed.
type body struct {
	Name      string   `json:"n,omitempty"`
	IDNo      string   `json:"i,omitempty"`
	Phones    []string `json:"p,omitempty"`
	Address   string   `json:"a,omitempty"`
	Title     string   `json:"t,omitempty"`
	Class     string   `json:"c,omitempty"` // as the list words it
	Ask       string   `json:"k,omitempty"`
	Transport string   `json:"v,omitempty"`
	Seat      string   `json:"s,omitempty"`
	Origin    string   `json:"o,omitempty"`
	Arrival   string   `json:"r,omitempty"`
	Note      string   `json:"e,omitempty"`
	People    int      `json:"q,omitempty"` // who come together, the person included
	Gate      id.ID    `json:"g,omitempty"` // where the person reported
	Doubts    []string `json:"d,omitempty"` // keys of the catalogue
	Doors     []Choice `json:"x,omitempty"` // where the address may be
	AwayDueMs int64    `json:"u,omitempty"` // the deadline when it first went outside from its area
	Handed    int      `json:"b,omitempty"` // how often it was handed to another area of the district
	Answer    Answer   `json:"w,omitzero"`
	Measure   *Measure `json:"m,omitempty"`
}

// Choice is a door that an address may mean.
type Choice struct {
	DoorID id.ID  `json:"door_id"`
	Text   string `json:"text"`
}

// Stop is a place of an itinerary with its day.
type Stop struct {
	Day   string `json:"day,omitempty" doc:"2006-01-02" maxLength:"10"`
	Place string `json:"place" maxLength:"200"`
}

// Companion is somebody who was with the person called.
type Companion struct {
	Name  string `json:"name,omitempty" maxLength:"60"`
	Phone string `json:"phone,omitempty" maxLength:"40"`
}

// Answer is what a call gave.
type Answer struct {
	Address    string      `json:"address,omitempty" maxLength:"500" doc:"Down to the room, as the person says it"`
	DoorID     id.ID       `json:"door_id,omitempty" doc:"The door that was chosen for the address"`
	Exposure   string      `json:"exposure,omitempty" doc:"One of the exposures of the rule"`
	ExposedDay string      `json:"exposed_day,omitempty" maxLength:"10" doc:"2006-01-02: last contact, or the day of leaving the area"`
	Stops      []Stop      `json:"stops,omitempty" maxItems:"20"`
	Companions []Companion `json:"companions,omitempty" maxItems:"20"`
	TestDay    string      `json:"test_day,omitempty" maxLength:"10" doc:"2006-01-02 of the last test"`
	Help       string      `json:"help,omitempty" maxLength:"500" doc:"What the person needs"`
	To         string      `json:"to,omitempty" maxLength:"200" doc:"Which authority it goes to"`
	ToArea     id.ID       `json:"to_area,omitempty" doc:"The street or community of this district it goes to"`
	ReceiverID id.ID       `json:"receiver_id,omitempty" doc:"The authority outside the district that gets it by API; missing: as a sheet"`
	Receipt    string      `json:"receipt,omitempty" maxLength:"200" doc:"The receiver's receipt"`
	Note       string      `json:"note,omitempty" maxLength:"1000"`
	Ledger     bool        `json:"ledger,omitempty" doc:"Record the confirmed address in the ledger"`
}

// Measure is a proposed measure: the rule that gave it, the evidence, and what
// became of it. It has no force until it is confirmed.
type Measure struct {
	Code      string `json:"code"`
	Days      int    `json:"days"`
	FromDay   string `json:"from_day" doc:"Counted from, 2006-01-02"`
	UntilDay  string `json:"until_day" doc:"Its last day, 2006-01-02"`
	Then      string `json:"then,omitempty"`
	ThenDays  int    `json:"then_days,omitempty"`
	Exposure  string `json:"exposure"`
	RuleFrom  string `json:"rule_from" doc:"Since when the rule holds, which names it"`
	Authority string `json:"authority,omitempty" doc:"Who decided"`
	Document  string `json:"document,omitempty" doc:"By which document"`
	Reason    string `json:"reason,omitempty" doc:"Why it was declined"`
}

// The states of a proposal.
const (
	Proposed  = "proposed"
	Confirmed = "confirmed"
	Declined  = "declined"
)

// Event is something that happened to a lead.
type Event struct {
	AtMs      int64  `json:"at_ms"`
	Kind      string `json:"kind" enum:"came,joined,called,placed,given,accepted,receipt,measure,unrecorded,door_added,door_asked,sheet,recalled"`
	Result    string `json:"result,omitempty"`
	AccountID id.ID  `json:"account_id"`
	Text      string `json:"text,omitempty"`
}
