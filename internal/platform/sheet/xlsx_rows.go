package sheet

import (
	"context"
	"errors"
	"io"
	"sort"
	"strconv"
	"strings"
)

// area is a merged range, 1-based and inclusive.
type area struct{ r1, c1, r2, c2 int }

// layout is what a sheet says outside its rows.
type layout struct {
	hidden []int
	merges []area // by first row
}

const maxMerges = 500_000

// layoutOf reads a sheet once, passing over its rows, since merged areas stand
// behind them.
func (b *xlsxBook) layoutOf(ctx context.Context, i int) (*layout, error) {
	if l := b.layouts[i]; l != nil {
		return l, nil
	}
	l := &layout{}
	s, done, err := b.open(ctx, b.targets[i])
	if err != nil {
		return nil, b.fault(err)
	}
	if s == nil {
		return nil, damaged(errors.New("a sheet's part is missing"))
	}
	defer done()
	for {
		tok, err := s.next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, b.faultCtx(ctx, err)
		}
		if tok != startTag {
			continue
		}
		switch string(s.name) {
		case "sheetData":
			if !s.empty {
				if err := s.skip("sheetData>"); err != nil {
					return nil, b.faultCtx(ctx, err)
				}
			}
		case "col":
			l.addHidden(s, b.lim.Columns)
		case "mergeCell":
			if a, ok := parseArea(s.attr("ref")); ok && len(l.merges) < maxMerges {
				l.merges = append(l.merges, a)
			}
		}
	}
	sort.SliceStable(l.merges, func(x, y int) bool { return l.merges[x].r1 < l.merges[y].r1 })
	b.layouts[i] = l
	return l, nil
}

func (b *xlsxBook) faultCtx(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return b.fault(err)
}

func (l *layout) addHidden(s *scanner, limit int) {
	if !truth(s.attr("hidden")) {
		return
	}
	from, err1 := strconv.Atoi(s.attr("min"))
	to, err2 := strconv.Atoi(s.attr("max"))
	if err1 != nil || err2 != nil {
		return
	}
	for c := max(from, 1); c <= min(to, limit); c++ {
		l.hidden = append(l.hidden, c)
	}
}

func (b *xlsxBook) hiddenColumns(ctx context.Context, i int) ([]int, error) {
	l, err := b.layoutOf(ctx, i)
	if err != nil {
		return nil, err
	}
	return l.hidden, nil
}

// parseArea reads a range such as A2:C5; single cells are no areas.
func parseArea(ref string) (area, bool) {
	from, to, ok := strings.Cut(ref, ":")
	if !ok {
		return area{}, false
	}
	c1, r1 := splitRef([]byte(from))
	c2, r2 := splitRef([]byte(to))
	a := area{min(r1, r2), min(c1, c2), max(r1, r2), max(c1, c2)}
	return a, a.r1 > 0 && a.c1 > 0 && (a.r1 != a.r2 || a.c1 != a.c2)
}

// splitRef reads a cell's reference such as AB12.
func splitRef(ref []byte) (col, row int) {
	for _, c := range ref {
		switch {
		case c >= 'A' && c <= 'Z':
			col = col*26 + int(c-'A') + 1
		case c >= 'a' && c <= 'z':
			col = col*26 + int(c-'a') + 1
		case c >= '0' && c <= '9':
			row = row*10 + int(c-'0')
		}
		if col > 1<<20 || row > 1<<24 {
			return 0, 0
		}
	}
	return col, row
}

func (b *xlsxBook) rows(ctx context.Context, i int, fn func(Row) error) error {
	l, err := b.layoutOf(ctx, i)
	if err != nil {
		return err
	}
	s, done, err := b.open(ctx, b.targets[i])
	if err != nil || s == nil {
		return b.fault(err)
	}
	defer done()
	rr := rowReader{b: b, s: s, fill: newMerger(l.merges)}
	for {
		row, ok, err := rr.next()
		if err != nil {
			return b.faultCtx(ctx, err)
		}
		if !ok {
			return nil
		}
		if err := fn(row); err != nil {
			return err
		}
	}
}

// rowReader turns the tags of one sheet into rows.
type rowReader struct {
	b     *xlsxBook
	s     *scanner
	fill  *merger
	cells []Cell
	val   []byte
	last  int // row number
	data  bool
}

// mostRows is how many rows a sheet of any table program has.
const mostRows = 1 << 20

