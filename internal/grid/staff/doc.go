// Package staff puts people into posts by the thousand: it reads the lists
// that offices keep of their grid workers and building leaders, says what would
// change, makes accounts, posts and holders in one go, and prints the slips with
// which each of them opens the account.
//
// What it guarantees:
//   - a list is compared before anything is written, and each row is new,
//     changed, ended, unchanged or refused with its row, column, value and what
//     was expected; good rows go in without the bad ones;
//   - importing the same list again changes nothing: a person is known by the
//     phone (without one by the name within the post), a post by role and object;
//   - nobody loses a post for not being in a list unless the list was said to be
//     complete, and never the one who imports it;
//   - names and phones lie sealed while a list waits, and nobody is given a
//     password by another.
package staff

import (
	"wangge/internal/grid"
	"wangge/internal/platform/id"
)

// State says what a row of a list comes to.
type State string

// The states of a row.
const (
	StateNew       State = "new"
	StateChanged   State = "changed"
	StateEnded     State = "ended"
	StateUnchanged State = "unchanged"
	StateRefused   State = "refused"
)

// Problem is what is wrong with a cell of a list.
type Problem struct {
	Sheet    string `json:"sheet,omitempty"`
	Row      int    `json:"row"`
	Column   string `json:"column,omitempty" doc:"Letters of the column"`
	Value    string `json:"value,omitempty"`
	Expected string `json:"expected,omitempty" doc:"What would have been right"`
	Text     string `json:"problem"`
	Severity string `json:"severity" enum:"error,doubt" doc:"A row with a doubt goes in, one with an error does not"`
}

// Line is one row of a list with what it comes to.
type Line struct {
	Sheet   string    `json:"sheet,omitempty"`
	Row     int       `json:"row"`
	State   State     `json:"state"`
	Name    string    `json:"name"`
	Phone   string    `json:"phone,omitempty" doc:"Masked"`
	Role    grid.Role `json:"role,omitempty"`
	Title   string    `json:"title,omitempty"`
	Where   string    `json:"where,omitempty"`
	Changes []string  `json:"changes,omitempty" doc:"Of a changed row: name, title, from, until, doors"`
	Reason  string    `json:"reason,omitempty" doc:"Of a refused row"`

	acts  []act
	cells []string
}

// Missing is a holder of a post that the list does not name.
type Missing struct {
	Name   string    `json:"name"`
	Role   grid.Role `json:"role"`
	Where  string    `json:"where"`
	PostID id.ID     `json:"post_id"`

	holder grid.Holder
}

// SheetReport says how a sheet was understood.
type SheetReport struct {
	Sheet     string            `json:"sheet,omitempty"`
	HeaderRow int               `json:"header_row" doc:"0 where no header was found"`
	Columns   map[string]string `json:"columns" doc:"What was found in which column"`
	Rows      int               `json:"rows"`
}

// Report is what a list comes to.
type Report struct {
	File      string        `json:"file"`
	Sheets    []SheetReport `json:"sheets"`
	Rows      int           `json:"rows"`
	New       int           `json:"new"`
	Changed   int           `json:"changed"`
	Ended     int           `json:"ended"`
	Unchanged int           `json:"unchanged"`
	Refused   int           `json:"refused"`
	Accounts  int           `json:"accounts" doc:"Accounts that are made, without a password"`
	Posts     int           `json:"posts" doc:"Posts that are made"`
	Missing   []Missing     `json:"missing" doc:"Holders of posts of the same roles whom the list does not name; ended only where the list is complete"`
	Problems  []Problem     `json:"problems"`
	Lines     []Line        `json:"lines"`

	header [][]string // the columns' own titles, by sheet
}

// Options say how a list is taken.
type Options struct {
	Place    id.ID  // the area of rows that name none; Zero is the caller's highest
	File     string // its name, as shown
	Complete bool   // who is not in the list loses a post of the same roles in the same communities
	Lang     string
}
