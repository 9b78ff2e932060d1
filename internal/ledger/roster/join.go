package roster

import (
	"context"
	"errors"
	"slices"
	"strings"

	"wangge/internal/platform/errs"
	"wangge/internal/platform/sheet"
)

// Joined says that a sheet of flats and a sheet of owners were read together,
// by the owner's number that both have.
type Joined struct {
	Owners  string `json:"owners" doc:"The sheet with the owners"`
	Flats   string `json:"flats" doc:"The sheet with the flats"`
	Column  string `json:"column" doc:"Letter of this sheet's column with the number"`
	Matched int    `json:"matched" doc:"Flats whose owner was found"`
	NoOwner int    `json:"no_owner" doc:"Flats whose number no owner has"`
	Empty   int    `json:"empty" doc:"Flats without a number"`
	NoFlat  int    `json:"no_flat" doc:"Owners whose number no flat has"`
}

// owner is who stands under one number in the owners' sheet.
type owner struct {
	rows   []*record // in the order of the sheet
	people []Row
	failed int    // the first refused row; 0 for none
	used   string // the first flat, in words; "" while none
}

// join is the owners' sheet of a workbook whose flats stand in another.
type join struct {
	owners  map[string]*owner
	order   []string
	sheet   *sheetParser // of the owners
	refused []*record    // rows without a number
}

// role is what a sheet can be in a join.
type role int

const (
	noRole role = iota
	ownersSheet
	flatsSheet
)

// role tells whether a sheet holds owners without doors or doors without
// people, each with the owners' number.
func (s *sheetParser) role() role {
	if _, ok := s.cols.weak[ownerNo]; !ok || len(s.views) > 1 {
		return noRole
	}
	person := s.cols.has(Name) || s.cols.has(Head)
	door := s.cols.has(Room) || s.cols.has(Address)
	switch {
	case person && !door && !s.cols.has(Group):
		return ownersSheet
	case door && !person:
		return flatsSheet
	}
	return noRole
}

var errPeeked = errors.New("enough was read")

// findJoin looks at the first rows of each sheet for one with owners and one
// with flats. It returns the index of the owners' sheet, or -1.
func (p *parser) findJoin(ctx context.Context, b *sheet.Book, file string) (int, error) {
	owners, flats := -1, false
	if len(b.Sheets()) < 2 {
		return -1, nil
	}
	quiet := newParser(p.o, nil)
	for i, info := range b.Sheets() {
		if info.Hidden {
			continue
		}
		s := newSheetParser(quiet, file, info, b.Date1904())
		err := b.Rows(ctx, i, func(r sheet.Row) error {
			if r.Blank() {
				return nil
			}
			if s.buf = append(s.buf, bufRow{r.N, slices.Clone(r.Cells)}); len(s.buf) == bufferRows {
				return errPeeked
			}
			return nil
		})
		if err != nil && !errors.Is(err, errPeeked) {
			return -1, err
		}
		if len(s.buf) == 0 {
			continue
		}
		s.understand()
		switch s.role() {
		case ownersSheet:
			if owners >= 0 {
				return -1, nil // two lists of owners: whose number is meant is not certain
			}
			owners = i
		case flatsSheet:
			flats = true
		}
	}
	if !flats {
		return -1, nil
	}
	return owners, nil
}

// startJoin begins to collect the owners of a sheet.
func (s *sheetParser) startJoin() {
	s.join = &join{owners: map[string]*owner{}, sheet: s}
	s.collects = true
}

// number gives the owner's number of a row, in one spelling; a merged cell
// goes down to every row it covers.
func (r *record) ownerNumber() (int, string) {
	c := r.s.cols.weak[ownerNo]
	if c >= len(r.cells) || r.cells[c].FromLeft() {
		return c, ""
	}
	_, t := r.tidied(c, r.ditto(c, r.cells[c]))
	t = strings.ToUpper(strings.ReplaceAll(t, " ", ""))
	if r.s.v.none.has(t) && t != "0" {
		return c, ""
	}
	return c, t
}

// collect keeps one row of the owners' sheet. A further member of a family may
// leave the number out below the first.
func (j *join) collect(r *record) {
	c, no := r.ownerNumber()
	if no == "" && len(j.order) > 0 && r.row.Relation != "" && !r.row.IsHead {
		no = j.order[len(j.order)-1]
	}
	if no == "" {
		r.note(c, SevError, "roster.owner_no_missing")
		j.refused = append(j.refused, r)
		return
	}
	o := j.owners[no]
	if o == nil {
		o = &owner{}
		j.owners[no] = o
		j.order = append(j.order, no)
	}
	o.rows, o.people = append(o.rows, r), append(o.people, r.people...)
	if r.failed && o.failed == 0 {
		o.failed = r.n
	}
}

