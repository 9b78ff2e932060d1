package staff

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"wangge/internal/platform/errs"
	"wangge/internal/platform/sheet"
)

// Bounds of a list.
const (
	MaxBytes = 16 << 20
	maxRows  = 20000
	maxCells = 60
)

// table is one sheet as text.
type table struct {
	name string
	rows [][]string
	nums []int // the rows' numbers as the office program shows them
}

// readTables reads the shown sheets of a workbook or text table.
func readTables(ctx context.Context, data []byte) ([]table, error) {
	const op = "staff.read"
	if len(data) == 0 {
		return nil, errs.Field(errs.E(op, errs.Invalid, "error.required"), "file")
	}
	if len(data) > MaxBytes {
		return nil, errs.Field(errs.E(op, errs.TooMany, "error.too_big", MaxBytes>>10), "file")
	}
	book, err := sheet.OpenBytes(data, sheet.Limits{Uncompressed: 256 << 20, Strings: 64 << 20})
	if err != nil {
		return nil, errs.Field(err, "file")
	}
	defer book.Close()
	var out []table
	total := 0
	for i, info := range book.Sheets() {
		if info.Hidden {
			continue
		}
		t := table{name: info.Name}
		err := book.Rows(ctx, i, func(r sheet.Row) error {
			if r.Blank() {
				return nil
			}
			if total++; total > maxRows {
				return errs.Field(errs.E(op, errs.Invalid, "staff.too_many_rows", maxRows), "file")
			}
			cells := make([]string, min(len(r.Cells), maxCells))
			for c := range cells {
				cells[c] = sheet.Tidy(r.Cells[c].String())
			}
			t.rows, t.nums = append(t.rows, cells), append(t.nums, r.N)
			return nil
		})
		if err != nil {
			return nil, errs.Wrap(op, err)
		}
		out = append(out, t)
	}
	return out, nil
}

// entry is a row of a list, its cells by column.
type entry struct {
	sheet   string
	row     int
	cells   []string
	text    texts
	columns map[string]int // key → column from 0
}

// letter is the letters of the column that a key was found in.
func (e entry) letter(key string) string {
	if i, ok := e.columns[key]; ok {
		return sheet.ColumnName(i + 1)
	}
	return ""
}

// has reports whether the list has the column.
func (e entry) has(key string) bool { _, ok := e.columns[key]; return ok }

// entries finds the headers and returns the rows below them.
func entries(tables []table, report *Report) []entry {
	var out []entry
	for _, t := range tables {
		h := vocab.findHeader(t.rows)
		sr := SheetReport{Sheet: t.name, Columns: map[string]string{}}
		if h.index >= 0 {
			sr.HeaderRow = t.nums[h.index]
			for key, i := range h.columns {
				sr.Columns[key] = sheet.ColumnName(i + 1)
			}
			for i := h.index + 1; i < len(t.rows); i++ {
				e := entry{sheet: t.name, row: t.nums[i], cells: t.rows[i], text: texts{}, columns: h.columns}
				for key, c := range h.columns {
					if c < len(t.rows[i]) {
						e.text[key] = strings.TrimSpace(t.rows[i][c])
					}
				}
				if e.person() {
					out = append(out, e)
					sr.Rows++
				}
			}
			report.header = append(report.header, t.rows[h.index])
		}
		if h.index >= 0 || len(t.rows) > 0 {
			report.Sheets = append(report.Sheets, sr)
		}
	}
	return out
}

// person reports whether a row speaks of somebody: blank rows, totals, remarks
// below the list and repeated headers do not.
func (e entry) person() bool {
	filled := 0
	for _, key := range []string{colName, colPhone, colRole, colArea, colCommunity, colGrid, colBuilding, colUnit} {
		if e.text[key] != "" {
			filled++
		}
	}
	if key, sure := vocab.column(e.text[colName]); sure && key == colName {
		return false
	}
	first := ""
	for _, c := range e.cells {
		if first = fold(c); first != "" {
			break
		}
	}
	if slices.ContainsFunc(vocab.Totals, func(w string) bool { return strings.HasPrefix(first, w) }) {
		return false
	}
	if _, err := strconv.Atoi(e.text[colName]); err == nil {
		return filled > 1
	}
	return filled > 1 || e.text[colName] != "" && len(e.cells) > 1
}
