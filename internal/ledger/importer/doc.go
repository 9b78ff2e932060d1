// Package importer brings rosters into the ledger: a file is staged (sealed),
// planned (read and matched without writing), corrected, applied in pieces and,
// if need be, undone.
//
// What it guarantees:
//   - Nothing of a file is kept in clear; a finished import keeps no file.
//   - Importing the same roster again changes nothing; importing a corrected
//     one updates the records it made (identity by number, else by phone and
//     name, else by name behind the door).
//   - A roster is written while it is read: memory holds a few thousand rows
//     and, of the others, hashes (see pieces.go).
//   - Each piece commits with the journal of what it did. An import that
//     failed, was cancelled or was cut off by a crash is undone from the journal
//     (Recover at the next start), so nothing stays half done.
//   - A record that somebody changed after the import survives its undoing.
package importer

import (
	"context"
	"io"

	"wangge/internal/grid"
	"wangge/internal/ledger/roster"
	"wangge/internal/platform/db"
	"wangge/internal/platform/id"
)

// State of an import.
type State string

// The states.
const (
	Staged   State = "staged"   // uploaded
	Planned  State = "planned"  // read and matched; nothing written
	Applying State = "applying" // being written
	Applied  State = "applied"
	Failed   State = "failed" // undone after a failure; may be applied again
	Reverted State = "undone" // undone on request
)

// File is one file to be imported.
type File struct {
	Name string
	R    io.ReaderAt
	Size int64
}

// MaxBytes is the most an import takes, over all its files.
const MaxBytes = 64 << 20

// Target is where a roster belongs.
type Target struct {
	Place    id.ID  // a community, or a compound below one
	Compound string // name of the compound for rows that name none, where Place is a community

	Reconcile *ReconcileOptions // compare with the ledger and follow rules; nil: the roster's word counts
}

// Places is what the importer needs of the grid; grid.Service is one.
type Places interface {
	// AddPlacesIn adds places within a transaction; parents may stand before
	// their children in the list.
	AddPlacesIn(ctx context.Context, tx *db.Tx, c grid.Caller, list []grid.NewPlace) ([]grid.Place, error)
}

// Report is what an import understood and did, in the shape the command line
// prints.
type Report struct {
	*roster.Result
	Created   *int `json:"created,omitempty"`
	Updated   *int `json:"updated,omitempty"`
	Unchanged *int `json:"unchanged,omitempty"`

	Reconcile *Comparison `json:"reconcile,omitempty"`
}

// ImportCounts is what happened, or would happen, to the accepted rows; each row is
// counted once.
type ImportCounts struct {
	Created   int `json:"created"`
	Updated   int `json:"updated"`
	Unchanged int `json:"unchanged"`
	Rejected  int `json:"rejected"`
	NewDoors  int `json:"new_doors"`
	Skipped   int `json:"skipped,omitempty" doc:"People left out by decision"`
	Departed  int `json:"departed,omitempty" doc:"People closed by decision, because the roster does not name them"`
	Moved     int `json:"moved" doc:"Of the updated: people found behind another door than before"`
}

// Import is one import as shown.
type Import struct {
	ID         id.ID           `json:"id"`
	State      State           `json:"state"`
	AreaID     id.ID           `json:"area_id"`
	CompoundID id.ID           `json:"compound_id"`
	Place      string          `json:"place" doc:"Where it goes, in words"`
	Files      []string        `json:"files"`
	Counts     ImportCounts    `json:"counts"`
	Sheets     []Understood    `json:"sheets,omitempty"`
	Doors      int             `json:"doors"`
	Households int             `json:"households"`
	Persons    int             `json:"persons"`
	Compound   string          `json:"compound" doc:"The compound for rows that name none"`
	NeedsName  bool            `json:"needs_compound" doc:"Rows name no compound and none was chosen"`
	Questions  Questions       `json:"questions"`
	Done       int64           `json:"done"`
	Total      int64           `json:"total"`
	Message    string          `json:"message,omitempty" doc:"Catalogue key of why it failed"`
	AccountID  id.ID           `json:"account_id"`
	CreatedMs  int64           `json:"created_ms"`
	AppliedMs  int64           `json:"applied_ms,omitempty"`
	Reconcile  *Reconciliation `json:"reconcile,omitempty" doc:"The comparison with the ledger, where one was made"`
	Undone     *UndoCounts     `json:"undone,omitempty" doc:"What taking it back did"`
	judge      *judge
	path       string
	community  string // the community's name
	postID     id.ID
	body       body
}

