package transfer

import (
	"slices"

	"wangge/internal/platform/id"
	"wangge/internal/task"
)

// State is where a transfer stands.
type State string

// The states.
const (
	Planned State = "planned" // not started: the people are where they were
	Moving  State = "moving"  // a hop runs
	Arrived State = "arrived" // the last hop is confirmed
	Ended   State = "ended"   // called off before that, with a reason in the task's history
)

// Transfer is one transfer. Times are UTC milliseconds, 0 for not yet.
type Transfer struct {
	ID           id.ID      `json:"id" doc:"That of its task"`
	IssuerPostID id.ID      `json:"issuer_post_id"`
	HomeID       id.ID      `json:"home_id" doc:"The door the people leave; 0: they are not at home"`
	State        State      `json:"state"`
	TaskState    task.State `json:"task_state"`
	People       []Person   `json:"people,omitempty" doc:"Who goes"`
	To           string     `json:"to" doc:"Where to"`
	Hop          int        `json:"hop" doc:"The hop that runs, from 1; 0 before the start"`
	Hops         []Hop      `json:"hops"`
	Left         []Left     `json:"left" doc:"Who and what stays behind, and who looks after it"`
	Keys         string     `json:"keys,omitempty" doc:"Who has the keys of the home"`
	StoveOff     bool       `json:"stove_off"`
	Unnamed      int        `json:"unnamed" doc:"People who live behind the door and are not recorded by name"`
	ListedMs     int64      `json:"listed_ms,omitempty" doc:"When somebody at the door confirmed that the list is complete"`
	StartedMs    int64      `json:"started_ms,omitempty"`
	ArrivedMs    int64      `json:"arrived_ms,omitempty"`
	CreatedMs    int64      `json:"created_ms"`
	Version      int        `json:"version" doc:"Give it back with a change to be told when somebody was quicker"`

	listedBy id.ID
	nHops    int
	sealed   []byte
}

// Person is somebody who goes.
type Person struct {
	ID   id.ID  `json:"id" doc:"In the ledger; 0: not recorded there"`
	Name string `json:"name"`
}

// Hop is one step of the chain.
type Hop struct {
	Seq        int    `json:"seq"`
	FromPostID id.ID  `json:"from_post_id"`
	ToPostID   id.ID  `json:"to_post_id"`
	Place      string `json:"place" doc:"Where the one hands over to the other"`
	Minutes    int    `json:"minutes" doc:"It may take, from the hand-over before"`
	DueMs      int64  `json:"due_ms,omitempty" doc:"0: it has not begun"`
	GaveMs     int64  `json:"gave_ms,omitempty"`
	GaveBy     id.ID  `json:"gave_by,omitempty" doc:"Account"`
	GaveHow    string `json:"gave_how,omitempty" enum:"code,name,both"`
	TookMs     int64  `json:"took_ms,omitempty"`
	TookBy     id.ID  `json:"took_by,omitempty" doc:"Account"`
	TookHow    string `json:"took_how,omitempty" enum:"code,name,both"`
	AlarmMs    int64  `json:"alarm_ms,omitempty" doc:"When both posts were told that it is late"`

	tries              int
	alarmFrom, alarmTo id.ID // tasks
}

// Done reports whether both sides confirmed.
func (h Hop) Done() bool { return h.GaveMs != 0 && h.TookMs != 0 }

// Late reports whether the clock of a running hop has run out.
func (h Hop) Late(nowMs int64) bool { return h.DueMs != 0 && !h.Done() && h.DueMs <= nowMs }

// Left is somebody, or an animal, that stays behind at the door.
type Left struct {
	ID          id.ID  `json:"id"`
	Kind        string `json:"kind" enum:"child,disabled,bedridden,old,ill,pets" doc:"Empty for those who may not know why somebody needs a carer"`
	PersonID    id.ID  `json:"person_id" doc:"In the ledger; 0: added at the door"`
	Name        string `json:"name"`
	Carer       string `json:"carer,omitempty" doc:"Of a relative or neighbour: the name"`
	Phone       string `json:"phone,omitempty"`
	CarerPostID id.ID  `json:"carer_post_id,omitempty" doc:"A post that cares instead"`
	TaskID      id.ID  `json:"task_id,omitempty" doc:"Of the post that cares"`
	NamedMs     int64  `json:"named_ms,omitempty" doc:"When the carer was named"`
	AcceptedMs  int64  `json:"accepted_ms,omitempty" doc:"When the carer accepted"`
	VisitMs     int64  `json:"visit_ms,omitempty" doc:"The first visit"`

	Back bool `json:"back,omitempty" doc:"The post accepted and does not have the task any more: it gave it back or away"`

	acceptedBy id.ID
	sealed     []byte
	care       struct { // the task of the post that cares, as it stands
		state       task.State
		owner, doer id.ID
	}
}

// kept are the states of the task of a post that accepted and stands by it.
var kept = []task.State{task.InHand, task.Done, task.Verified, task.Closed}

// stand drops an acceptance that a post has taken back: its task was returned,
// handed on, called off or merged, and not taken up again since.
func (l *Left) stand() {
	if l.CarerPostID == id.Zero || l.AcceptedMs == 0 {
		return
	}
	if !slices.Contains(kept, l.care.state) || l.care.owner != l.CarerPostID && l.care.doer != l.CarerPostID {
		l.AcceptedMs, l.Back = 0, true
	}
}

// Settled reports whether a named carer accepted and a first visit is set.
func (l Left) Settled() bool { return l.NamedMs != 0 && l.AcceptedMs != 0 && l.VisitMs != 0 }

// Step is a post of the chain, as it is planned: who takes the people over,
// where, and in how many minutes after the step before.
type Step struct {
	PostID  id.ID  `json:"post_id"`
	Place   string `json:"place,omitempty"`
	Minutes int    `json:"minutes,omitempty" doc:"0: 60"`
}

// Plan is a transfer to be made.
type Plan struct {
	HomeID    id.ID   `json:"home_id,omitempty" doc:"The door they leave; missing: they are not at home"`
	PersonIDs []id.ID `json:"person_ids,omitempty" doc:"Who goes, of those who live behind the door"`
	People    string  `json:"people,omitempty" doc:"Who goes, in words; needed where nobody is named by person_ids"`
	To        string  `json:"to" doc:"Where to"`
	FromPost  id.ID   `json:"from_post_id" doc:"The post that has them at first"`
	Steps     []Step  `json:"steps" doc:"The posts that take over, in order"`
}

// Care names who looks after somebody left behind: a post, or a relative or
// neighbour by name and phone.
type Care struct {
	LeftID   id.ID  `json:"left_id"`
	PostID   id.ID  `json:"post_id,omitempty"`
	Name     string `json:"name,omitempty"`
	Phone    string `json:"phone,omitempty"`
	Accepted bool   `json:"accepted,omitempty" doc:"Of a relative or neighbour: told the caller that they will come"`
	VisitMs  int64  `json:"visit_ms" doc:"The first visit, UTC milliseconds"`
}

// Listing confirms at the door who stays behind.
type Listing struct {
	Kind     string `json:"kind,omitempty" doc:"Of somebody, or an animal, to be added; the list is not confirmed by that"`
	Name     string `json:"name,omitempty"`
	StoveOff bool   `json:"stove_off,omitempty"`
	Keys     string `json:"keys,omitempty" doc:"Who has the keys of the home"`
}
