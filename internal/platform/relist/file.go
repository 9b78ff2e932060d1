package relist

import (
	"context"
	"io"
	"strings"

	"wangge/internal/platform/errs"
	"wangge/internal/platform/i18n"
	"wangge/internal/platform/sheet"
)

// Bounds of a list that is handed in.
const (
	MaxBytes = 16 << 20
	MaxRows  = 20000
)

// headerDepth is how far down a header is looked for.
const headerDepth = 30

// idKey stands for the column of the numbers in problems.
const idKey = "id"

// Row is a row of a list that was handed in.
type Row struct {
	Sheet string
	N     int               // as the office program numbers it
	ID    string            // "" of a new record
	Cells map[string]string // by column; those the sheet has

	letters map[string]string // by column
}

// Write writes a list as a workbook of one sheet.
func (l List) Write(w io.Writer, lang, name string, records []Record) error {
	cols := []sheet.Column{{Title: i18n.T(lang, IDTitle), Width: 21}}
	for _, c := range l.Columns {
		cols = append(cols, sheet.Column{Title: i18n.T(lang, c.Title), Width: c.Width})
	}
	out, err := sheet.NewXLSX(w, name, cols...)
	if err != nil {
		return errs.Wrap("relist.Write", err)
	}
	for _, r := range records {
		cells := []any{r.ID}
		for _, c := range l.Columns {
			cells = append(cells, r.Cells[c.Key])
		}
		if err := out.Row(cells...); err != nil {
			return errs.Wrap("relist.Write", err)
		}
	}
	return errs.Wrap("relist.Write", out.Close())
}

// titles are the keys of the columns by their titles in every language.
func (l List) titles() map[string]string {
	out := map[string]string{}
	for _, lang := range i18n.Langs() {
		out[fold(i18n.T(lang, IDTitle))] = idKey
		for _, c := range l.Columns {
			out[fold(i18n.T(lang, c.Title))] = c.Key
		}
	}
	return out
}

func fold(s string) string { return strings.ToLower(sheet.Squeeze(s)) }

// Read reads the rows of a list of this kind from a workbook or text table.
// Invalid at "file" for what was not exported as such a list.
func (l List) Read(ctx context.Context, data []byte) ([]Row, error) {
	const op = "relist.Read"
	switch {
	case len(data) == 0:
		return nil, errs.Field(errs.E(op, errs.Invalid, "error.required"), "file")
	case len(data) > MaxBytes:
		return nil, errs.Field(errs.E(op, errs.TooMany, "error.too_big", MaxBytes>>10), "file")
	}
	book, err := sheet.OpenBytes(data, sheet.Limits{Uncompressed: 256 << 20, Strings: 64 << 20})
	if err != nil {
		return nil, errs.Field(err, "file")
	}
	defer book.Close()
	r := reader{titles: l.titles()}
	for i, info := range book.Sheets() {
		if info.Hidden {
			continue
		}
		r.sheet, r.columns, r.met = info.Name, nil, 0
		if err := book.Rows(ctx, i, r.row); err != nil {
			return nil, errs.Wrap(op, err)
		}
	}
	if !r.headed {
		return nil, errs.Field(errs.E(op, errs.Invalid, "relist.no_header"), "file")
	}
	return r.rows, nil
}

// reader gathers the rows of a book.
type reader struct {
	titles  map[string]string
	sheet   string
	columns map[string]int // of this sheet, once its header is found
	met     int            // rows seen of this sheet
	headed  bool
	rows    []Row
}

func (r *reader) row(row sheet.Row) error {
	if row.Blank() {
		return nil
	}
	if r.columns == nil {
		if r.met++; r.met <= headerDepth {
			r.header(row)
		}
		return nil
	}
	if len(r.rows) >= MaxRows {
		return errs.Field(errs.E("relist.Read", errs.Invalid, "relist.too_many", MaxRows), "file")
	}
	out := Row{Sheet: r.sheet, N: row.N, Cells: map[string]string{}, letters: map[string]string{}}
	filled := false
	for key, i := range r.columns {
		text := ""
		if i < len(row.Cells) {
			text = sheet.Tidy(row.Cells[i].String())
		}
		filled = filled || text != ""
		out.letters[key] = sheet.ColumnName(i + 1)
		if key == idKey {
			out.ID = text
			continue
		}
		out.Cells[key] = text
	}
	if filled {
		r.rows = append(r.rows, out)
	}
	return nil
}

// header takes a row that names the column of the numbers and two more.
func (r *reader) header(row sheet.Row) {
	cols := map[string]int{}
	for i, c := range row.Cells {
		if key, ok := r.titles[fold(c.String())]; ok {
			if _, taken := cols[key]; !taken {
				cols[key] = i
			}
		}
	}
	if _, numbered := cols[idKey]; numbered && len(cols) >= 3 {
		r.columns, r.headed = cols, true
	}
}

// Exported reports whether the cells of a header say that the list was
// exported from here.
func Exported(header []string) bool {
	for _, lang := range i18n.Langs() {
		title := fold(i18n.T(lang, IDTitle))
		for _, cell := range header {
			if fold(cell) == title {
				return true
			}
		}
	}
	return false
}
