package sim

import (
	"io"
	"strconv"
	"strings"

	"github.com/xuri/excelize/v2"

	"wangge/internal/platform/errs"
)

// workbookWords are the words of data/workbook.json.
type workbookWords struct {
	Title        string              `json:"title"`
	Note         string              `json:"note"`
	SummarySheet string              `json:"summary_sheet"`
	Summary      []string            `json:"summary"`
	Columns      map[string]string   `json:"columns"`
	Wrong        map[string]string   `json:"wrong"`
	Relations    map[Relation]string `json:"relations"`
	Sex          map[string]string   `json:"sex"`
	Yes          string              `json:"yes"`
	No           string              `json:"no"`
	Room         string              `json:"room"`
	PhoneNone    string              `json:"phone_none"`
	Total        string              `json:"total"`
	TotalRows    string              `json:"total_rows"`
	Foot         string              `json:"foot"`
	Empty        string              `json:"empty"`
	VendorNotes  []string            `json:"vendor_note"`
}

var bookWords = load[workbookWords]("workbook.json")

// Roster is the truth about a workbook: what a right import finds in it.
type Roster struct {
	Compound   string
	Sheets     int // sheets with people; a sheet of explanations comes before them
	Doors      int // with the empty ones
	Households int
	Persons    int               // rows that name a person, with the damaged ones
	Damaged    int               // of these, rows whose identity number lost its last digits and must be refused
	Wrong      map[string]string // column letter → what it really holds ("phone", "idno"); its header says something else
}

// RosterOptions bound a workbook.
type RosterOptions struct {
	Buildings int    // at most so many sheets; 0 for all of the compound
	Damaged   int    // rows with a damaged identity number; 0 means 4
	Day       string // the day in the second title row; "" means 2022.3.1
}

// Workbook writes the roster of one compound of the community as a property
// office would send it: title rows, a sheet for each building, merged cells,
// phones as floating-point numbers, rooms as "302室" or 302, dates as text and
// as serial numbers, blank rows, totals at the foot, identity numbers and
// phones under headers that say something else, and a few identity numbers
// that a spreadsheet rounded. The compound is the estate with the most
// buildings. The error is of kind Invalid where the community has no estate.
func Workbook(w io.Writer, seed uint64, c *Community, opt RosterOptions) (Roster, error) {
	const op = "sim.Workbook"
	k := c.largestEstate()
	if k == nil {
		return Roster{}, errs.E(op, errs.Invalid, "sim.no_estate", c.Area.Name)
	}
	f := excelize.NewFile()
	defer f.Close()
	if opt.Damaged == 0 {
		opt.Damaged = 4
	}
	if opt.Day == "" {
		opt.Day = "2022.3.1"
	}
	s := &scribe{f: f, r: newRNG(seed, textSeed(c.Area.Code), textSeed("workbook")), compound: k, damage: opt.Damaged, day: opt.Day}
	s.truth = Roster{Compound: k.Name, Wrong: map[string]string{}}
	s.explanations()
	buildings := k.Buildings
	if opt.Buildings > 0 && opt.Buildings < len(buildings) {
		buildings = buildings[:opt.Buildings]
	}
	for i := range buildings {
		s.building(&buildings[i])
	}
	if s.err == nil {
		s.err = f.Write(w)
	}
	return s.truth, errs.Wrap(op, s.err)
}

// largestEstate is the estate with the most buildings, nil for none.
func (c *Community) largestEstate() *Compound {
	var best *Compound
	for i := range c.Compounds {
		k := &c.Compounds[i]
		if k.Kind == Estate && (best == nil || len(k.Buildings) > len(best.Buildings)) {
			best = k
		}
	}
	return best
}

// HasEstate says whether Workbook can write a roster of the community.
func (c *Community) HasEstate() bool { return c.largestEstate() != nil }

// The columns of every sheet, in order. The header of idno and phone is
// wrong, see the words' "wrong".
var bookColumns = []string{"serial", "building", "unit", "room", "head", "name", "relation", "sex", "birth", "idno", "phone", "lives", "note"}

