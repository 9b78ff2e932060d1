// Package inspection keeps inspections (督查): unannounced visits to areas, posts
// or doors that a draw has chosen, and what they find.
//
// What it guarantees: who is visited follows from the seed on record and from
// nobody's wish, and can be drawn again; what a visit finds is a task from that
// moment on (kind finding), addressed to the post that answers for what was
// visited and checked by another person; a finding that was closed is visited
// again before it counts as settled. Nothing here adds up by person or ranks
// areas.
package inspection

import (
	"context"

	"wangge/internal/grid"
	"wangge/internal/platform/audit"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/db"
	"wangge/internal/platform/id"
	"wangge/internal/platform/seal"
	"wangge/internal/round"
	"wangge/internal/task"
)

// Object is what an inspection visits.
type Object string

// The objects.
const (
	Areas Object = "areas" // the communities
	Posts Object = "posts"
	Doors Object = "doors"
)

// Objects lists them in the order pages show them.
var Objects = []Object{Areas, Posts, Doors}

// Status is where an item of a list stands.
type Status string

// The states of an item.
const (
	ToVisit Status = "open"    // not visited, or nobody was there
	Good    Status = "good"    // nothing was found
	Mending Status = "mending" // found, and being put right
	Again   Status = "again"   // put right, to be visited again
)

// Outcome is what a visit came to.
type Outcome string

// The outcomes of a visit.
const (
	FoundNothing Outcome = "good"
	Found        Outcome = "found"
	Absent       Outcome = "absent"
)

// Outcomes lists them in the order pages show them.
var Outcomes = []Outcome{FoundNothing, Found, Absent}

// Inspection is a list that was drawn. Times are UTC milliseconds.
type Inspection struct {
	ID         id.ID         `json:"id"`
	AreaID     id.ID         `json:"area_id"`
	Object     Object        `json:"object" enum:"areas,posts,doors"`
	Seed       string        `json:"seed" doc:"Draws the same list again from the same population"`
	Population int           `json:"population" doc:"How many it was drawn from"`
	Fields     []round.Field `json:"fields" doc:"The checklist"`
	PostID     id.ID         `json:"post_id" doc:"Drew it"`
	AccountID  id.ID         `json:"account_id"`
	CreatedMs  int64         `json:"created_ms"`
	Drawn      int           `json:"drawn"`
	Visited    int           `json:"visited"`
	Open       int           `json:"findings_open" doc:"Findings that are being put right"`
	path       string
	fields     string
}

// Item is one to be visited.
type Item struct {
	ID           id.ID   `json:"id"`
	InspectionID id.ID   `json:"inspection_id"`
	PlaceID      id.ID   `json:"place_id" doc:"0 of a post"`
	PostID       id.ID   `json:"post_id" doc:"0 of a place"`
	Name         string  `json:"name" doc:"The place or post in words"`
	Visits       int     `json:"visits"`
	Outcome      Outcome `json:"outcome,omitempty" doc:"Of the last visit"`
	TaskID       id.ID   `json:"task_id" doc:"The last finding; 0: none"`
	Status       Status  `json:"status" enum:"open,good,mending,again"`
	taskOpen     bool
}

// Visit is a visit as it is on record.
type Visit struct {
	Seq       int               `json:"seq"`
	AtMs      int64             `json:"at_ms"`
	AccountID id.ID             `json:"account_id"`
	PostID    id.ID             `json:"post_id"`
	Outcome   Outcome           `json:"outcome"`
	TaskID    id.ID             `json:"task_id"`
	Answers   map[string]string `json:"answers,omitempty"`
	Words     string            `json:"words,omitempty"`
	Photos    int               `json:"photos" doc:"How many there are; they stand with the finding's task too"`
	sealed    []byte
}

// said is what of a visit lies sealed.
type said struct {
	Answers map[string]string `json:"answers,omitempty"`
	Words   string            `json:"words,omitempty"`
}

// NewInspection asks for a list.
type NewInspection struct {
	AreaID id.ID  `json:"area_id"`
	Object Object `json:"object" enum:"areas,posts,doors"`
	N      int    `json:"n" minimum:"1" maximum:"200" doc:"How many to visit"`
	Seed   string `json:"seed,omitempty" maxLength:"64" doc:"Draws a list again; random without one"`
	FormID id.ID  `json:"form_id,omitempty" doc:"A form of rounds as the checklist; without one that of the object"`
}

// NewVisit is a visit to be recorded.
type NewVisit struct {
	Outcome    Outcome           `json:"outcome" enum:"good,found,absent"`
	Answers    map[string]string `json:"answers,omitempty"`
	Words      string            `json:"words,omitempty" maxLength:"500" doc:"What was found; needed then"`
	DeadlineMs int64             `json:"deadline_ms,omitempty" doc:"To put it right; without one that of the kind finding"`
}

// Deps are what a Service is made of.
type Deps struct {
	DB     *db.DB
	Clock  clock.Clock
	Keys   *seal.Keyring
	Audit  *audit.Log
	Grid   *grid.Service
	Rounds *round.Service // lends its forms as checklists
	Tasks  *task.Service
}

// Service is the inspection slice. It is safe for concurrent use.
type Service struct{ Deps }

// New returns the service.
func New(d Deps) *Service { return &Service{d} }

func (s *Service) now() int64 { return clock.Ms(s.Clock.Now()) }

// permission is what drawing lists and visiting need, over the area.
const permission = grid.Inspect

// mayRead reports whether a caller reads everything of an inspection.
func mayRead(c grid.Caller, i Inspection) bool { return c.CanPlace(permission, i.path) }

// namesOf are the words for items' places and posts.
func (s *Service) namesOf(ctx context.Context, c grid.Caller, list []Item) error {
	var posts, ids []id.ID
	for _, it := range list {
		if it.PostID != id.Zero {
			posts = append(posts, it.PostID)
		} else {
			ids = append(ids, it.PlaceID)
		}
	}
	words, err := s.Tasks.PostsInArea(ctx, c, posts)
	if err != nil {
		return err
	}
	sys := grid.System(c.District, "names of what is inspected, for who may read the list")
	sys.Lang = c.Lang
	places, err := s.Grid.Places(ctx, s.DB.Read(), sys, ids)
	if err != nil {
		return err
	}
	all := make([]grid.Place, 0, len(places))
	for _, p := range places {
		all = append(all, p)
	}
	ways, err := s.Grid.Ways(ctx, sys, all)
	for i, it := range list {
		if list[i].Name = ways[it.PlaceID]; it.PostID != id.Zero {
			list[i].Name = words[it.PostID]
		}
	}
	return err
}
