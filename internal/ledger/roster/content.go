package roster

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"wangge/internal/ledger/idno"
	"wangge/internal/platform/sheet"
)

// profile counts what the cells of a column look like.
type profile struct {
	n                                                          int // filled cells
	mobile, landline, id, sex, relation, date, serialDate      int
	building, unit, room, group, combo, address                int
	name, yesno, small, roomish, letter, long, vacant, numeric int
	list                                                       int // several names in a cell
	side                                                       int // rooms named by their side, as in "east"
	step                                                       int // cells one more than the cell before
	distinct                                                   map[string]bool
	hidden                                                     bool // nobody sees the column
	last                                                       int
}

const profileRows = 200

// profiles looks at the columns of the buffered data rows.
func (v *vocabulary) profiles(rows []bufRow, width int) []profile {
	ps := make([]profile, width)
	for i, r := range rows {
		if i >= profileRows {
			break
		}
		for c := 0; c < width; c++ {
			if !r.own(c) {
				continue
			}
			if t := r.text(c); !v.ditto.has(t) && !v.none.has(t) || digitsOnly(t) {
				ps[c].add(v, t, r.cells[c])
			}
		}
	}
	return ps
}

func (p *profile) add(v *vocabulary, t string, c sheet.Cell) {
	p.n++
	if p.distinct == nil {
		p.distinct = map[string]bool{}
	}
	p.distinct[t] = true
	p.addNumbers(t, c)
	p.addPlaces(v, t)
	switch {
	case v.male.has(t) && !digitsOnly(t), v.female.has(t) && !digitsOnly(t):
		p.sex++
	}
	if v.side.has(t) {
		p.side++
	}
	if v.relation.has(t) {
		p.relation++
	}
	if (v.yes.has(t) || v.no.has(t)) && !digitsOnly(t) {
		p.yesno++
	}
	if v.vacant.has(t) {
		p.vacant++
	}
	switch {
	case v.looksLikeName(t) && !v.relation.has(t):
		p.name++
	case len(t) > 12 && v.nameList(t):
		p.list++
	}
	if utf8.RuneCountInString(t) > 8 {
		p.long++
	}
}

func (p *profile) addNumbers(t string, c sheet.Cell) {
	d := strings.ReplaceAll(strings.ReplaceAll(t, " ", ""), "-", "")
	if s, ok := sheet.Plain(d); ok && c.Kind == sheet.Text && strings.ContainsAny(d, ".E") {
		d = s
	}
	if digitsOnly(d) {
		p.numeric++
		if n, err := strconv.Atoi(d); err == nil {
			p.addInt(n, len(d))
		}
	}
	switch {
	case isMobile(d):
		p.mobile++
	case (len(d) >= 10 && len(d) <= 12 && d[0] == '0' || len(d) == 7 || len(d) == 8) && digitsOnly(d):
		p.landline++
	case len(d) >= 15 && len(d) <= 18:
		if n, err := idno.Parse(d, idno.Options{Drill: true}); err == nil && n.Kind == idno.Resident || digitsOnly(d[:15]) {
			p.id++
		}
	case strings.Contains(d, "E+17"):
		p.id++
	case strings.Contains(d, "E+10"):
		p.mobile++
	}
	if _, ok := parseDate(vocab(), t); ok && (len(t) >= 8 || c.Kind == sheet.Text && len(t) >= 6 && !digitsOnly(t)) {
		p.date++
	}
	if c.Date {
		p.serialDate++
	}
}

func (p *profile) addInt(n, digits int) {
	if n == p.last+1 {
		p.step++
	}
	p.last = n
	if n <= 99 {
		p.small++
	}
	if (digits == 3 || digits == 4) && n%100 >= 1 && n%100 <= 60 && n >= 101 {
		p.roomish++
	}
}

