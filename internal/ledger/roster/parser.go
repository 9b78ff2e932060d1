package roster

import (
	"context"
	"slices"

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

	ownersFirst bool // the sheet read next is the workbook's list of owners
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
	parsed, err := p.sheets(ctx, b, f.Name)
	if err != nil {
		return fault(err, f.Name)
	}
	found := false
	for i, info := range b.Sheets() {
		s := parsed[i]
		if s.lastN == 0 {
			continue
		}
		found = true
		if info.Hidden && !s.outs[0].Roster {
			continue
		}
		for _, c := range s.hidden {
			for _, out := range s.outs {
				out.Hidden = append(out.Hidden, sheet.ColumnName(c))
			}
		}
		p.res.Sheets = append(p.res.Sheets, s.outs...)
	}
	if !found {
		return errs.Field(errs.E("roster.Parse", errs.Invalid, "sheet.no_rows"), f.Name)
	}
	return nil
}

// sheets reads all sheets of a workbook, in order; where the owners of the
// flats stand in a sheet of their own, that one first.
func (p *parser) sheets(ctx context.Context, b *sheet.Book, file string) ([]*sheetParser, error) {
	parsed := make([]*sheetParser, len(b.Sheets()))
	owners, err := p.findJoin(ctx, b, file)
	if err != nil {
		return nil, err
	}
	if owners >= 0 {
		return parsed, p.joined(ctx, b, file, owners, parsed)
	}
	for i := range parsed {
		if parsed[i], err = p.sheet(ctx, b, i, file, nil); err != nil {
			return nil, err
		}
	}
	return parsed, nil
}

// sheet reads one sheet; where it holds flats, they are joined to the owners,
// which may be nil.
func (p *parser) sheet(ctx context.Context, b *sheet.Book, i int, file string, owners *join) (*sheetParser, error) {
	s := newSheetParser(p, file, b.Sheets()[i], b.Date1904())
	s.join = owners
	hidden, err := b.HiddenColumns(ctx, i)
	if err != nil {
		return nil, err
	}
	s.hidden = hidden
	if err := b.Rows(ctx, i, s.row); err != nil {
		return nil, err
	}
	return s, s.finish()
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

	join     *join // the workbook's owners, where they stand in a sheet of their own
	collects bool  // this is the owners' sheet

	otherCompound, otherBuilding int // rows that contradict the title
}

func newSheetParser(p *parser, file string, info sheet.Info, epoch04 bool) *sheetParser {
	s := &sheetParser{p: p, v: p.v, epoch04: epoch04, view: &view{}}
	s.views = []*view{s.view}
	s.out = &SheetResult{File: file, Sheet: info.Name, Columns: map[string]string{}, Problems: []Problem{}}
	s.outs = []*SheetResult{s.out}
	s.learnText(tidy(info.Name), FromSheet, 0)
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
	s.tellOthers()
	return nil
}

// decide finds header and columns, then replays the buffered rows.
func (s *sheetParser) decide() error {
	rows := s.understand()
	s.buf = nil
	for _, r := range rows {
		if err := s.take(r.n, r.cells); err != nil {
			return err
		}
	}
	s.lastN = max(s.lastN, 1)
	return nil
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
		if s.collects {
			rec.cells = slices.Clone(own)
			s.join.collect(&rec)
			continue
		}
		if s.join != nil && s.role() == flatsSheet {
			s.join.flat(&rec)
		}
		for i := range rec.people {
			if s.p.count.otherName(&rec.people[i]) {
				rec.note(s.numberColumn(), SevDoubt, "roster.idno_other_name")
				s.dropNumber(&rec.people[i])
			}
		}
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
	case s.collects:
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
			s.report(n, finding{col: s.numberColumn(), raw: row.IDNo, sev: SevDoubt, key: key})
		default:
			s.report(n, finding{col: s.cols.at[Name], raw: row.Name, sev: SevDoubt, key: key})
		}
		if err := s.p.fn(row); err != nil {
			return stopped{err}
		}
	}
	return nil
}

// numberColumn is the column that identity numbers come from, -1 where they
// stand in another sheet.
func (s *sheetParser) numberColumn() int {
	if c, ok := s.cols.at[IDNo]; ok {
		return c
	}
	return -1
}

// dropNumber leaves an identity number out, with what was only read from it.
func (s *sheetParser) dropNumber(r *Row) {
	r.IDNo, r.IDKind = "", ""
	if !s.cols.has(Birth) {
		r.Birth = ""
	}
	if !s.cols.has(Sex) {
		r.Sex = ""
	}
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
