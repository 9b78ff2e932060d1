// Package district writes a generated district (package sim) into an
// installation through its services, and lets simulated workers work there:
// the demo and the load of the benches.
//
// What it guarantees:
//   - What is written is what the generator says: the same doors, households,
//     persons, posts, but for the households of the story's compound, which a
//     person brings in from its workbook.
//   - It is a drill: the emergency is marked as one, no phone or identity
//     number can reach or name anybody.
//   - A load that was cut off is known by its marker and can be cleared; a
//     database that holds anything else is never touched.
//   - Nothing of a password is kept but what accounts keep of any.
package district

import (
	"log/slog"

	"wangge/internal/account"
	"wangge/internal/grid"
	"wangge/internal/incoming"
	"wangge/internal/ledger"
	"wangge/internal/platform/audit"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/db"
	"wangge/internal/platform/id"
	"wangge/internal/platform/seal"
	"wangge/internal/round"
	"wangge/internal/task"
	"wangge/internal/transfer"
)

// Services are the installation a district is loaded into.
type Services struct {
	DB        *db.DB
	Grid      *grid.Service
	Ledger    *ledger.Service
	Rounds    *round.Service
	Tasks     *task.Service     // nil: nothing is issued
	Transfers *transfer.Service // nil: nobody is under way
	Incoming  *incoming.Service // nil: no list of people is pushed
	Accounts  *account.Service
	Audit     *audit.Log
	Keys      *seal.Keyring
	Clock     clock.Clock // what the field works by, the demo's may be fast
	Log       *slog.Logger
}

func (s Services) log() *slog.Logger {
	if s.Log == nil {
		return slog.Default()
	}
	return s.Log
}

// Login is an account the demo prints, one a role.
type Login struct {
	Role    string `json:"role"`  // the grid role
	Login   string `json:"login"` // the log-in name
	Account id.ID  `json:"account"`
	Post    id.ID  `json:"post"`
	Title   string `json:"title"` // the post's title
	Place   string `json:"place"` // what it answers for, in words
}

// Figures are what a load wrote.
type Figures struct {
	Communities int `json:"communities"`
	Places      int `json:"places"` // below the communities, doors included
	Doors       int `json:"doors"`
	Households  int `json:"households"`
	Persons     int `json:"persons"`
	Care        int `json:"care"`
	Grids       int `json:"grids"`
	Posts       int `json:"posts"`
	Holders     int `json:"holders"`
	Rows        int `json:"rows"` // of all of these together
}

// Story says where the story of the guide plays.
type Story struct {
	Community  id.ID  `json:"community"`
	Code       string `json:"code"` // the community's 12-digit code; empty where no community has an estate
	Name       string `json:"name"`
	Compound   id.ID  `json:"compound"` // its households come from the workbook
	Title      string `json:"title"`    // the compound's name
	Households int    `json:"households"`
	Grid       id.ID  `json:"grid"` // the printed leader's micro-grid
	LastWeek   id.ID  `json:"last_week"`
	Answered   int    `json:"answered"` // doors that answered last week
}

// Loaded describes a loaded district. It is kept with the database.
type Loaded struct {
	District   int     `json:"district"`
	Place      string  `json:"place"` // the preset's name
	Name       string  `json:"name"`  // the county's
	Households int     `json:"households"`
	Seed       uint64  `json:"seed"`
	Day        string  `json:"day"` // ages are counted at it
	Emergency  id.ID   `json:"emergency"`
	Round      id.ID   `json:"round"` // the open one
	Story      Story   `json:"story"`
	Logins     []Login `json:"logins"`
	Figures    Figures `json:"figures"`
}