// flat gives the people of a row of the flats' sheet: those under its number.
func (j *join) flat(r *record) {
	out := r.s.out
	if out.Joined == nil {
		out.Joined = &Joined{Owners: j.sheet.out.Sheet, Flats: out.Sheet, Column: sheet.ColumnName(r.s.cols.weak[ownerNo] + 1)}
	}
	c, no := r.ownerNumber()
	o := j.owners[no]
	switch {
	case r.failed:
		if o != nil && o.used == "" {
			o.used = "\x00" // its flat is refused; the owner comes back with it
		}
	case no == "":
		out.Joined.Empty++
	case o == nil:
		out.Joined.NoOwner++
		r.note(c, SevDoubt, "roster.owner_missing", j.sheet.out.Sheet)
	case o.failed > 0:
		r.note(c, SevError, "roster.owner_refused", j.sheet.out.Sheet, o.failed)
	case o.used != "" && o.used != "\x00":
		out.Joined.Matched++
		r.note(c, SevDoubt, "roster.owner_again", o.used)
	default:
		out.Joined.Matched++
		o.used = r.doorWords()
		r.people = o.behind(&r.row, r.people)
	}
}

// doorWords names the row's door as people write it, to point at it.
func (r *record) doorWords() string {
	var parts []string
	for _, p := range []string{r.row.Building, r.row.Unit, r.row.Room} {
		if p != "" {
			parts = append(parts, p)
		}
	}
	return strings.Join(parts, "-")
}

// behind puts the owner's people behind the door of a row.
func (o *owner) behind(at *Row, rest []Row) []Row {
	if len(o.people) == 0 {
		return rest
	}
	head := o.people[0].Name
	for _, p := range o.people {
		if p.IsHead {
			head = p.Name
		}
	}
	out := make([]Row, len(o.people))
	for i, p := range o.people {
		p.File, p.Sheet, p.N = at.File, at.Sheet, at.N
		p.Compound, p.Building, p.Unit, p.Floor, p.Room, p.Group = at.Compound, at.Building, at.Unit, at.Floor, at.Room, at.Group
		p.Head, p.Address, p.Persons = head, at.Address, at.Persons
		if at.LivesHere != nil && p.LivesHere == nil {
			p.LivesHere = at.LivesHere
		}
		if at.Vacant {
			no := false
			p.LivesHere = &no
		}
		p.Tags = append(slices.Clone(p.Tags), at.Tags...)
		out[i] = p
	}
	if out[0].Note == "" {
		out[0].Note = at.Note
	}
	return out
}

// finish counts the owners' rows, tells what was found in them and gives back
// those that are behind no door.
func (j *join) finish() error {
	s := j.sheet
	rows := j.refused
	for _, no := range j.order {
		o := j.owners[no]
		key := ""
		switch {
		case o.used == "" && o.failed == 0:
			s.out.Joined.NoFlat++
			key = "roster.owner_no_flat"
		case o.used == "" || o.used == "\x00":
			key = "roster.owner_with" // its family or its flat was refused
		default:
			s.out.Joined.Matched++
		}
		for _, r := range o.rows {
			if key != "" && !r.failed {
				r.note(s.cols.weak[ownerNo], SevError, key, s.out.Joined.Flats)
			}
		}
		rows = append(rows, o.rows...)
	}
	slices.SortFunc(rows, func(a, b *record) int { return a.n - b.n })
	for _, r := range rows {
		for _, f := range r.found {
			s.report(r.n, f)
		}
		if !r.failed {
			s.out.Accepted++
			continue
		}
		s.out.Rejected++
		if err := s.reject(r); err != nil {
			return err
		}
	}
	return nil
}

// joined reads a workbook's owners first and the other sheets after them.
func (p *parser) joined(ctx context.Context, b *sheet.Book, file string, owners int, parsed []*sheetParser) error {
	p.ownersFirst = true
	first, err := p.sheet(ctx, b, owners, file, nil)
	p.ownersFirst = false
	if err != nil {
		return err
	}
	parsed[owners] = first
	sum := &Joined{Owners: first.out.Sheet}
	if first.join != nil {
		sum.Column = sheet.ColumnName(first.cols.weak[ownerNo] + 1)
		first.out.Joined = sum
	}
	for i := range b.Sheets() {
		if i == owners {
			continue
		}
		if parsed[i], err = p.sheet(ctx, b, i, file, first.join); err != nil {
			return err
		}
		if out := parsed[i].outs[0]; out.Joined != nil {
			sum.Flats = out.Sheet
			sum.NoOwner += out.Joined.NoOwner
			sum.Empty += out.Joined.Empty
		}
	}
	if first.join == nil {
		return nil
	}
	return first.join.finish()
}

// fault says which file an error is about.
func fault(err error, file string) error {
	var stop stopped
	if errors.As(err, &stop) {
		return stop.error
	}
	return errs.Field(errs.Wrap("roster.Parse", err), file)
}
