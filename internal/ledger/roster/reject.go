package roster

import (
	"io"

	"wangge/internal/platform/i18n"
	"wangge/internal/platform/sheet"
)

// RejectWriter writes refused rows as a workbook: a sheet for each sheet they
// came from, under the same name, with the titles and the header as they were,
// the rows as they were and the reason in the last column. Blank cells that
// meant "as above" are filled in, so the workbook can be corrected and imported
// by itself. Implements Rejects.
type RejectWriter struct {
	b     *sheet.Workbook
	cur   *sheet.XLSXSheet
	lang  string
	key   string
	width int
	rows  int
}

// NewRejectWriter starts a workbook of refused rows on w.
func NewRejectWriter(w io.Writer, lang string) *RejectWriter {
	return &RejectWriter{b: sheet.NewWorkbook(w), lang: lang}
}

// Rows returns how many rows were refused.
func (w *RejectWriter) Rows() int { return w.rows }

// Reject writes one refused row; see Rejects.
func (w *RejectWriter) Reject(file, name string, head [][]sheet.Cell, cells []sheet.Cell, reason string) error {
	fresh := false
	if key := file + "\x1f" + name; w.cur == nil || key != w.key {
		w.key, w.width, fresh = key, len(cells), true
		for _, h := range head {
			w.width = max(w.width, len(h))
		}
		var err error
		if w.cur, err = w.b.Sheet(name, sheet.SheetOptions{Widths: w.widths()}); err != nil {
			return err
		}
	}
	for i, h := range head {
		title := ""
		if fresh && i == headerLine(head) {
			title = i18n.T(w.lang, "roster.reject_reason")
		}
		if err := w.cur.Header(w.line(h, title)...); err != nil {
			return err
		}
	}
	w.rows++
	return w.cur.Row(w.line(cells, reason)...)
}

// headerLine finds the header among titles, header and a section row: the last
// line of more than one cell.
func headerLine(head [][]sheet.Cell) int {
	for i := len(head) - 1; i >= 0; i-- {
		if len(head[i]) > 1 {
			return i
		}
	}
	return len(head) - 1
}

func (w *RejectWriter) widths() []float64 {
	ws := make([]float64, w.width+1)
	ws[w.width] = 60
	return ws
}

// line sets the reason behind the widest row.
func (w *RejectWriter) line(cells []sheet.Cell, last string) []any {
	out := make([]any, max(w.width, len(cells))+1)
	for i, c := range cells {
		if c.Kind != sheet.Empty && !c.FromLeft() {
			out[i] = c
		}
	}
	if last != "" {
		out[len(out)-1] = last
	}
	return out
}

// Close finishes the workbook.
func (w *RejectWriter) Close() error { return w.b.Close() }

// WriteTemplate writes an empty workbook to be filled in, with every column
// this package reads under its usual header, and a sheet that explains them.
func WriteTemplate(w io.Writer, lang string) error {
	b := sheet.NewWorkbook(w)
	var cols []sheet.Column
	for _, k := range Keys() {
		cols = append(cols, sheet.Column{Title: i18n.T(lang, "roster.column."+k), Width: 14})
	}
	if _, err := b.Sheet(i18n.T(lang, "roster.template_sheet"), sheet.SheetOptions{Columns: cols, Freeze: true}); err != nil {
		return err
	}
	help, err := b.Sheet(i18n.T(lang, "roster.template_help"), sheet.SheetOptions{Widths: []float64{18, 90}})
	if err != nil {
		return err
	}
	for _, k := range Keys() {
		if err := help.Row(i18n.T(lang, "roster.column."+k), i18n.T(lang, "roster.help."+k)); err != nil {
			return err
		}
	}
	return b.Close()
}
