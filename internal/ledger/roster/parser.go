package roster

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"wangge/internal/platform/errs"
	"wangge/internal/platform/sheet"
)

// parser reads all files of one call.
type parser struct {
	v     *vocabulary
	o     Options
	fn    func(Row) error
	res   *Result
	count *counter
}

func newParser(o Options, fn func(Row) error) *parser {
	if o.Problems <= 0 {
		o.Problems = 2000
	}
	if fn == nil {
		fn = func(Row) error { return nil }
	}
	return &parser{v: vocab(), o: o, fn: fn, res: &Result{Sheets: []*SheetResult{}}, count: newCounter()}
}

func (p *parser) finish() {
	p.res.Doors, p.res.Households, p.res.Persons = p.count.doors(), p.count.households, p.count.persons
}

// stopped wraps an error of the caller's function, to be told from the file's.
type stopped struct{ error }

// file reads all sheets of one file. A file without any content is an error.
func (p *parser) file(ctx context.Context, f File) error {
	b, err := sheet.Open(f.R, f.Size, p.o.Limits)
	if err != nil {
		return errs.Field(errs.Wrap("roster.Parse", err), f.Name)
	}
	defer b.Close()
	before, found := len(p.res.Sheets), false
	for i, info := range b.Sheets() {
		s := newSheetParser(p, f.Name, info, b.Date1904())
		hidden, err := b.HiddenColumns(ctx, i)
		if err != nil {
			return errs.Field(errs.Wrap("roster.Parse", err), f.Name)
		}
		s.hidden = hidden
		err = b.Rows(ctx, i, s.row)
		if err == nil {
			err = s.finish()
		}
		var stop stopped
		if errors.As(err, &stop) {
			return stop.error
		}
		if err != nil {
			return errs.Field(errs.Wrap("roster.Parse", err), f.Name)
		}
		if s.lastN == 0 {
			continue
		}
		found = true
		if info.Hidden && !s.outs[0].Roster {
			continue
		}
		for _, c := range hidden {
			for _, out := range s.outs {
				out.Hidden = append(out.Hidden, sheet.ColumnName(c))
			}
		}
		p.res.Sheets = append(p.res.Sheets, s.outs...)
	}
	if len(p.res.Sheets) == before && !found {
		return errs.Field(errs.E("roster.Parse", errs.Invalid, "sheet.no_rows"), f.Name)
	}
	return nil
}

// bufferRows is how many rows are looked at before the columns are decided.
const bufferRows = 240

// sheetParser reads one sheet.
type sheetParser struct {
	p       *parser
	v       *vocabulary
	out     *SheetResult
	epoch04 bool

	*view                // the table being read
	views []*view        // all tables side by side
	outs  []*SheetResult // all tables below each other

	buf     []bufRow
	hidden  []int // columns, from 1
	decided bool
	titled  bool           // the first buffered row is a header
	head    [][]sheet.Cell // rows up to the header, for the refused rows' workbook
	sent    bool           // head was given

	lastN  int // last written row
	startN int // the header's row
}

func newSheetParser(p *parser, file string, info sheet.Info, epoch04 bool) *sheetParser {
	s := &sheetParser{p: p, v: p.v, epoch04: epoch04, view: &view{}}
	s.views = []*view{s.view}
	s.out = &SheetResult{File: file, Sheet: info.Name, Columns: map[string]string{}, Problems: []Problem{}}
	s.outs = []*SheetResult{s.out}
	s.base = p.v.contextOf(tidy(info.Name), true)
	return s
}

// row takes the next row of the file.
func (s *sheetParser) row(r sheet.Row) error {
	if r.Blank() {
		return nil
	}
	if s.decided {
		return s.take(r.N, r.Cells)
	}
	s.buf = append(s.buf, bufRow{r.N, slices.Clone(r.Cells)})
	if len(s.buf) < bufferRows {
		return nil
	}
	return s.decide()
}

