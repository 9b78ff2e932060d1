package sheet

import (
	"archive/zip"
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"wangge/internal/platform/errs"
)

// Workbook writes an .xlsx workbook straight to its destination, sheet after
// sheet, with nothing kept in memory or spooled to disk.
type Workbook struct {
	z     *zip.Writer
	cur   *XLSXSheet
	names []string
	props *Properties
}

// XLSXSheet is the sheet of a Workbook that is being written.
type XLSXSheet struct {
	w    *bufio.Writer
	rows int
	mark string
}

// The cell styles of every workbook written here, by their index in cellXfs.
const (
	styleNone   = 0
	styleText   = 1 // text format: digits stay as typed
	styleHeader = 2
	styleGuard  = 3 // text with quotePrefix, the apostrophe of office programs
	styleDate   = 4
	styleMonth  = 5
)

// NewWorkbook starts a workbook on w.
func NewWorkbook(w io.Writer) *Workbook { return &Workbook{z: zip.NewWriter(w)} }

// SheetOptions say how a new sheet looks.
type SheetOptions struct {
	Columns []Column // header row and widths; no header row if there are none
	Widths  []float64
	Freeze  bool   // keep the header row in sight
	Mark    string // a line above and below the table and on every printed page, as for whom it was made
}

// Sheet ends the sheet before and starts another. The name is shortened and
// cleaned as the format demands and made unique.
func (b *Workbook) Sheet(name string, o SheetOptions) (*XLSXSheet, error) {
	if err := b.endSheet(); err != nil {
		return nil, err
	}
	if len(b.names) >= 10_000 {
		return nil, errs.E("sheet.Sheet", errs.TooMany, "sheet.no_sheets")
	}
	b.names = append(b.names, b.unique(name))
	f, err := b.z.Create(fmt.Sprintf("xl/worksheets/sheet%d.xml", len(b.names)))
	if err != nil {
		return nil, errs.Wrap("sheet.Sheet", err)
	}
	s := &XLSXSheet{w: bufio.NewWriterSize(f, 32<<10), mark: o.Mark}
	b.cur = s
	s.head(o)
	if s.mark != "" {
		if err := s.styled(styleHeader, []any{s.mark}); err != nil {
			return nil, err
		}
	}
	if len(o.Columns) == 0 {
		return s, nil
	}
	titles := make([]any, len(o.Columns))
	for i, c := range o.Columns {
		titles[i] = c.Title
	}
	return s, s.styled(styleHeader, titles)
}

func (s *XLSXSheet) head(o SheetOptions) {
	s.w.WriteString(xmlHead + `<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">`)
	if o.Freeze && len(o.Columns) > 0 {
		rows := 1
		if o.Mark != "" {
			rows = 2
		}
		fmt.Fprintf(s.w, `<sheetViews><sheetView workbookViewId="0"><pane ySplit="%d" topLeftCell="A%d" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>`, rows, rows+1)
	}
	widths := o.Widths
	for _, c := range o.Columns {
		widths = append(widths, c.Width)
	}
	hidden := func(i int) string {
		if i < len(o.Columns) && len(o.Widths) == 0 && o.Columns[i].Hidden {
			return ` hidden="1"`
		}
		return ""
	}
	if len(widths) > 0 {
		s.w.WriteString("<cols>")
		for i, w := range widths {
			if w <= 0 {
				w = 14
			}
			fmt.Fprintf(s.w, `<col min="%d" max="%d" width="%g" customWidth="1"%s/>`, i+1, i+1, w, hidden(i))
		}
		s.w.WriteString("</cols>")
	}
	s.w.WriteString("<sheetData>")
}

// Row writes one row.
func (s *XLSXSheet) Row(values ...any) error { return s.styled(styleText, values) }

// Header writes one row in the header's style.
func (s *XLSXSheet) Header(values ...any) error { return s.styled(styleHeader, values) }

func (s *XLSXSheet) styled(style int, values []any) error {
	s.rows++
	n := strconv.Itoa(s.rows)
	s.w.WriteString(`<row r="` + n + `">`)
	for i, v := range values {
		s.cell(ColumnName(i+1)+n, style, v)
	}
	_, err := s.w.WriteString("</row>")
	return errs.Wrap("sheet.Row", err)
}

