// Package roster understands the tables of residents that property offices,
// communities and villages keep, and turns them into typed rows.
//
// It finds the header below title rows (one or two rows of it), or recognises
// columns by their content where the header is missing or wrong; it follows
// merged cells, ditto marks, cells left blank below the first of a household,
// section rows and sheet names; it repairs what is certain and refuses what is
// not, with one problem per finding and cell. Titles, totals, repeated headers,
// page footers and blank rows are no people and are skipped. A table that is
// not about people is reported as such and nobody is invented from it.
//
// It is pure: no database, no clock. Memory is bounded by the number of
// distinct doors, not by the file.
package roster

import (
	"context"
	"io"

	"wangge/internal/platform/sheet"
)

// The column keys, as DESIGN names them, in the order of a written template.
const (
	Compound   = "compound"
	Building   = "building"
	Unit       = "unit"
	Floor      = "floor"
	Room       = "room"
	Group      = "group"
	Head       = "head"
	Name       = "name"
	Relation   = "relation"
	Sex        = "sex"
	Birth      = "birth"
	IDNo       = "idno"
	Phone      = "phone"
	Landline   = "landline"
	Address    = "address"
	Registered = "registered"
	LivesHere  = "lives_here"
	Persons    = "persons"
	Tags       = "tags"
	Note       = "note"
)

// Keys returns all column keys in order.
func Keys() []string {
	return []string{Compound, Building, Unit, Floor, Room, Group, Head, Name, Relation, Sex, Birth, IDNo, Phone, Landline, Address, Registered, LivesHere, Persons, Tags, Note}
}

// hukou is a header for the registered address; it becomes address or registered.
const (
	hukou     = "hukou"
	lane      = "lane"       // a header for a lane or street: the compound where none is named
	phase     = "phase"      // a header for a part of a compound
	plateKey  = "plate"      // a street's number beside a room
	number    = "number"     // a header that says number: the room, or the building where rooms stand beside
	ownerNo   = "owner_no"   // the owner's number, by which sheets of one workbook are joined
	maybeRoom = "maybe_room" // a header that may number households or doors
	other     = "other"      // a known header that is not imported
	alien     = "alien"      // a header of tables about things, fees or vehicles
)

// Row is one person of an accepted row, or a door without a named person.
type Row struct {
	File  string // the file's name
	Sheet string // the sheet's name
	N     int    // row number in the sheet, from 1

	Record string            // number of the record the row is about, in a list exported from here
	Door   string            // of such a row: its door in words
	Masked map[string]string // of such a row: column key → mask that stands for what is recorded

	Compound string // compound or natural village
	Building string // number without its sign, or a name
	Unit     string
	Floor    string
	Room     string
	Group    string // villager group
	Head     string // head of the household the person belongs to, where known
	Order    int    // walking order: how many doors of this file came before, from 1
	// Household numbers the households behind one door, from 1; 0 for a vacant door.
	Household int

	Name     string // empty for a door without a named person
	Relation string // relation to the head, as written
	IsHead   bool   // the row says this person is the head
	Sex      string // "M", "F" or unknown
	Birth    string // 2006-01-02; 2006-01 or 2006 where no more is said
	IDNo     string // canonical number of an identity paper
	IDKind   string // kind of the paper, see idno.Kind

	Phone       string   // mobile number, 11 digits; foreign ones with +
	MorePhones  []string // further mobile numbers of the cell
	Landline    string   // fixed line, digits with the area code's dash; short numbers too
	Address     string   // free-text address of the row
	HomeAddress string   // registered address, where the table has it apart

	Registered *bool    // registered (户籍) here; nil: not said
	LivesHere  *bool    // lives here; nil: not said
	Persons    int      // head count the row states; 0: not said
	Vacant     bool     // the row says nobody lives here
	Tags       []string // keys of the closed list: living_alone, chronic, tenant, let …
	Note       string
}

// Severity says what a problem did to its row.
type Severity string

// The severities.
const (
	SevError    Severity = "error"    // the row is rejected
	SevRepaired Severity = "repaired" // put right with certainty
	SevDoubt    Severity = "doubt"    // taken, but somebody should look; an unsure value is left out
)

