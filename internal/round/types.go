package round

import (
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
)

// Emergency is an emergency response (应急响应): the frame in which personal
// data may be collected, with its legal basis, and after which they are destroyed.
type Emergency struct {
	ID            id.ID  `json:"id"`
	Name          string `json:"name"`
	Basis         string `json:"basis"`          // the legal basis: document and date
	Purpose       string `json:"purpose"`        // what the data are collected for
	Recipients    string `json:"recipients"`     // who receives them
	RetentionDays int    `json:"retention_days"` // days the data are kept after the end
	Register      string `json:"register"`
	Drill         bool   `json:"drill"`
	State         string `json:"state"` // open, ended
	AccountID     id.ID  `json:"account_id"`
	OpenedMs      int64  `json:"opened_ms"`
	EndedMs       int64  `json:"ended_ms"`
}

// TargetKind says what a round's targets are.
type TargetKind string

// The kinds of targets.
const (
	Doors      TargetKind = "doors"
	Households TargetKind = "households"
	Persons    TargetKind = "persons"
	Points     TargetKind = "points" // gates, bins, notice boards …
	Areas      TargetKind = "areas"  // the areas of one level
	Places     TargetKind = "places" // compounds, buildings, units, groups, rows
	Posts      TargetKind = "posts"
)

// TargetKinds lists the kinds in the order pages show them.
func TargetKinds() []TargetKind {
	return []TargetKind{Doors, Households, Persons, Points, Areas, Places, Posts}
}

// Known reports whether the kind is one of TargetKinds.
func (k TargetKind) Known() bool {
	for _, v := range TargetKinds() {
		if v == k {
			return true
		}
	}
	return false
}

// Filter narrows a round's targets within its area.
type Filter struct {
	PlaceIDs  []id.ID  `json:"place_ids,omitempty" doc:"Only these places' subtrees"`
	GridIDs   []id.ID  `json:"grid_ids,omitempty" doc:"Only these grids' subtrees"`
	Kinds     []string `json:"kinds,omitempty" doc:"areas: one level (street, community …); places: compound, building, unit, group, row"`
	Subkinds  []string `json:"subkinds,omitempty" doc:"points: gate, bin, notice_board …"`
	Classes   []string `json:"classes,omitempty" doc:"Only in compounds of these classes"`
	Household string   `json:"household,omitempty" enum:"yes,no" doc:"doors: only with (yes) or without (no) a household in the ledger"`
	Care      []string `json:"care,omitempty" doc:"Only where somebody is on the care list under one of these kinds"`
	Roles     []string `json:"roles,omitempty" doc:"posts: only these roles"`
}

// RoundState is the state of a round.
type RoundState string

// The states of a round. Opening lasts until the whole list is written.
const (
	Draft     RoundState = "draft"
	Submitted RoundState = "submitted"
	Opening   RoundState = "opening"
	Open      RoundState = "open"
	Closed    RoundState = "closed"
	Withdrawn RoundState = "withdrawn"
)

// The further states of an occurrence. What is outstanding when one ended stays
// so: it was not done that day.
const (
	Ended  RoundState = "ended"  // the next one opened
	Missed RoundState = "missed" // nothing ran when it was due: it has no list
)

// Round is one round: what is asked of which targets by when.
type Round struct {
	ID           id.ID      `json:"id"`
	EmergencyID  id.ID      `json:"emergency_id"`
	AreaID       id.ID      `json:"area_id"`
	Name         string     `json:"name"`
	Kind         string     `json:"kind"`
	TargetKind   TargetKind `json:"target_kind"`
	FormID       id.ID      `json:"form_id"`
	Filter       Filter     `json:"filter"`
	PerMember    bool       `json:"per_member"`
	NeedsPhoto   bool       `json:"needs_photo"`
	State        RoundState `json:"state"`
	Cost         Cost       `json:"cost"`
	DueMs        int64      `json:"due_ms"`
	CreatedBy    id.ID      `json:"created_by"`
	CreatedPost  id.ID      `json:"created_post"`
	CreatedMs    int64      `json:"created_ms"`
	ApprovedBy   id.ID      `json:"approved_by"`
	ApprovedPost id.ID      `json:"approved_post"`
	ApprovedMs   int64      `json:"approved_ms"`
	ClosedBy     id.ID      `json:"closed_by"`
	ClosedMs     int64      `json:"closed_ms"`

	Recurrence Recurrence `json:"recurrence"`
	NextMs     int64      `json:"next_ms,omitempty" doc:"When the next occurrence opens; 0: never"`
	AboutID    id.ID      `json:"about_id,omitempty" doc:"The round whose figures a nil return reports"`

	AreaName     string `json:"area_name,omitempty"`
	AreaPath     string `json:"-"`
	OccurrenceID id.ID  `json:"occurrence_id"`
	N            int    `json:"n,omitempty" doc:"Number of the current occurrence"`
	PlannedMs    int64  `json:"planned_ms,omitempty" doc:"When the current occurrence was to open"`
	Version      int64  `json:"version"` // grows with every batch of marks
	OpenedMs     int64  `json:"opened_ms"`
	JobID        id.ID  `json:"job_id"`
	Drill        bool   `json:"drill"`

	occState RoundState // of the current occurrence
	district int
}

