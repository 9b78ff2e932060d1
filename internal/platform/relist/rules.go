package relist

import (
	"strings"

	"wangge/internal/platform/seal"
	"wangge/internal/platform/sheet"
)

// The reasons for which a row of any list is refused, keys of the catalogue.
const (
	WhyUnknown = "relist.unknown" // no such record where the caller may look
	WhyTwice   = "relist.twice"   // its number stands in an earlier row
	WhyMasked  = "relist.masked"  // a star that is not the mask of what is recorded
	WhyFixed   = "relist.fixed"   // a column that lists do not change
	WhyNoNew   = "relist.no_new"  // new records do not come by this list
)

// IsID reports whether a text is a record's number and not a serial one.
func IsID(s string) bool {
	if len(s) < 15 || len(s) > 19 {
		return false
	}
	return !strings.ContainsFunc(s, func(r rune) bool { return r < '0' || r > '9' })
}

// Seen keeps the numbers of the rows that went before.
type Seen map[string]bool

// Check says why a row cannot stand for the record of its number; "" where it
// can. known tells whether there is such a record.
func (s Seen) Check(number string, known bool) string {
	switch {
	case !known:
		return WhyUnknown
	case s[number]:
		return WhyTwice
	}
	s[number] = true
	return ""
}

// Kept reports whether a cell leaves a sealed value as it is: it shows the
// value's mask. A cell with any other star must be refused (WhyMasked).
func Kept(cell, mask string) (kept, masked bool) {
	if sheet.Tidy(cell) == sheet.Tidy(mask) {
		return true, false
	}
	return false, seal.IsMasked(cell)
}

// Diff sets rows against the records, in the order of the rows.
func (l List) Diff(lang string, have []Record, rows []Row) []Line {
	byID := make(map[string]Record, len(have))
	for _, r := range have {
		byID[r.ID] = r
	}
	seen := Seen{}
	out := make([]Line, len(rows))
	for i, row := range rows {
		now, known := byID[row.ID]
		line := Line{Sheet: row.Sheet, Row: row.N, ID: row.ID, State: Unchanged, row: row, cells: map[string]string{}, now: now}
		if line.Name = now.Cells[l.Label]; line.Name == "" {
			line.Name = row.Cells[l.Label]
		}
		if row.ID == "" {
			l.fresh(lang, &line)
		} else if why := seen.Check(row.ID, known); why != "" {
			line.Refuse(lang, idKey, why)
		} else {
			l.compare(lang, &line)
		}
		out[i] = line
	}
	return out
}

// fresh reads a row without a number.
func (l List) fresh(lang string, line *Line) {
	line.State = New
	if !l.New {
		line.Refuse(lang, idKey, WhyNoNew)
		return
	}
	for _, c := range l.Columns {
		cell, there := line.row.Cells[c.Key]
		if !there || c.Info {
			continue
		}
		if c.Mask != nil && seal.IsMasked(cell) {
			line.Refuse(lang, c.Key, WhyMasked)
		}
		line.cells[c.Key] = c.norm(cell)
	}
}

// compare reads a row of a record that is there.
func (l List) compare(lang string, line *Line) {
	for _, c := range l.Columns {
		cell, there := line.row.Cells[c.Key]
		if !there || c.Info || c.same(cell, line.now) {
			continue
		}
		switch {
		case c.Mask != nil && seal.IsMasked(cell):
			line.Refuse(lang, c.Key, WhyMasked)
		case c.Fixed:
			line.Refuse(lang, c.Key, WhyFixed, line.now.Cells[c.Key])
		default:
			to := c.norm(cell)
			line.cells[c.Key] = to
			if c.Mask != nil {
				to = c.Mask(to)
			}
			line.Changes = append(line.Changes, Change{Column: c.Key, From: line.now.Cells[c.Key], To: to})
			if line.State == Unchanged {
				line.State = Changed
			}
		}
	}
}

// same reports whether a cell says what is recorded.
func (c Column) same(cell string, now Record) bool {
	if c.Mask == nil {
		also, ok := now.Also[c.Key]
		return c.norm(cell) == c.norm(now.Cells[c.Key]) || ok && c.norm(cell) == c.norm(also)
	}
	if kept, _ := Kept(cell, now.Cells[c.Key]); kept {
		return true
	}
	return c.norm(cell) == c.norm(now.Clear[c.Key])
}