// take handles a row below the header. While a further table's columns are
// still open, rows are buffered again.
func (s *sheetParser) take(n int, cells []sheet.Cell) error {
	if !s.decided {
		return s.row(sheet.Row{N: n, Cells: cells})
	}
	if s.out.Roster && s.startsTable(n, cells) {
		s.restart(n, cells)
		return nil
	}
	return s.data(n, cells)
}

// finish handles what is still buffered.
func (s *sheetParser) finish() error {
	for !s.decided && len(s.buf) > 0 {
		if err := s.decide(); err != nil {
			return err
		}
	}
	return nil
}

// decide finds header and columns, then replays the buffered rows.
func (s *sheetParser) decide() error {
	s.decided = true
	h := s.v.findHeader(s.buf, s.titled)
	width := 0
	for _, r := range s.buf {
		width = max(width, len(r.cells))
	}
	s.out.Key = sheetKey(h.labels, width)
	m := s.mapping(&h)
	rows := s.buf[h.last+1:]
	s.out.Headers = h.labels
	if h.last >= 0 {
		s.out.HeaderRow = s.buf[h.last].n
	}
	s.readTitles(h)
	ps := s.v.profiles(rows, width)
	for _, c := range s.hidden {
		if c <= width {
			ps[c-1].hidden = true
		}
	}
	s.split(h, ps, m)
	if m != nil {
		s.out.Roster = len(s.cols.at) > 0
	} else {
		ok, reason := s.cols.isRoster(h.labels, s.v, s.base.group != "")
		if s.out.Roster = ok; !ok {
			s.report(s.out.HeaderRow, finding{col: -1, sev: SevError, key: reason})
		}
	}
	s.out.Columns = s.cols.letters()
	s.startN = s.out.HeaderRow
	if h.last < 0 && len(rows) > 0 {
		s.startN = rows[0].n - 1
	}
	s.lastN = max(s.startN, 1)
	if h.last < 0 {
		s.lastN = s.startN
	}
	s.sample(rows)
	s.buf = nil
	for _, r := range rows {
		if err := s.take(r.n, r.cells); err != nil {
			return err
		}
	}
	s.lastN = max(s.lastN, 1)
	return nil
}

// sheetKey is the fingerprint of a sheet as it was found, before any
// correction; sheets without a header are told apart by their width.
func sheetKey(labels []string, width int) string {
	if len(labels) == 0 {
		labels = []string{"\x00" + strconv.Itoa(width)}
	}
	return MappingKey(labels)
}

// mapping finds the caller's correction for this sheet and applies its header row.
func (s *sheetParser) mapping(h *header) *Mapping {
	m, ok := s.p.o.Mappings[s.out.Key]
	if !ok {
		return nil
	}
	if m.HeaderRow != nil {
		*h = header{first: -1, last: -1}
		for i, r := range s.buf {
			if *m.HeaderRow > 0 && r.n <= *m.HeaderRow {
				h.first, h.last, h.labels = i, i, oneRow(r)
			}
		}
	}
	return &m
}

// columnsOf finds the columns of a table, or takes them from a correction made
// for a table that stands shift columns to the left. What a correction cannot
// say stays as found: further persons of a row, lanes and phases.
func (v *vocabulary) columnsOf(labels []string, ps []profile, m *Mapping, shift int) *columns {
	if m == nil {
		return v.assign(labels, ps)
	}
	c := &columns{at: map[string]int{}, weak: map[string]int{}, hukou: -1, width: len(ps)}
	for _, key := range Keys() {
		if n := sheet.ColumnNumber(m.Columns[key]); n > 0 {
			c.at[key] = n - 1 + shift
		}
	}
	for i, l := range labels {
		if key, _ := v.matchHeader(l); key == RowID {
			c.at[RowID] = i
		}
	}
	width := max(len(ps), maxColumn(c)+1)
	v.settle(c, make([]profile, width))
	ps = append(slices.Clone(ps), make([]profile, width-len(ps))...)
	claims := v.claims(labels, ps, 0)
	used := make([]bool, width)
	for key, i := range c.at {
		used[i] = true
		if key == Compound && claims[i].key == lane {
			c.weak[lane] = i
		}
		claims[i] = claim{key, 3}
	}
	for i, cl := range claims {
		switch {
		case used[i]:
		case cl.key == phase:
			c.weak[phase] = i
		case cl.key == Room && c.has(Room) && v.plate.has(v.foldHeader(labels[i])):
			c.weak[plateKey] = i
		}
	}
	v.members(c, shifted(labels, width, 0), claims, ps)
	c.shape(ps)
	return c
}

