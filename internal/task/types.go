package task

import (
	"wangge/internal/platform/blob"
	"wangge/internal/platform/id"
)

// State is where a task stands.
type State string

// The states. Issued to Transferred wait for the owner's work; Done and
// Verified wait for who checks or closes; the last three are ends.
const (
	Issued      State = "issued"      // 已下发: nobody has opened it
	Received    State = "received"    // 已接收: opened by who answers for it
	InHand      State = "in_hand"     // 办理中
	Returned    State = "returned"    // 已退回: with the issuer again, to be changed or given to another
	Transferred State = "transferred" // 已转办: with another post, not opened there
	Done        State = "done"        // 已办结: waits for the issuer
	Verified    State = "verified"    // 已核实: waits for its closing
	Closed      State = "closed"      // 已销号
	Cancelled   State = "cancelled"   // 已撤销, with a reason
	Merged      State = "merged"      // 已并入 another task
)

// States lists the states in their order.
var States = []State{Issued, Received, InHand, Returned, Transferred, Done, Verified, Closed, Cancelled, Merged}

// Open reports whether somebody still has something to do.
func (s State) Open() bool { return s != Closed && s != Cancelled && s != Merged }

// Task is one task. Times are UTC milliseconds, 0 for not yet.
type Task struct {
	ID           id.ID  `json:"id"`
	Kind         string `json:"kind"`
	State        State  `json:"state"`
	Title        string `json:"title"`
	Text         string `json:"text,omitempty"`
	Note         string `json:"note,omitempty" doc:"What a level in between added for those it passed the task on to"`
	Urgent       bool   `json:"urgent"`
	SignedPostID id.ID  `json:"signed_post_id" doc:"The leader's post that signed a deadline of less than two hours"`
	PostID       id.ID  `json:"post_id" doc:"Owns the task now"`
	DoerPostID   id.ID  `json:"doer_post_id" doc:"Did the work, while the task waits for its check"`
	IssuerPostID id.ID  `json:"issuer_post_id"`
	AbovePostID  id.ID  `json:"above_post_id" doc:"Supervises it since it climbed; 0: it did not"`
	ParentID     id.ID  `json:"parent_id" doc:"The task that was passed on; 0: none"`
	RootID       id.ID  `json:"root_id" doc:"The directive at the top of the tree; 0: none"`
	MergedID     id.ID  `json:"merged_id"`
	PlaceID      id.ID  `json:"place_id" doc:"The area, building or door it is about; 0: none"`
	PromisedMs   int64  `json:"promised_ms" doc:"The first deadline"`
	DeadlineMs   int64  `json:"deadline_ms" doc:"The present owner's deadline"`
	ClimbMs      int64  `json:"climb_ms,omitempty" doc:"When it climbs next"`
	Step         int    `json:"step" doc:"How often it climbed"`
	Events       int    `json:"events" doc:"Length of its history; give it back with a change to be told when somebody was quicker"`
	Children     int    `json:"children" doc:"To how many posts it was passed on"`
	CreatedMs    int64  `json:"created_ms"`
	ReceivedMs   int64  `json:"received_ms,omitempty"`
	DoneMs       int64  `json:"done_ms,omitempty"`
	EndedMs      int64  `json:"ended_ms,omitempty"`

	Fact     string    `json:"fact,omitempty" doc:"What was found, of a report"`
	Question *Question `json:"question,omitempty"`
	Answer   string    `json:"answer,omitempty" doc:"To the question; shown to who gave it and to the level above, nobody else"`

	agreedMs int64 // the deadline of the work where the issuer changed it
	register string
	issuer   id.ID // account
	doneBy   id.ID // account
	textID   id.ID
}

// Late reports whether the owner's deadline has passed at an instant.
func (t Task) Late(nowMs int64) bool { return t.State.Open() && t.DeadlineMs <= nowMs }

// Head reports whether the task is the issuer's own that holds a directive
// together.
func (t Task) Head() bool {
	return t.Children > 0 && t.ParentID == id.Zero && t.PostID == t.IssuerPostID && t.State == InHand
}

// Question is the one thing a directive asks back.
type Question struct {
	Type    string   `json:"type" enum:"text,number,yesno,choice"`
	Label   string   `json:"label"`
	Options []string `json:"options,omitempty" doc:"Of a choice, in their order"`
}

// Link says what a task is about.
type Link struct {
	Kind     string `json:"kind" enum:"task,place,household,person,round,lead,call,inspection,relief"`
	ObjectID id.ID  `json:"object_id"`
}

// LinkKinds lists what tasks may be linked with.
var LinkKinds = []string{"task", "place", "household", "person", "round", "lead", "call", "inspection", "relief", linkTransfer}

// Issue is a task to be made. Only what stands as needed must be given.
type Issue struct {
	ID          id.ID  // preassigned; Zero: a fresh one
	Kind        string // needed
	Title       string // needed
	Text        string
	Says        *Says  // instead of title and text, where no person wrote them
	Fact        string // of a report: key of what was found; it stands for a missing title
	PostID      id.ID  // who is to do it; Zero: the post that answers for PlaceID, else up the line of FromPost
	FromPost    id.ID  // in whose name; Zero: the first post of the caller that may
	PlaceID     id.ID  // what it is about
	DeadlineMs  int64  // 0: the kind's
	Urgent      bool
	SignedPost  id.ID // the leader's post, held by the caller, that signs, for a deadline below two hours
	EmergencyID id.ID // the register its text is sealed in; Zero: the standing one
	Question    *Question
	Links       []Link
	Watchers    []id.ID // accounts
	Photos      []id.ID // evidence of the issuer's, kept already: the first stands with the issue, the others as comments
	Numbers     bool    // of a referral: its receiver needs the phone or identity numbers it holds
	Hops        bool    // of kind transfer: issued with its hops, by package transfer
}

// Event is a line of a task's history.
type Event struct {
	Seq       int    `json:"seq"`
	Kind      string `json:"kind" doc:"issue, receive, take, done, verify, close, reject, return, transfer, reissue, cancel, merge, climb, comment, pass, answer, deadline, remind, and link_ or unlink_ with the kind of what it was linked with"`
	State     State  `json:"state" doc:"After it"`
	PostID    id.ID  `json:"post_id" doc:"Owner after it"`
	OtherID   id.ID  `json:"other_id,omitempty" doc:"The post climbed to, the task merged with, what it was linked with"`
	AccountID id.ID  `json:"account_id" doc:"Who; 0: nobody, it happened by the clock"`
	ByPostID  id.ID  `json:"by_post_id"`
	AtMs      int64  `json:"at_ms"`
	NotedMs   int64  `json:"noted_ms" doc:"When it was written down; later than at_ms for what the clock did while nothing ran"`
	PhotoID   id.ID  `json:"photo_id,omitempty"`
	Note      string `json:"note,omitempty"`

	PhotoPlace *blob.Place `json:"photo_place,omitempty" doc:"Where the photo says it was taken; only of kinds that ask for it"`
}
