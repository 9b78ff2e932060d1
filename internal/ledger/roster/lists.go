package roster

import "wangge/internal/platform/sheet"

// Columns finds what the columns of a table of people hold, by their labels
// ("" for none) and by what stands in the rows: key of Keys → 0-based column. It
// is for other lists of people than rosters; they blank the labels they know
// themselves.
func Columns(labels []string, rows [][]sheet.Cell) map[string]int {
	v := vocab()
	width := len(labels)
	buf := make([]bufRow, len(rows))
	for i, cells := range rows {
		buf[i] = bufRow{cells: cells}
		width = max(width, len(cells))
	}
	return v.assign(labels, v.profiles(buf, width)).at
}

// Header reports the key a column's label stands for, "" for none.
func Header(label string) string {
	key, strength := vocab().matchHeader(label)
	if strength == 0 || key == other || key == alien {
		return ""
	}
	return key
}

// Numbers are the telephone numbers of a cell.
type Numbers struct {
	Mobile, Landline []string
	Repaired         bool // it was written otherwise
	Lost             bool // the table program dropped digits for good
	Bad              bool // something in it is no number
}

// Phones reads every telephone number of a cell.
func Phones(c sheet.Cell) Numbers {
	p := vocab().parsePhones(c.String(), c.Kind == sheet.Number)
	return Numbers{p.mobile, p.landline, p.repaired, p.lost, p.bad}
}