func (s *XLSXSheet) cell(ref string, style int, v any) {
	str, text := plainValue(v)
	if str == "" {
		return
	}
	if c, ok := v.(Cell); ok && c.Kind == Number {
		s.number(ref, dateStyle(c), str)
		return
	}
	if !text {
		if _, isBool := v.(bool); !isBool {
			s.number(ref, styleNone, str)
			return
		}
	}
	if dangerous(str) && style != styleHeader {
		style = styleGuard
	}
	s.w.WriteString(`<c r="` + ref + `" s="` + strconv.Itoa(style) + `" t="inlineStr"><is><t xml:space="preserve">`)
	escape(s.w, str)
	s.w.WriteString(`</t></is></c>`)
}

func dateStyle(c Cell) int {
	switch {
	case c.Date && c.Format&ShowsYear == 0 && c.Format&ShowsDay != 0:
		return styleMonth
	case c.Date:
		return styleDate
	}
	return styleNone
}

func (s *XLSXSheet) number(ref string, style int, str string) {
	s.w.WriteString(`<c r="` + ref + `" s="` + strconv.Itoa(style) + `"><v>` + str + `</v></c>`)
}

// escape writes text for XML; characters XML cannot hold become _xHHHH_.
func escape(w *bufio.Writer, s string) {
	for _, r := range s {
		switch {
		case r == '<':
			w.WriteString("&lt;")
		case r == '>':
			w.WriteString("&gt;")
		case r == '&':
			w.WriteString("&amp;")
		case r == '"':
			w.WriteString("&quot;")
		case r == '\n' || r == '\t':
			w.WriteRune(r)
		case r < 0x20 || r == 0xfffe || r == 0xffff:
			fmt.Fprintf(w, "_x%04X_", r)
		case r == utf8.RuneError:
			w.WriteString("\uFFFD")
		default:
			w.WriteRune(r)
		}
	}
}

func (b *Workbook) endSheet() error {
	if b.cur == nil {
		return nil
	}
	b.cur.foot()
	err := b.cur.w.Flush()
	b.cur = nil
	return errs.Wrap("sheet.Sheet", err)
}

// unique cleans a sheet's name: at most 31 characters, none of []:*?/\, not taken.
func (b *Workbook) unique(name string) string {
	name = strings.Map(func(r rune) rune {
		if strings.ContainsRune("[]:*?/\\", r) || r < 0x20 {
			return ' '
		}
		return r
	}, name)
	name = strings.Trim(strings.TrimSpace(name), "'")
	if name == "" {
		name = "Sheet" + strconv.Itoa(len(b.names)+1)
	}
	base := shorten(name, 31)
	name = base
	for k := 2; b.taken(name); k++ {
		tail := " (" + strconv.Itoa(k) + ")"
		name = shorten(base, 31-len(tail)) + tail
	}
	return name
}

func shorten(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n])
	}
	return s
}

func (b *Workbook) taken(name string) bool {
	for _, n := range b.names {
		if strings.EqualFold(n, name) {
			return true
		}
	}
	return false
}

// Close finishes the workbook. One without sheets gets an empty one.
func (b *Workbook) Close() error {
	if len(b.names) == 0 {
		if _, err := b.Sheet("", SheetOptions{}); err != nil {
			return err
		}
	}
	if err := b.endSheet(); err != nil {
		return err
	}
	for _, p := range b.fixedParts() {
		f, err := b.z.Create(p[0])
		if err == nil {
			_, err = io.WriteString(f, p[1])
		}
		if err != nil {
			return errs.Wrap("sheet.Close", err)
		}
	}
	return errs.Wrap("sheet.Close", b.z.Close())
}

// xlsxTable is a workbook of one sheet behind the Writer interface.
type xlsxTable struct {
	*XLSXSheet
	b *Workbook
}

// Close finishes the workbook.
func (t xlsxTable) Close() error { return t.b.Close() }

// NewXLSX starts a workbook of one sheet with a frozen header row.
func NewXLSX(w io.Writer, name string, columns ...Column) (Writer, error) {
	b := NewWorkbook(w)
	s, err := b.Sheet(name, SheetOptions{Columns: columns, Freeze: true})
	if err != nil {
		return nil, err
	}
	return xlsxTable{s, b}, nil
}