// column gives the letter of a key.
func column(key string) string {
	for i, k := range bookColumns {
		if k == key {
			return string(rune('A' + i))
		}
	}
	return ""
}

// scribe writes one workbook; the first error sticks.
type scribe struct {
	f        *excelize.File
	r        *rng
	compound *Compound
	day      string
	sheet    string
	row      int
	serial   int
	damage   int // damaged numbers still to write
	skip     int // persons until the next one
	truth    Roster
	err      error
}

func (s *scribe) try(err error) {
	if s.err == nil && err != nil {
		s.err = err
	}
}

func (s *scribe) set(col string, v any) {
	s.try(s.f.SetCellValue(s.sheet, col+strconv.Itoa(s.row), v))
}

func (s *scribe) merge(col string, from, to int) {
	if to > from {
		s.try(s.f.MergeCell(s.sheet, col+strconv.Itoa(from), col+strconv.Itoa(to)))
	}
}

// explanations writes the sheet of text that offices put first.
func (s *scribe) explanations() {
	s.sheet = bookWords.SummarySheet
	s.try(s.f.SetSheetName("Sheet1", s.sheet))
	for i, line := range bookWords.Summary {
		s.row = i + 2
		s.set("B", line)
	}
	for _, key := range []string{"idno", "phone"} {
		s.truth.Wrong[column(key)] = key
	}
}

// building writes the sheet of one building.
func (s *scribe) building(b *Building) {
	s.sheet = b.Name
	_, err := s.f.NewSheet(s.sheet)
	s.try(err)
	s.truth.Sheets++
	s.serial, s.row = 0, 1
	s.headings(b)
	first, persons, households := s.row, s.truth.Persons, s.truth.Households
	s.doors(b.Doors)
	for i := range b.Units {
		from := s.row
		s.set(column("unit"), b.Units[i].Name)
		s.doors(b.Units[i].Doors)
		s.merge(column("unit"), from, s.row-1)
		if s.r.p(300) {
			s.row++ // a blank row between stairwells
		}
	}
	s.merge(column("building"), first, s.row-1)
	s.set("A", bookWords.Total)
	s.set(column("head"), fill(bookWords.TotalRows, strconv.Itoa(s.truth.Households-households), strconv.Itoa(s.truth.Persons-persons)))
	s.row += 2
	s.set("A", bookWords.Foot)
	s.try(s.f.SetColWidth(s.sheet, "A", "M", 13))
}

// headings writes title rows and the header.
func (s *scribe) headings(b *Building) {
	last := column("note")
	s.set("A", fill(bookWords.Title, s.compound.Name, b.Name))
	s.try(s.f.MergeCell(s.sheet, "A1", last+"1"))
	office := s.compound.Profile.Property
	if office == "" {
		office = s.compound.Name
	}
	s.row = 2
	s.set("A", fill(bookWords.Note, office, s.day))
	s.try(s.f.MergeCell(s.sheet, "A2", last+"2"))
	s.row = 3
	if s.r.p(400) {
		s.row++ // a blank row above the header
	}
	for _, key := range bookColumns {
		head := bookWords.Columns[key]
		if wrong := bookWords.Wrong[key]; wrong != "" {
			head = wrong
		}
		s.set(column(key), head)
	}
	s.row++
	s.set(column("building"), b.Name)
}

// doors writes the doors of a stairwell.
func (s *scribe) doors(doors []Door) {
	for i := range doors {
		d := &doors[i]
		s.truth.Doors++
		from := s.row
		s.room(d.Label)
		if len(d.Households) == 0 {
			s.set(column("note"), bookWords.Empty)
			s.row++
			continue
		}
		for h := range d.Households {
			s.household(&d.Households[h])
		}
		s.merge(column("room"), from, s.row-1)
	}
}

