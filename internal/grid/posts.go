package grid

import (
	"wangge/internal/platform/id"
)

// Post is a role over an object, for a period; holders are in it.
type Post struct {
	ID         id.ID      `json:"id"`
	Role       Role       `json:"role"`
	Title      string     `json:"title,omitempty"`
	ObjectKind ObjectKind `json:"object_kind"`
	ObjectID   id.ID      `json:"object_id" doc:"0 for a set of doors"`
	OrgID      id.ID      `json:"org_id"`
	TeamID     id.ID      `json:"team_id"`
	FromMs     int64      `json:"from_ms"`
	UntilMs    int64      `json:"until_ms,omitempty"`
}

// NewPost is a post to be made; ID may be preassigned, FromMs 0 is now. Doors
// are the doors of a post over a set of doors.
type NewPost struct {
	ID         id.ID
	Role       Role
	Title      string
	ObjectKind ObjectKind
	ObjectID   id.ID
	OrgID      id.ID
	TeamID     id.ID
	FromMs     int64
	UntilMs    int64
	Doors      []id.ID
}

// Holder is somebody in a post for a period.
type Holder struct {
	ID        id.ID  `json:"id"`
	PostID    id.ID  `json:"post_id"`
	AccountID id.ID  `json:"account_id"`
	Name      string `json:"name,omitempty"`
	FromMs    int64  `json:"from_ms"`
	UntilMs   int64  `json:"until_ms,omitempty"`
}

// PostView is a post as lists show it.
type PostView struct {
	Post
	Object  string   `json:"object" doc:"Name of the place, grid or organisation"`
	Path    string   `json:"-"`
	Org     string   `json:"org,omitempty"`
	Team    string   `json:"team,omitempty"`
	Doors   int      `json:"doors,omitempty" doc:"Size of a set of doors"`
	Holders []Holder `json:"holders"`
	Filled  bool     `json:"filled" doc:"Somebody is in post now"`
}

// PostFilter narrows a list of posts; zero fields do not.
type PostFilter struct {
	Place   id.ID // posts over this place, or anything below it
	Exact   bool  // over the place itself only
	Role    Role
	Org     id.ID
	Team    id.ID
	Text    string // part of the title or of the object's name
	Vacant  bool   // nobody in post now
	Account id.ID  // held by the account now or later
	After   id.ID  // the last post seen
	Limit   int    // at most 500; 0 is 50
}

// Organisation is a department, company, clinic or team of volunteers that can be bound.
type Organisation struct {
	ID      id.ID  `json:"id"`
	AreaID  id.ID  `json:"area_id"`
	Kind    string `json:"kind"`
	Name    string `json:"name"`
	FromMs  int64  `json:"from_ms"`
	UntilMs int64  `json:"until_ms,omitempty"`
}

// OrgFilter narrows a list of organisations; zero fields do not.
type OrgFilter struct {
	Area  Place  // of this area and those below it
	Text  string // part of the name
	After id.ID  // the last organisation seen
	Limit int    // at most 1000; 0 is 1
}

// OrgKinds lists the kinds of organisations.
var OrgKinds = []string{"department", "property_company", "clinic", "volunteer_team", "sending_unit", "other"}

// Team is a group of posts: a squad whose rights expire, or one of HQ's groups.
type Team struct {
	ID          id.ID  `json:"id"`
	AreaID      id.ID  `json:"area_id"`
	OrgID       id.ID  `json:"org_id"`
	Kind        string `json:"kind"`
	Name        string `json:"name" doc:"Of HQ's groups: its code"`
	PartyBranch string `json:"party_branch,omitempty"`
	FromMs      int64  `json:"from_ms"`
	UntilMs     int64  `json:"until_ms,omitempty"`
}

// The kinds of teams.
const (
	TeamSquad   = "squad"
	TeamHQGroup = "hq_group"
	TeamCare    = "care"
)

// TeamKinds lists the kinds of teams.
var TeamKinds = []string{TeamSquad, TeamHQGroup, TeamCare}

// HQGroups are the codes of the seven groups of a headquarters.
var HQGroups = []string{"coordination", "joint_prevention", "epidemic_information", "emergency_handling", "publicity", "supplies", "discipline"}

// Binding ties a post or an organisation to a place or grid for a period.
// Joint bindings share JointID and have one lead.
type Binding struct {
	ID         id.ID      `json:"id"`
	JointID    id.ID      `json:"joint_id"`
	Lead       bool       `json:"lead"`
	PostID     id.ID      `json:"post_id"`
	OrgID      id.ID      `json:"org_id"`
	ObjectKind ObjectKind `json:"object_kind"`
	ObjectID   id.ID      `json:"object_id"`
	FromMs     int64      `json:"from_ms"`
	UntilMs    int64      `json:"until_ms,omitempty"`
}

// BindingView is a binding as lists show it.
type BindingView struct {
	Binding
	Who    string `json:"who" doc:"Title of the post or name of the organisation"`
	Role   Role   `json:"role,omitempty"`
	Object string `json:"object"`
	Path   string `json:"-"`
}

// Profile is what a compound is like.
type Profile struct {
	PlaceID      id.ID  `json:"place_id"`
	OrgID        id.ID  `json:"org_id" doc:"Property company; 0 none"`
	Class        string `json:"class" doc:"One of the classes of compounds"`
	Gates        int    `json:"gates"`
	Fences       int    `json:"fences"`
	FireLanes    int    `json:"fire_lanes"`
	ElderlyShare int    `json:"elderly_share" doc:"Share of people over 60, in per cent"`
	PartyBranch  string `json:"party_branch,omitempty"`
	Note         string `json:"note,omitempty"`
	UpdatedMs    int64  `json:"updated_ms"`
}