// Understood is what was understood of one sheet, for the person who checks it.
type Understood struct {
	File      string            `json:"file"`
	Sheet     string            `json:"sheet"`
	HeaderRow int               `json:"header_row" doc:"The header's last row; 0: none"`
	Columns   map[string]string `json:"columns" doc:"Column key to column letters"`
	Rows      int               `json:"rows"`
	Accepted  int               `json:"accepted"`
	Rejected  int               `json:"rejected"`
	Skipped   int               `json:"skipped" doc:"Titles, totals, blank rows"`
	Problems  []Finding         `json:"problems"`

	Said       []roster.Said  `json:"said" doc:"Where rows belong that do not say so themselves"`
	Community  string         `json:"community,omitempty" doc:"The community a title or the file's name speaks of"`
	Joined     *roster.Joined `json:"joined,omitempty" doc:"The other sheet it was read together with"`
	PlaceKey   string         `json:"place_key" doc:"Names the table in corrections of where it belongs"`
	MapKey     string         `json:"map_key" doc:"Names the sheet in corrections"`
	HeaderText []string       `json:"headers"`
	Samples    [][]string     `json:"samples" doc:"The first rows, masked"`
	IsRoster   bool           `json:"is_roster"`
	MoreDoubts int            `json:"doubts"`
	AllErrors  int            `json:"errors"`
	AllRepairs int            `json:"repairs"`
}

// Questions are what a person should look at before a roster is written,
// because nothing in the file decides it.
type Questions struct {
	NewCompounds   []string `json:"new_compounds,omitempty" doc:"Compounds that will be made: a known one may be meant"`
	Compounds      []string `json:"compounds,omitempty" doc:"Compounds that are there"`
	OtherCommunity string   `json:"other_community,omitempty" doc:"A title speaks of another community than the one chosen"`
	OtherCompound  int      `json:"other_compound,omitempty" doc:"Rows that name another compound than the one chosen"`
}

// Correction is what a person says about a roster that was read otherwise.
type Correction struct {
	Mappings map[string]roster.Mapping // what columns mean, by MapKey; remembered for the area
	Places   map[string]roster.Place   // where a table's rows belong, by PlaceKey
	Compound string                    // the compound of rows that name none
}

// Finding is one problem in one cell.
type Finding struct {
	Row      int    `json:"row" doc:"0: the whole sheet"`
	Column   string `json:"column"`
	Value    string `json:"value" doc:"As it stood; numbers of people are masked"`
	Severity string `json:"severity" enum:"error,repaired,doubt"`
	Problem  string `json:"problem"`
}

// body is the sealed part of an import.
type body struct {
	Files    []fileInfo              `json:"files"`
	Compound string                  `json:"compound,omitempty"`
	Places   map[string]roster.Place `json:"places,omitempty"`
	Sheets   []Understood            `json:"sheets,omitempty"`
	Totals   [3]int                  `json:"totals"` // doors, households, persons
	Needs    bool                    `json:"needs,omitempty"`
	Asks     Questions               `json:"asks"`

	Reconcile *Reconciliation `json:"reconcile,omitempty"`
	Undone    *UndoCounts     `json:"undone,omitempty"`
}

type fileInfo struct {
	Name  string `json:"name"`
	Size  int64  `json:"size"`
	Parts int    `json:"parts"`
}