// room writes a room as text with its ending, as text, or as a number.
func (s *scribe) room(l string) {
	n, _ := strconv.Atoi(l)
	switch s.r.weighted(500, 200, 300) {
	case 0:
		s.set(column("room"), fill(bookWords.Room, l))
	case 1:
		s.set(column("room"), l)
	default:
		s.set(column("room"), n)
	}
}

func (s *scribe) household(h *Household) {
	s.truth.Households++
	from := s.row
	s.set(column("head"), h.Persons[0].Name)
	for i := range h.Persons {
		s.person(&h.Persons[i])
		s.row++
	}
	s.merge(column("head"), from, s.row-1)
	if s.r.p(15) {
		s.row++ // a stray blank row
	}
}

func (s *scribe) person(m *Person) {
	s.truth.Persons++
	s.serial++
	s.set("A", s.serial)
	s.set(column("name"), s.spaced(m.Name))
	s.set(column("relation"), bookWords.Relations[m.Relation])
	s.set(column("sex"), bookWords.Sex[strconv.Itoa(int(m.Sex))])
	s.birth(m.Birth)
	s.idno(m)
	s.phone(m.Phone)
	lives := bookWords.Yes
	if !m.LivesHere {
		lives = bookWords.No
	}
	s.set(column("lives"), lives)
	if s.r.p(60) {
		s.set(column("note"), pick(s.r, bookWords.VendorNotes))
	}
}

// spaced widens some two-character names with a full-width blank, as lists
// that want even columns do.
func (s *scribe) spaced(name string) string {
	if c := []rune(name); len(c) == 2 && s.r.p(250) {
		return string(c[0]) + "\u3000" + string(c[1])
	}
	return name
}

// birth writes a date as text in three ways, or as a serial number.
func (s *scribe) birth(d Date) {
	cell := column("birth")
	switch s.r.weighted(350, 250, 150, 250) {
	case 0:
		s.set(cell, d.String())
	case 1:
		s.set(cell, strings.Join([]string{strconv.Itoa(int(d.Year)), strconv.Itoa(int(d.Month)), strconv.Itoa(int(d.Day))}, "."))
	case 2:
		s.set(cell, strings.ReplaceAll(d.String(), "-", "/"))
	default:
		s.set(cell, serialDay(d))
	}
}

// serialDay is a spreadsheet's number for a day.
func serialDay(d Date) int {
	y, m := int(d.Year), int(d.Month)
	if m <= 2 {
		y--
		m += 12
	}
	days := 365*y + y/4 - y/100 + y/400 + (153*(m-3)+2)/5 + int(d.Day) - 1 - 719468
	return days + 25569
}

// idno writes a document's number; every so often one that a spreadsheet took
// for a number and rounded to 15 digits.
func (s *scribe) idno(m *Person) {
	cell := column("idno")
	s.skip--
	if m.IDKind == ID18 && m.IDNo[17] != 'X' && s.damage > 0 && s.skip < 0 {
		n, _ := strconv.ParseFloat(m.IDNo[:15]+"000", 64)
		s.set(cell, n)
		s.damage--
		s.skip = s.r.between(9, 25)
		s.truth.Damaged++
		return
	}
	if m.IDNo == "" {
		return
	}
	no := m.IDNo
	if s.r.p(500) {
		no = strings.ToLower(no)
	}
	if s.r.p(60) {
		no = " " + no
	}
	s.set(cell, no)
}

// phone writes a phone as text, as a number, with blanks or full-width.
func (s *scribe) phone(p string) {
	cell := column("phone")
	if p == "" {
		if s.r.p(300) {
			s.set(cell, bookWords.PhoneNone)
		}
		return
	}
	n, _ := strconv.ParseFloat(p, 64)
	switch s.r.weighted(350, 400, 100, 80, 70) {
	case 0:
		s.set(cell, p)
	case 1:
		s.set(cell, n)
	case 2:
		s.set(cell, p+".0")
	case 3:
		s.set(cell, p[:3]+" "+p[3:7]+" "+p[7:])
	default:
		s.set(cell, strings.Map(func(r rune) rune { return r - '0' + 0xFF10 }, p))
	}
}
