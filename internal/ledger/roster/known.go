package roster

import (
	"strings"

	"wangge/internal/platform/relist"
)

// RowID is the key of the column that numbers the records in a list exported
// from here. A row that has such a number is about that very record: its door
// stays, and a cell that shows the mask of what is recorded leaves it as it is.
const RowID = "row"

// sealedKeys are the columns whose cells an export masks.
var sealedKeys = []string{Name, IDNo, Birth, Phone, Landline}

// Tidy gives a text as the parser sees it, so that a cell can be compared with
// what was written into it.
func Tidy(s string) string { return tidy(s) }

// readKnown reads a row of an exported list; false where the row names no
// record.
func (r *record) readKnown() bool {
	_, number := r.text(RowID)
	if !relist.IsID(number) {
		return false
	}
	r.row.Record, r.row.Masked, r.masked = number, map[string]string{}, map[int]bool{}
	for _, key := range sealedKeys {
		if c, t := r.text(key); strings.Contains(t, "*") {
			r.row.Masked[key], r.masked[c] = t, true
		}
	}
	names := r.readNames()
	r.readFlags()
	r.place.room = r.doorText()
	r.row.Door = r.place.room
	r.readRelation()
	r.readPerson(names)
	if len(names) > 1 {
		r.note(r.s.cols.at[Name], SevError, "roster.row_several")
	}
	if ask := r.s.p.o.Known; ask != nil && !r.failed {
		if key, why := ask(&r.people[0]); why != "" {
			r.note(r.columnOf(key), SevError, why)
		}
	}
	return true
}

// doorText is what the row says about its door, in words.
func (r *record) doorText() string {
	for _, key := range []string{Address, Room} {
		if _, t := r.text(key); t != "" {
			return t
		}
	}
	return "-"
}

func (r *record) columnOf(key string) int {
	if key == Address && !r.s.cols.has(Address) {
		key = Room
	}
	if c, ok := r.s.cols.at[key]; ok {
		return c
	}
	return -1
}
