// Package relist takes lists out and in again. A list that was exported names
// each record by its number in the first column; handed in again, it is
// compared with what is recorded.
//
// What it guarantees:
//   - a list that nobody touched comes to nothing, in whichever language it was
//     written and whatever the office program made of its dates;
//   - a cell of a sealed column that equals the mask of what is recorded leaves
//     it as it is; any other star is refused, never stored;
//   - a number that is not among the records is refused, and so is one that
//     stands twice, and a change of a column that is not changed by lists.
//
// It knows nothing of what the lists are about: a slice gives its columns and
// records, and carries out the lines.
package relist

import (
	"wangge/internal/platform/i18n"
	"wangge/internal/platform/sheet"
)

// IDTitle is the catalogue key of the title of the column with the records'
// numbers. It stands first in every exported list.
const IDTitle = "relist.id"

// Column is one column of a list besides the records' numbers.
type Column struct {
	Key   string
	Title string  // a key of the catalogue
	Width float64 // in characters; 0 is 14

	Mask  func(string) string // sealed: what an export shows of a value
	Norm  func(string) string // the form in which cells are compared and handed on; nil is sheet.Tidy
	Fixed bool                // of a record that is there it is not changed by a list
	Info  bool                // shown, and never compared
}

func (c Column) norm(cell string) string {
	cell = sheet.Tidy(cell)
	if c.Norm != nil {
		return c.Norm(cell)
	}
	return cell
}

// List is a kind of list.
type List struct {
	Columns []Column
	Label   string // key of the column that says what a record is called
	New     bool   // a row without a number is a new record
}

// Titles are the titles of the columns by their keys.
func (l List) Titles(lang string) map[string]string {
	out := map[string]string{}
	for _, c := range l.Columns {
		out[c.Key] = i18n.T(lang, c.Title)
	}
	return out
}

// Record is what is recorded, as an export shows it.
type Record struct {
	ID    string
	Cells map[string]string
	Clear map[string]string // of sealed columns the value itself; never exported
	Also  map[string]string // what a list in another language shows, where that differs
}

// State says what a row comes to.
type State string

// The states of a row.
const (
	Unchanged State = "unchanged"
	Changed   State = "changed"
	New       State = "new"
	Refused   State = "refused"
)

// Change is one cell that differs from what is recorded.
type Change struct {
	Column string `json:"column"`
	From   string `json:"from"`
	To     string `json:"to" doc:"Masked in sealed columns"`
}

// Problem is why a row is refused.
type Problem struct {
	Column string `json:"column,omitempty" doc:"Key of the column"`
	Letter string `json:"letter,omitempty" doc:"Its letters in the sheet"`
	Text   string `json:"problem"`
}

// Line is a row with what it comes to.
type Line struct {
	Sheet    string    `json:"sheet,omitempty"`
	Row      int       `json:"row"`
	ID       string    `json:"id,omitempty" doc:"Number of the record; empty of a new one"`
	Name     string    `json:"name,omitempty" doc:"What the record is called"`
	State    State     `json:"state" enum:"unchanged,changed,new,refused"`
	Changes  []Change  `json:"changes,omitempty"`
	Problems []Problem `json:"problems,omitempty"`

	row   Row
	cells map[string]string // of a changed or new row, by column
	now   Record
}

// Cell is what a row says in a column; given is false where that is not
// changed.
func (l *Line) Cell(key string) (cell string, given bool) {
	cell, given = l.cells[key]
	return cell, given
}

// Recorded is what the record says in a column now.
func (l *Line) Recorded(key string) string { return l.now.Cells[key] }

// Refuse marks a line as refused, for what is wrong in a column ("": the row).
func (l *Line) Refuse(lang, column, key string, args ...any) {
	l.State = Refused
	l.Problems = append(l.Problems, Problem{Column: column, Letter: l.row.letters[column], Text: i18n.T(lang, key, args...)})
}

// Report is what a list comes to.
type Report struct {
	File      string `json:"file"`
	Rows      int    `json:"rows"`
	New       int    `json:"new"`
	Changed   int    `json:"changed"`
	Unchanged int    `json:"unchanged"`
	Refused   int    `json:"refused"`
	Lines     []Line `json:"lines" doc:"Rows that are not unchanged"`
}

// Sum makes the report of some lines.
func Sum(file string, lines []Line) *Report {
	r := &Report{File: file, Rows: len(lines), Lines: []Line{}}
	for _, l := range lines {
		switch l.State {
		case New:
			r.New++
		case Changed:
			r.Changed++
		case Refused:
			r.Refused++
		default:
			r.Unchanged++
			continue
		}
		r.Lines = append(r.Lines, l)
	}
	return r
}