func maxColumn(c *columns) int {
	n := 0
	for _, i := range c.at {
		n = max(n, i)
	}
	return n
}

// readTitles takes place names from the rows above the header.
func (s *sheetParser) readTitles(h header) {
	for i := 0; i <= h.last; i++ {
		s.head = append(s.head, s.buf[i].cells)
		if i >= h.first || len(s.buf[i].cells) == 0 {
			continue
		}
		s.readTitle(s.buf[i])
	}
}

// readTitle reads the first cell of a title row, and any further cell that
// says what it is, as in "Building: 3".
func (s *sheetParser) readTitle(r bufRow) {
	first := true
	for c := range r.cells {
		if !r.own(c) {
			continue
		}
		t := r.text(c)
		if strings.HasSuffix(t, ":") && r.own(c+1) {
			t += r.text(c + 1)
		}
		if first || strings.Contains(t, ":") {
			s.base.addMissing(s.v.contextOf(t, false))
		}
		first = false
	}
}

const sampleRows = 8

func (s *sheetParser) sample(rows []bufRow) {
	for i := 0; i < len(rows) && i < sampleRows; i++ {
		var line []string
		for c := range rows[i].cells {
			t := rows[i].text(c)
			if !s.p.o.Unmasked {
				t = MaskNumbers(t)
			}
			line = append(line, t)
		}
		s.out.Sample = append(s.out.Sample, line)
	}
}

// data takes one row below the header.
func (s *sheetParser) data(n int, cells []sheet.Cell) error {
	gap := max(n-s.lastN, 1)
	s.out.Rows += gap
	s.out.Skipped += gap - 1
	s.lastN = n
	if s.p.o.Progress != nil && s.out.Rows%1000 == 0 {
		s.p.o.Progress(s.out.File, s.out.Sheet, s.out.Rows)
	}
	var people []Row
	var failed *record
	read := 0
	for _, w := range s.views {
		s.view = w
		own := w.within(cells)
		if !s.out.Roster || s.skip(own) {
			continue
		}
		read++
		rec := record{s: s, n: n, cells: own}
		rec.read()
		for _, f := range rec.found {
			s.report(n, f)
		}
		if people = append(people, rec.people...); rec.failed {
			failed = &rec
		}
	}
	switch {
	case read == 0:
		s.out.Skipped++
		return nil
	case failed != nil:
		s.out.Rejected++
		return s.reject(failed)
	}
	s.out.Accepted++
	for _, row := range people {
		switch key := s.p.count.add(&row); key {
		case "":
		case "roster.idno_again":
			s.report(n, finding{col: s.cols.at[IDNo], raw: row.IDNo, sev: SevDoubt, key: key})
		default:
			s.report(n, finding{col: s.cols.at[Name], raw: row.Name, sev: SevDoubt, key: key})
		}
		if err := s.p.fn(row); err != nil {
			return stopped{err}
		}
	}
	return nil
}

// reject hands a refused row to the workbook of refused rows.
func (s *sheetParser) reject(rec *record) error {
	if s.p.o.Rejects == nil {
		return nil
	}
	head := s.head
	if s.sent {
		head = nil
	}
	s.sent = true
	if s.sectionText != s.sectionSent {
		head = append(slices.Clone(head), []sheet.Cell{{Raw: s.sectionText, Kind: sheet.Text}})
		s.sectionSent = s.sectionText
	}
	if err := s.p.o.Rejects.Reject(s.out.File, s.out.Sheet, head, rec.original(), s.reasons(rec.found)); err != nil {
		return stopped{err}
	}
	return nil
}