// Cost is what a round asks of the field, shown before it is submitted.
type Cost struct {
	Targets int         `json:"targets"`
	Minutes int         `json:"minutes"` // all targets together
	Hours   int         `json:"hours"`   // the same in person-hours, rounded up
	Fresh   []FreshCost `json:"fresh,omitempty"`
	Empty   int         `json:"empty"` // doors verified empty or no home, still valid: they need no visit
}

// FreshCost says how many targets answered a question of the form recently.
type FreshCost struct {
	Field   string `json:"field"`
	Label   Text   `json:"label"`
	Targets int    `json:"targets"`
	LastMs  int64  `json:"last_ms"` // the latest of those answers
}

// State is the state of a target.
type State int

// The states of a target. Attempted counts as outstanding.
const (
	Outstanding State = 0
	Attempted   State = 1
	Done        State = 2
	Exempt      State = 3
)

// String returns the state's stable name.
func (s State) String() string {
	switch s {
	case Attempted:
		return "attempted"
	case Done:
		return "done"
	case Exempt:
		return "exempt"
	}
	return "outstanding"
}

// MarshalText writes the stable name.
func (s State) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads the stable name.
func (s *State) UnmarshalText(b []byte) error {
	for _, v := range []State{Outstanding, Attempted, Done, Exempt} {
		if v.String() == string(b) {
			*s = v
			return nil
		}
	}
	return errs.E("round.State", errs.Invalid, "error.bad_choice")
}

// Target is one object a round must account for.
type Target struct {
	OccurrenceID id.ID  `json:"occurrence_id"`
	ObjectID     id.ID  `json:"object_id"`
	DoorID       id.ID  `json:"door_id"` // the door of it, or the first door below a place; Zero where there is none
	LeafID       id.ID  `json:"leaf_id"`
	GridID       id.ID  `json:"grid_id"`
	LineNo       int    `json:"line_no"` // on the printed list of its building
	State        State  `json:"state"`
	Reason       string `json:"reason,omitempty"`
	ValidUntilMs int64  `json:"valid_until_ms,omitempty"`
	Attempts     int    `json:"attempts"`
	MarkedMs     int64  `json:"marked_ms,omitempty"`
	MarkID       id.ID  `json:"mark_id,omitempty"`
	Bulk         bool   `json:"bulk,omitempty"`
	JoinedMs     int64  `json:"joined_ms,omitempty"`
	JoinReason   string `json:"join_reason,omitempty"`
}

// Evening reports whether the target belongs on the evening list: still
// outstanding after EveningAfter attempts.
func (t Target) Evening() bool { return t.State == Attempted && t.Attempts >= EveningAfter }

// EveningAfter is the number of attempts after which a target goes on the evening list.
const EveningAfter = 3

// How says by which way a mark came about.
type How string

// The ways of marking. Ledger is the installation's own: a departure or merger
// recorded in the ledger; Carried is a result of an earlier round that is still valid.
const (
	AtDoor   How = "door"
	ByPhone  How = "phone"
	Self     How = "self"
	ByChat   How = "chat"
	OnPaper  How = "paper"
	InBulk   How = "bulk"
	ByImport How = "import"
	ByLedger How = "ledger"
	Carried  How = "carried"
)

// Ways lists the ways a person may give for a mark.
func Ways() []How { return []How{AtDoor, ByPhone, Self, ByChat, OnPaper, InBulk, ByImport} }

// MemberAnswer is one person's part of a mark.
type MemberAnswer struct {
	PersonID id.ID             `json:"person_id"`
	Answers  map[string]string `json:"answers,omitempty"`
	Exempt   string            `json:"exempt,omitempty" doc:"Why the person need not answer: away, minor_absent …"`
}

