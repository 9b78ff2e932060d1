package duty

import (
	"wangge/internal/platform/id"
	"wangge/internal/task"
)

// Kinds lists what a call can be: kinds of tasks, which give the promised time.
var Kinds = []string{task.KindRequest, task.KindHelp, task.KindQuestion}

// NewCall is a call to be logged.
type NewCall struct {
	PlaceID  id.ID  `json:"place_id" doc:"The door, building or area it is about"`
	Kind     string `json:"kind" enum:"request,help,question"`
	Words    string `json:"words" maxLength:"200" doc:"What was said, in a line; sealed"`
	Phone    string `json:"phone,omitempty" maxLength:"24" doc:"To call back; sealed"`
	Answered bool   `json:"answered,omitempty" doc:"Answered on the phone: the task is done at once. Needs task.issue; never of a call for help"`
}

// Call is a call that was logged, and how far its task is. Times are UTC
// milliseconds.
type Call struct {
	ID         id.ID      `json:"id"`
	AreaID     id.ID      `json:"area_id" doc:"The lowest area that holds the place"`
	PlaceID    id.ID      `json:"place_id"`
	Where      string     `json:"where,omitempty" doc:"The place in words"`
	Kind       string     `json:"kind"`
	Code       string     `json:"code" doc:"Told to the caller: eight digits"`
	TaskID     id.ID      `json:"task_id"`
	PostID     id.ID      `json:"post_id" doc:"Answered the call"`
	AccountID  id.ID      `json:"account_id"`
	AtMs       int64      `json:"at_ms"`
	HasPhone   bool       `json:"has_phone"`
	Words      string     `json:"words"`
	State      task.State `json:"state"`
	PromisedMs int64      `json:"promised_ms"`
	Late       bool       `json:"late" doc:"The promise is not kept: it has climbed, or does so now"`
	phone      string
	sealed     []byte
}

// said is what of a call lies sealed.
type said struct {
	Words string `json:"words"`
	Phone string `json:"phone,omitempty"`
}

// Progress is what anybody who has the code may know: no word of what was said,
// by whom or from where.
type Progress struct {
	Kind       string
	Stage      string // waiting, working, checked, done, dropped
	AtMs       int64
	PromisedMs int64
	Late       bool
	Number     Number // to call when something is wrong
}

// Turn is a post of a rota.
type Turn struct {
	PostID id.ID    `json:"post_id"`
	Post   string   `json:"post" doc:"In words"`
	On     []string `json:"on,omitempty" doc:"Who is in it and on duty now"`
	Now    bool     `json:"now" doc:"Answers now: the first of the rota that is on duty"`
}

// Rota is who answers an area's number.
type Rota struct {
	AreaID id.ID  `json:"area_id"`
	Turns  []Turn `json:"turns"`
	Stands Turn   `json:"stands" doc:"Answers now: of the rota or, while nobody of it is on duty, the nearest filled post over the area"`
}
