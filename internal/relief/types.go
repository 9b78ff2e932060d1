package relief

import (
	"wangge/internal/grid"
	"wangge/internal/platform/id"
	"wangge/internal/task"
)

// Turn is a change of shift as the roster has it. Times are UTC milliseconds.
type Turn struct {
	EndMs  int64   `json:"end_ms" doc:"When the shift of those who go ends"`
	OpenMs int64   `json:"open_ms" doc:"From when it can be signed: an hour before, once the shift has begun"`
	NextMs int64   `json:"next_ms" doc:"When the shift of those who come ends: then it is too late to sign"`
	Out    []id.ID `json:"out" doc:"Accounts that go"`
	In     []id.ID `json:"in" doc:"Accounts that come, by the roster"`
}

// Side says with whom the open tasks of a post are.
type Side string

// The sides.
const (
	OnShift  Side = "on"       // who is on shift or, without a roster, holds the post
	Outgoing Side = "outgoing" // whose shift has ended and who waits for the relief
	Relief   Side = "relief"   // who has signed before the shift began
	Leader   Side = "leader"   // the post above: the relief is late
	Off      Side = "off"      // the post above: the roster has nobody
)

// Stand is with whom the open tasks of a post are at an instant.
type Stand struct {
	Side     Side    `json:"side" enum:"on,outgoing,relief,leader,off"`
	Accounts []id.ID `json:"accounts" doc:"Who of the post is told; nobody where they are with the post above"`
	UntilMs  int64   `json:"until_ms" doc:"Until when it stays so unless somebody signs"`
}

// Record is a change of shift as it was signed.
type Record struct {
	PostID       id.ID  `json:"post_id"`
	EndMs        int64  `json:"end_ms"`
	OutID        id.ID  `json:"out_id" doc:"Account that signed as outgoing; 0: nobody did"`
	OutMs        int64  `json:"out_ms,omitempty"`
	OutItems     int    `json:"out_items" doc:"Tasks open then; 1000 is that or more"`
	InID         id.ID  `json:"in_id" doc:"Account that signed as relief; 0: nobody did"`
	InMs         int64  `json:"in_ms,omitempty"`
	InItems      int    `json:"in_items"`
	LeaderPostID id.ID  `json:"leader_post_id" doc:"The post they passed to when the relief was late; 0: it was not"`
	PassedMs     int64  `json:"passed_ms,omitempty"`
	NotedMs      int64  `json:"noted_ms,omitempty" doc:"When that was written down; later than passed_ms for what happened while nothing ran"`
	TaskID       id.ID  `json:"task_id" doc:"Told the leader"`
	Note         string `json:"note,omitempty"`

	sealed []byte
}

// LateMinutes is by how much the relief was late; 0 where nobody had to wait.
func (r Record) LateMinutes() int64 { return max(0, r.InMs-r.EndMs) / minuteMs }

// State is how far a change of shift is.
type State string

// The states.
const (
	Waiting State = "waiting" // neither side has signed
	SignedO State = "out"     // the outgoing has; the relief has not
	SignedI State = "in"      // the relief has; the outgoing has not
	Done    State = "done"    // both have: who went may mute
	Passed  State = "passed"  // with the post above, since the relief is late
	Missed  State = "missed"  // nobody ever signed in
)

// View is a change of shift as its page shows it to somebody.
type View struct {
	Record
	Turn     Turn        `json:"turn" doc:"As the roster has it; empty where the roster was changed since"`
	Post     string      `json:"post" doc:"In words"`
	State    State       `json:"state" enum:"waiting,out,in,done,passed,missed"`
	Stand    Stand       `json:"stand" doc:"With whom the open tasks are now"`
	PassMs   int64       `json:"pass_ms" doc:"When they pass to the leader unless the relief has signed; 0: nobody stands above, the outgoing waits"`
	Leader   string      `json:"leader" doc:"The post they pass or passed to, in words"`
	LeaderOn []string    `json:"leader_on" doc:"Who is on duty there"`
	Out      []string    `json:"out" doc:"Names of those who go; of who signed where somebody has"`
	In       []string    `json:"in" doc:"Names of those who come"`
	Items    []task.Line `json:"items" doc:"Open tasks of the post by deadline, for those who may see them"`
	Open     int         `json:"open" doc:"How many there are; 1000 is that or more"`
	MayOut   bool        `json:"may_out" doc:"The caller may sign as outgoing now"`
	MayIn    bool        `json:"may_in" doc:"The caller may sign as relief now"`
	Going    bool        `json:"going" doc:"The caller is who goes"`
	Mute     bool        `json:"mute" doc:"The caller went, and is told of nothing any more"`
	StandsIn bool        `json:"stands_in" doc:"The roster names somebody else as the relief"`
	NowMs    int64       `json:"now_ms"`

	leader id.ID
}

// Line of the list of changes.
type Line struct {
	Record
	Post   string `json:"post"`
	Out    string `json:"out_name"`
	In     string `json:"in_name"`
	Leader string `json:"leader"`
	State  State  `json:"state"`
}

// posts is what of a line the rules need.
type posts interface {
	Post(id.ID) *grid.LinePost
	Above(id.ID, int64) id.ID
	Effective(id.ID, int64) id.ID
}
