package sheet

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"

	"github.com/richardlehane/mscfb"
)

// xlsBook holds an old binary workbook (BIFF8, as written from 1997 on). Such
// a sheet has at most 65,536 rows, so it is read into memory whole.
type xlsBook struct {
	infos   []Info
	offsets []int
	stream  []byte
	sst     []string
	formats map[uint16]string
	xfs     []cellStyle
	epoch04 bool
	limit   int
}

// The record types of BIFF8 that matter here.
const (
	recFormula = 0x0006
	recEOF     = 0x000a
	rec1904    = 0x0022
	recCont    = 0x003c
	recCrypt   = 0x002f
	recColInfo = 0x007d
	recSheet   = 0x0085
	recMulRK   = 0x00bd
	recXF      = 0x00e0
	recMerges  = 0x00e5
	recSST     = 0x00fc
	recLabSST  = 0x00fd
	recNumber  = 0x0203
	recLabel   = 0x0204
	recBoolErr = 0x0205
	recString  = 0x0207
	recRow     = 0x0208
	recRK      = 0x027e
	recFormat  = 0x041e
	recBOF     = 0x0809
)

var errXLS = errors.New("not a workbook of the binary format")

// openXLS reads the workbook stream and its globals. Whatever breaks inside
// the container, a panic of its reader included, is a damaged file.
func openXLS(r io.ReaderAt, size int64, lim Limits) (t table, err error) {
	defer func() {
		if p := recover(); p != nil {
			t, err = nil, damaged(fmt.Errorf("container: %v", p))
		}
	}()
	if size > 64<<20 {
		return nil, invalid("sheet.save_as_xlsx")
	}
	doc, err := mscfb.New(r)
	if err != nil {
		return nil, damaged(err)
	}
	b := &xlsBook{formats: map[uint16]string{}, limit: lim.Columns}
	for f, err := doc.Next(); err == nil; f, err = doc.Next() {
		if f.Name == "Workbook" || f.Name == "Book" && b.stream == nil {
			if b.stream, err = io.ReadAll(io.LimitReader(f, 64<<20)); err != nil {
				return nil, damaged(err)
			}
		}
	}
	if err := b.globals(); err != nil {
		return nil, err
	}
	return b, nil
}

func (b *xlsBook) sheets() []Info { return b.infos }
func (b *xlsBook) date1904() bool { return b.epoch04 }

// record is one record and what follows in continuations.
type xlsRecord struct {
	typ  uint16
	data []byte
	more [][]byte
}

// next reads the record at off and returns the offset behind it.
func (b *xlsBook) next(off int) (xlsRecord, int, bool) {
	r, off, ok := b.one(off)
	if !ok {
		return r, off, false
	}
	for {
		c, n, ok := b.one(off)
		if !ok || c.typ != recCont {
			return r, off, true
		}
		r.more = append(r.more, c.data)
		off = n
	}
}

func (b *xlsBook) one(off int) (xlsRecord, int, bool) {
	if off < 0 || off+4 > len(b.stream) {
		return xlsRecord{}, off, false
	}
	typ, n := u16(b.stream, off), int(u16(b.stream, off+2))
	if off+4+n > len(b.stream) {
		return xlsRecord{}, off, false
	}
	return xlsRecord{typ: typ, data: b.stream[off+4 : off+4+n]}, off + 4 + n, true
}

func u16(p []byte, at int) uint16 {
	if at+2 > len(p) {
		return 0
	}
	return binary.LittleEndian.Uint16(p[at:])
}

func u32(p []byte, at int) uint32 {
	if at+4 > len(p) {
		return 0
	}
	return binary.LittleEndian.Uint32(p[at:])
}

// globals reads the workbook's own part: sheets, strings, formats.
func (b *xlsBook) globals() error {
	r, off, ok := b.next(0)
	if !ok || r.typ != recBOF {
		return damaged(errXLS)
	}
	if u16(r.data, 0) != 0x0600 {
		return invalid("sheet.save_as_xlsx")
	}
	var xfs []uint16
	for {
		r, off, ok = b.next(off)
		if !ok || r.typ == recEOF {
			break
		}
		switch r.typ {
		case recCrypt:
			return invalid("sheet.encrypted")
		case rec1904:
			b.epoch04 = u16(r.data, 0) == 1
		case recSheet:
			b.addSheet(r.data)
		case recFormat:
			s, _ := newChunks(xlsRecord{data: r.data[min(2, len(r.data)):]}).str(2)
			b.formats[u16(r.data, 0)] = s
		case recXF:
			xfs = append(xfs, u16(r.data, 2))
		case recSST:
			b.readSST(r)
		}
	}
	for _, id := range xfs {
		b.xfs = append(b.xfs, styleOf(int(id), b.formats[id]))
	}
	if len(b.infos) == 0 {
		return invalid("sheet.no_sheets")
	}
	return nil
}

func (b *xlsBook) addSheet(d []byte) {
	if len(d) < 8 || d[5] != 0 || len(b.infos) >= 1000 { // charts and macros are no sheets
		return
	}
	name, _ := newChunks(xlsRecord{data: d[6:]}).str(1)
	b.infos = append(b.infos, Info{Name: name, Hidden: d[4]&3 != 0})
	b.offsets = append(b.offsets, int(u32(d, 0)))
}

func (b *xlsBook) readSST(r xlsRecord) {
	n := int(u32(r.data, 4))
	if len(r.data) < 8 {
		return
	}
	r.data = r.data[8:]
	c := newChunks(r)
	for i := 0; i < n; i++ {
		s, ok := c.str(2)
		if !ok {
			return
		}
		b.sst = append(b.sst, s)
	}
}

func (b *xlsBook) style(xf uint16) cellStyle {
	if int(xf) < len(b.xfs) {
		return b.xfs[xf]
	}
	return cellStyle{}
}

func (b *xlsBook) number(f float64, xf uint16) Cell {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return Cell{}
	}
	st := b.style(xf)
	return Cell{Raw: strconv.FormatFloat(f, 'f', -1, 64), Kind: Number, Date: st.date, Format: st.shows}
}

// rk decodes the short form of a number.
func rk(v uint32) float64 {
	var f float64
	if v&2 != 0 {
		f = float64(int32(v) >> 2)
	} else {
		f = math.Float64frombits(uint64(v&^3) << 32)
	}
	if v&1 != 0 {
		f /= 100
	}
	return f
}

func (b *xlsBook) hiddenColumns(ctx context.Context, i int) ([]int, error) {
	s, err := b.load(ctx, i)
	if err != nil {
		return nil, err
	}
	return s.hidden, nil
}

func (b *xlsBook) rows(ctx context.Context, i int, fn func(Row) error) error {
	s, err := b.load(ctx, i)
	if err != nil {
		return err
	}
	return s.each(fn, b.limit)
}