// next returns the next written row; false at the end of the rows.
func (r *rowReader) next() (Row, bool, error) {
	for {
		tok, err := r.s.next()
		if err == io.EOF {
			return Row{}, false, nil
		}
		if err != nil {
			return Row{}, false, err
		}
		switch {
		case tok == startTag && string(r.s.name) == "sheetData":
			r.data = !r.s.empty
		case tok == endTag && string(r.s.name) == "sheetData":
			return Row{}, false, nil
		case tok == startTag && r.data && string(r.s.name) == "row":
			row, err := r.row()
			return row, err == nil, err
		}
	}
}

func (r *rowReader) row() (Row, error) {
	row := Row{N: r.last + 1}
	r.s.eachAttr(func(n, v []byte) {
		switch string(n) {
		case "r":
			if k, err := strconv.Atoi(string(v)); err == nil && k > 0 && k < 1<<24 {
				row.N = k
			}
		case "hidden":
			row.Hidden = truth(string(v))
		}
	})
	if r.last = row.N; row.N > mostRows {
		return row, invalid("sheet.bomb")
	}
	r.cells = r.cells[:0]
	if !r.s.empty {
		if err := r.rowCells(); err != nil {
			return row, err
		}
	}
	r.cells = r.fill.apply(row.N, r.cells, r.b.lim.Columns)
	row.Cells = r.cells
	return row, nil
}

func (r *rowReader) rowCells() error {
	col := 0
	for {
		tok, err := r.s.next()
		if err != nil {
			return err
		}
		if tok == endTag && string(r.s.name) == "row" {
			return nil
		}
		if tok != startTag || string(r.s.name) != "c" {
			continue
		}
		col++
		if err := r.cell(&col); err != nil {
			return err
		}
	}
}

// cell reads one c element and stores it at its column.
func (r *rowReader) cell(col *int) error {
	var typ byte = 'n'
	style := -1
	r.s.eachAttr(func(n, v []byte) {
		if len(n) != 1 {
			return
		}
		switch n[0] {
		case 'r':
			if c, _ := splitRef(v); c > 0 {
				*col = c
			}
		case 's':
			if k, err := strconv.Atoi(string(v)); err == nil {
				style = k
			}
		case 't':
			typ = cellType(v)
		}
	})
	if r.s.empty {
		return nil
	}
	formula, err := r.cellValue()
	if err != nil {
		return err
	}
	c := r.b.makeCell(typ, style, r.val)
	c.Formula = formula
	if c.Kind == Empty || *col > r.b.lim.Columns {
		return nil
	}
	for len(r.cells) < *col {
		r.cells = append(r.cells, Cell{})
	}
	r.cells[*col-1] = c
	return nil
}

// cellType shortens the type attribute: s shared, i inline, t formula text, b, e, d, n.
func cellType(v []byte) byte {
	switch string(v) {
	case "str":
		return 't'
	case "inlineStr":
		return 'i'
	case "s", "b", "e", "d":
		return v[0]
	}
	return 'n'
}

// cellValue collects the value text of a cell up to its end tag into r.val.
func (r *rowReader) cellValue() (formula bool, err error) {
	r.val = r.val[:0]
	take, phonetic := false, false
	for {
		tok, err := r.s.next()
		if err != nil {
			return formula, err
		}
		if tok == charData {
			if take && !phonetic {
				r.val = r.s.appendText(r.val)
			}
			continue
		}
		open := tok == startTag && !r.s.empty
		switch string(r.s.name) {
		case "c":
			if tok == endTag {
				return formula, nil
			}
		case "v", "t":
			take = open
		case "f":
			formula = true
		case "rPh":
			phonetic = open
		}
	}
}

// makeCell interprets a value by the cell's type and style.
func (b *xlsxBook) makeCell(typ byte, style int, val []byte) Cell {
	if len(val) == 0 {
		return Cell{}
	}
	switch typ {
	case 's':
		s, ok := b.sharedString(val)
		if !ok || s == "" {
			return Cell{}
		}
		return Cell{Raw: s, Kind: Text}
	case 'i', 't':
		return Cell{Raw: bstr(string(val)), Kind: Text}
	case 'b':
		return Cell{Raw: string(val), Kind: Bool}
	case 'e':
		return Cell{Raw: string(val), Kind: Error}
	case 'd':
		return Cell{Raw: string(val), Kind: Text}
	}
	raw := strings.TrimSpace(string(val))
	if _, _, ok := splitNumber(raw); !ok {
		return Cell{Raw: raw, Kind: Text}
	}
	c := Cell{Raw: raw, Kind: Number}
	if style >= 0 && style < len(b.styles) {
		c.Date, c.Format = b.styles[style].date, b.styles[style].shows
	}
	return c
}