// Problem is one finding in one cell.
type Problem struct {
	Row      int      `json:"row"`    // 0: the whole sheet
	Column   string   `json:"column"` // letters; empty: the whole row
	Value    string   `json:"value"`  // as it stood; numbers of people are masked
	Severity Severity `json:"severity"`
	Problem  string   `json:"problem"` // in the language asked for
	Code     string   `json:"-"`       // catalogue key
}

// SheetResult is what was understood of one sheet.
type SheetResult struct {
	File      string            `json:"file"`
	Sheet     string            `json:"sheet"`
	HeaderRow int               `json:"header_row"` // the header's last row; 0: none
	Columns   map[string]string `json:"columns"`    // key → column letters
	Rows      int               `json:"rows"`       // rows below the header up to the last written one
	Accepted  int               `json:"accepted"`
	Rejected  int               `json:"rejected"`
	Skipped   int               `json:"skipped"` // titles, totals, footers, blank rows between
	Problems  []Problem         `json:"problems"`

	Key       string     `json:"-"` // fingerprint of the header as found, see MappingKey; keys Options.Mappings
	PlaceKey  string     `json:"-"` // names the table in Options.Places
	Said      []Said     `json:"-"` // where the rows belong that do not say so themselves
	Joined    *Joined    `json:"-"` // the other sheet it was read together with; nil for none
	Community string     `json:"-"` // the community a title or the file's name speaks of; "" where none does
	Headers   []string   `json:"-"` // header text per column
	Sample    [][]string `json:"-"` // the first data rows, masked, for a person to check the columns
	Hidden    []string   `json:"-"` // letters of hidden columns
	Roster    bool       `json:"-"` // false: the sheet is not about people
	Repaired  int        `json:"-"` // problems of that severity, listed or not
	Doubts    int        `json:"-"`
	Errors    int        `json:"-"`
}

// Result is what was understood of all files.
type Result struct {
	Sheets     []*SheetResult `json:"sheets"`
	Doors      int            `json:"doors"`      // distinct doors among accepted rows
	Households int            `json:"households"` // households behind them; a vacant door has none
	Persons    int            `json:"persons"`    // distinct named persons
}

// Mapping is a person's correction for sheets with one header.
type Mapping struct {
	HeaderRow *int              `json:"header_row,omitempty"` // nil: as found; 0: there is none
	Columns   map[string]string `json:"columns"`              // key → column letters; a key left out is not read
}

// Rejects takes the rows that were refused. Head holds the rows above the data
// (titles and header) and is given with each sheet's first refused row only.
type Rejects interface {
	// Reject takes one refused row. The cells are valid only until it returns.
	Reject(file, sheet string, head [][]sheet.Cell, cells []sheet.Cell, reason string) error
}

// Options steer Parse. The zero value is ready to use.
type Options struct {
	Mappings  map[string]Mapping // corrections by SheetResult.Key
	Lang      string             // of the problems' texts; zh by default
	Places    map[string]Place   // corrections of where a table's rows belong, by SheetResult.PlaceKey
	Compounds []string           // compounds known in the area: their names are recognised in titles, names of sheets and of files
	Compound  string             // the compound of rows that name none
	Drill     bool               // accept unassignable identity numbers
	Today     string             // 2006-01-02; later birth dates are doubtful
	Unmasked  bool               // show numbers in problems and samples as they stand
	Problems  int                // most problems listed a sheet and severity; default 2,000
	Limits    sheet.Limits
	Rejects   Rejects                                // may be nil
	Known     func(*Row) (column, problem string)    // may refuse a row that names a record, by a catalogue key; may be nil
	Progress  func(file, sheetName string, rows int) // called every 1,000 rows; may be nil
}

// File is one file to be read.
type File struct {
	Name string // as shown to people
	R    io.ReaderAt
	Size int64
}

// Parse reads the files in order and calls fn for each person or door of an
// accepted row; fn may be nil. An error of kind Invalid means that a file is
// no table or holds nothing; an error of fn ends the parsing and is returned
// unchanged. The result is nil on error.
func Parse(ctx context.Context, files []File, o Options, fn func(Row) error) (*Result, error) {
	p := newParser(o, fn)
	for _, f := range files {
		if err := p.file(ctx, f); err != nil {
			return nil, err
		}
	}
	p.finish()
	return p.res, nil
}