// MarkInput is what somebody at a door sends in.
type MarkInput struct {
	RoundID   id.ID             `json:"round_id" doc:"The round"`
	ObjectID  id.ID             `json:"object_id" doc:"The target: a door, household, person, place or post"`
	Result    string            `json:"result" doc:"A result of GET /api/v1/rounds/results, as normal, answered, absent" maxLength:"40"`
	Answers   map[string]string `json:"answers,omitempty" doc:"By field key: yes/no, an option's value, a number, a date 2022-01-31, text"`
	Members   []MemberAnswer    `json:"members,omitempty" doc:"One a member where the round asks per member"`
	Note      string            `json:"note,omitempty" maxLength:"500"`
	How       How               `json:"how,omitempty" enum:"door,phone,self,chat,paper,bulk,import"`
	PhotoID   id.ID             `json:"photo_id,omitempty"`
	ClientKey string            `json:"client_key,omitempty" maxLength:"80" doc:"Chosen by the caller: the same key makes the mark once"`
	ClaimedMs int64             `json:"claimed_ms,omitempty" doc:"When it happened by the phone's clock, UTC ms"`
	SentMs    int64             `json:"sent_ms,omitempty" doc:"The phone's clock when sending, UTC ms: shows by how much it is off"`
	Bulk      bool              `json:"bulk,omitempty" doc:"Marked with others at once, not one by one"`
	Correct   bool              `json:"correct,omitempty" doc:"The mark before was a mistake: this one replaces it even if it only is an attempt"`
}

// MarkResult is what became of a mark.
type MarkResult struct {
	MarkID   id.ID `json:"mark_id"`
	ObjectID id.ID `json:"object_id"`
	State    State `json:"state"`
	Attempts int   `json:"attempts"`
	Evening  bool  `json:"evening" doc:"The target is on the evening list now"`
	Replayed bool  `json:"replayed" doc:"This mark had been made before under the same key"`
	Late     bool  `json:"late" doc:"The round was closed: kept, changes no figure"`
	Older    bool  `json:"older" doc:"A later mark stands: kept in the history"`
	ClockOff bool  `json:"clock_off" doc:"The phone's clock was wrong; the time was corrected"`
	Differs  bool  `json:"differs,omitempty" doc:"Another author answered differently; told where it was asked for"`
}

// Mark is one recorded mark with what was sealed opened for the reader.
type Mark struct {
	ID          id.ID             `json:"id"`
	ObjectID    id.ID             `json:"object_id"`
	PrevID      id.ID             `json:"prev_id,omitempty"`
	Result      string            `json:"result"`
	Class       State             `json:"class"`
	Reason      string            `json:"reason,omitempty"`
	How         How               `json:"how"`
	Bulk        bool              `json:"bulk,omitempty"`
	Late        bool              `json:"late,omitempty"`
	AccountID   id.ID             `json:"account_id"`
	PostID      id.ID             `json:"post_id,omitempty"`
	ClaimedMs   int64             `json:"claimed_ms"`
	CorrectedMs int64             `json:"corrected_ms"`
	ReceivedMs  int64             `json:"received_ms"`
	PhotoID     id.ID             `json:"photo_id,omitempty"`
	Answers     map[string]string `json:"answers,omitempty"`
	Members     []MemberAnswer    `json:"members,omitempty"`
	Note        string            `json:"note,omitempty"`
	Correct     bool              `json:"correct,omitempty" doc:"Made to correct what stood before"`
	Current     bool              `json:"current"`
	Differs     bool              `json:"differs,omitempty" doc:"Another author answered differently"`
}

// sealedMark is the part of a mark that lies in its sealed blob.
type sealedMark struct {
	Answers map[string]string `json:"a,omitempty"`
	Members []MemberAnswer    `json:"m,omitempty"`
	Note    string            `json:"n,omitempty"`
}

// Figures are the counts of a node. Outstanding includes Attempted.
type Figures struct {
	Total       int `json:"total"`
	Done        int `json:"done"`
	Exempt      int `json:"exempt"`
	Outstanding int `json:"outstanding"`
	Attempted   int `json:"attempted"`
}

func (f *Figures) add(g Figures) {
	f.Total += g.Total
	f.Done += g.Done
	f.Exempt += g.Exempt
	f.Attempted += g.Attempted
	f.Outstanding = f.Total - f.Done - f.Exempt
}

// Percent returns the share accounted for, 0 to 100, rounded down so that 100
// means nothing is left.
func (f Figures) Percent() int {
	if f.Total == 0 {
		return 0
	}
	return (f.Done + f.Exempt) * 100 / f.Total
}
