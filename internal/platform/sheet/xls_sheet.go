package sheet

import (
	"context"
	"slices"
	"strconv"
)

// xlsSheet is one sheet of an old workbook.
type xlsSheet struct {
	b       *xlsBook
	cells   map[int][]Cell // by row, 0-based
	hidRow  map[int]bool
	hidden  []int
	merges  []area
	pending [2]int // cell of a formula whose text follows
}

// load reads a sheet's records.
func (b *xlsBook) load(ctx context.Context, i int) (*xlsSheet, error) {
	s := &xlsSheet{b: b, cells: map[int][]Cell{}, hidRow: map[int]bool{}}
	r, off, ok := b.next(b.offsets[i])
	if !ok || r.typ != recBOF {
		return nil, damaged(errXLS)
	}
	for depth := 1; depth > 0; {
		if r, off, ok = b.next(off); !ok {
			break
		}
		switch r.typ {
		case recBOF: // a chart inside the sheet
			depth++
		case recEOF:
			depth--
		default:
			if depth == 1 {
				s.take(r)
			}
		}
		if len(s.cells)%4096 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
	}
	slices.SortStableFunc(s.merges, func(x, y area) int { return x.r1 - y.r1 })
	return s, nil
}

func (s *xlsSheet) set(row, col int, c Cell) {
	if c.Kind == Empty || col >= s.b.limit {
		return
	}
	line := s.cells[row]
	for len(line) <= col {
		line = append(line, Cell{})
	}
	line[col] = c
	s.cells[row] = line
}

// take reads one record.
func (s *xlsSheet) take(r xlsRecord) {
	d := r.data
	row, col, xf := int(u16(d, 0)), int(u16(d, 2)), u16(d, 4)
	switch r.typ {
	case recLabSST:
		if n := int(u32(d, 6)); n < len(s.b.sst) && len(d) >= 10 && s.b.sst[n] != "" {
			s.set(row, col, Cell{Raw: s.b.sst[n], Kind: Text})
		}
	case recLabel:
		if len(d) > 8 {
			t, _ := newChunks(xlsRecord{data: d[6:]}).str(2)
			s.set(row, col, Cell{Raw: t, Kind: Text})
		}
	case recNumber:
		if len(d) >= 14 {
			s.set(row, col, s.b.number(float(d[6:]), xf))
		}
	case recRK:
		if len(d) >= 10 {
			s.set(row, col, s.b.number(rk(u32(d, 6)), xf))
		}
	case recMulRK:
		for k := 4; k+6 <= len(d)-2; k += 6 {
			s.set(row, col+(k-4)/6, s.b.number(rk(u32(d, k+2)), u16(d, k)))
		}
	case recBoolErr:
		if len(d) >= 8 {
			s.set(row, col, boolOrError(d[6], d[7]))
		}
	case recFormula:
		s.formula(row, col, xf, d)
	case recString:
		t, _ := newChunks(r).str(2)
		if t != "" {
			s.set(s.pending[0], s.pending[1], Cell{Raw: t, Kind: Text, Formula: true})
		}
	case recRow:
		if len(d) >= 16 && u32(d, 12)&0x20 != 0 {
			s.hidRow[row] = true
		}
	case recColInfo:
		if u16(d, 8)&1 != 0 {
			for c := row; c <= col && c < s.b.limit; c++ {
				s.hidden = append(s.hidden, c+1)
			}
		}
	case recMerges:
		s.addMerges(d)
	}
}

func boolOrError(v, isError byte) Cell {
	if isError != 0 {
		return Cell{Raw: "#N/A", Kind: Error}
	}
	return Cell{Raw: strconv.Itoa(int(v)), Kind: Bool}
}

// formula takes the stored result; a text follows in its own record.
func (s *xlsSheet) formula(row, col int, xf uint16, d []byte) {
	if len(d) < 14 {
		return
	}
	c := Cell{}
	if d[12] == 0xff && d[13] == 0xff {
		switch d[6] {
		case 0:
			s.pending = [2]int{row, col}
		case 1:
			c = boolOrError(d[8], 0)
		case 2:
			c = boolOrError(0, 1)
		}
	} else {
		c = s.b.number(float(d[6:]), xf)
	}
	c.Formula = true
	s.set(row, col, c)
}

func (s *xlsSheet) addMerges(d []byte) {
	for k := 2; k+8 <= len(d); k += 8 {
		a := area{int(u16(d, k)) + 1, int(u16(d, k+4)) + 1, int(u16(d, k+2)) + 1, int(u16(d, k+6)) + 1}
		if a.r2 >= a.r1 && a.c2 >= a.c1 && len(s.merges) < maxMerges {
			s.merges = append(s.merges, a)
		}
	}
}

// each delivers the rows in order.
func (s *xlsSheet) each(fn func(Row) error, limit int) error {
	order := make([]int, 0, len(s.cells))
	for n := range s.cells {
		order = append(order, n)
	}
	slices.Sort(order)
	m := newMerger(s.merges)
	for _, n := range order {
		cells := m.apply(n+1, s.cells[n], limit)
		if err := fn(Row{N: n + 1, Cells: cells, Hidden: s.hidRow[n]}); err != nil {
			return err
		}
	}
	return nil
}