func (p *profile) addPlaces(v *vocabulary, t string) {
	if digitsOnly(t) || len(t) > 60 {
		return
	}
	if len(t) == 1 && isLetter(t[0]) {
		p.letter++
		return
	}
	ps := v.pieces(trimPrefixAny(t, v.words.Ordinal))
	nums, hasText := 0, false
	for _, x := range ps {
		if x.num != "" {
			nums++
		}
		hasText = hasText || x.text != ""
	}
	if nums == 1 && !hasText {
		switch ps[0].class {
		case classBuilding:
			p.building++
		case classUnit:
			p.unit++
		case classRoom, classNumber:
			p.room++
		case classGroup:
			p.group++
		}
		return
	}
	pl := v.assemble(ps)
	switch {
	case nums >= 2 && pl.room != "" && !hasText:
		p.combo++
	case nums >= 1 && hasText && (pl.room != "" || pl.number != "" || pl.building != ""):
		p.address++
	}
}

// looksLikeName reports a Chinese personal name: a known surname and two to
// four characters, or a longer one with the dot of other peoples' names.
func (v *vocabulary) looksLikeName(t string) bool {
	t = strings.ReplaceAll(t, " ", "")
	han, all := hanCount(t)
	if i := strings.IndexAny(t, "\u00b7\u2022"); i > 0 && han >= all-2 {
		return all <= 15
	}
	if han != all || all < 2 || all > 4 || v.vacant.has(t) || v.yes.has(t) || v.no.has(t) {
		return false
	}
	r, w := utf8.DecodeRuneInString(t)
	if !v.surname[r] {
		return false
	}
	_, cls := v.suffixAt(t[w:])
	return cls == 0 && (all < 4 || v.surname2.has(string([]rune(t)[:2])) || v.surname[[]rune(t)[1]])
}

// nameList reports several names in one text.
func (v *vocabulary) nameList(t string) bool {
	parts := v.cutAny(t)
	for _, x := range parts {
		if !v.looksLikeName(x) {
			return false
		}
	}
	return len(parts) > 1
}

// share is the part of filled cells that a count makes up.
func (p *profile) share(k int) float64 {
	if p.n == 0 {
		return 0
	}
	return float64(k) / float64(p.n)
}

// serial reports a column that counts the rows.
func (p *profile) serial() bool {
	return p.n >= 2 && p.share(p.numeric) > 0.9 && float64(p.step) >= 0.8*float64(p.n-1) && p.n > 1
}

// against reports that a column's cells cannot be what its header says.
func (p *profile) against(key string) bool {
	if p.n < 2 {
		return false
	}
	people := p.share(p.name+p.list) > 0.6
	numbers := p.share(p.mobile) > 0.6 || p.share(p.id) > 0.6
	switch key {
	case Phone, Landline:
		return people || p.share(p.id) > 0.6 || p.share(p.sex) > 0.6 || p.share(p.room+p.unit+p.building) > 0.6
	case IDNo:
		return people || p.share(p.mobile) > 0.6 || p.share(p.sex) > 0.6
	case Name, Head:
		return numbers || p.share(p.sex) > 0.7 || p.share(p.numeric+p.building+p.unit+p.room+p.combo+p.letter) > 0.7
	case Sex:
		return people || numbers || p.share(p.name+p.mobile+p.roomish+p.long) > 0.7
	case Building:
		return people || numbers || p.share(p.unit) > 0.6 || p.share(p.sex) > 0.7
	case Unit:
		return people || numbers || p.share(p.building) > 0.6 || p.share(p.sex) > 0.7 || p.share(p.roomish) > 0.8 && len(p.distinct) > 4
	case Room:
		return people || numbers || p.share(p.unit) > 0.6 || p.share(p.sex) > 0.7
	case Relation:
		return numbers || p.share(p.numeric) > 0.8 && len(p.distinct) > 9
	case Birth:
		return people || numbers || p.share(p.sex) > 0.7
	case Floor, Persons:
		return people || numbers
	}
	return false
}

// fits reports that a column's cells are plainly what a header says.
func (p *profile) fits(key string) bool {
	switch key {
	case Phone:
		return p.share(p.mobile+p.landline) > 0.6
	case IDNo:
		return p.share(p.id) > 0.6
	case Name, Head:
		return p.share(p.name) > 0.6
	case Sex:
		return p.share(p.sex) > 0.7
	case Unit:
		return p.share(p.unit) > 0.6
	case Building:
		return p.share(p.building) > 0.6
	case Room:
		return p.share(p.room+p.roomish) > 0.6
	}
	return false
}
