package roster

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"wangge/internal/platform/sheet"
)

// contextOf reads a sheet's name, a title or a section row for the place all
// rows below belong to.
func (v *vocabulary) contextOf(t string, sheetName bool) place {
	if label, rest, ok := strings.Cut(t, ":"); ok {
		switch k, _ := v.matchHeader(label); k {
		case Compound:
			return place{compound: strings.TrimSpace(rest)}
		case Building, Unit, Group:
			t = strings.TrimSpace(rest)
		}
	}
	if t == "" || utf8.RuneCountInString(t) > 60 {
		return place{}
	}
	if cut := strings.TrimSpace(dropBrackets(t)); cut != "" {
		t = cut
	}
	for _, n := range v.noise {
		if i := strings.Index(t, n); i >= 0 {
			t = strings.TrimSpace(t[:i])
		}
	}
	if b, u, ok := bareSheetName(t); sheetName && ok {
		return place{building: b, unit: u}
	}
	ps := v.pieces(trimPrefixAny(t, v.words.Ordinal))
	p := place{}
	for k, x := range ps {
		switch {
		case x.num == "":
			if name := v.afterAdmin(strings.TrimSuffix(x.text, v.ordinal())); k == 0 && v.compoundIn(name) != "" {
				p.compound = name
			}
			if name := strings.TrimSpace(x.text); sheetName && len(ps) == 1 {
				p.namedGroup(v, name)
			}
		case x.class == classBuilding && p.building == "":
			p.building = trimZero(x.num)
		case x.class == classUnit:
			p.unit = trimZero(x.num)
		case x.class == classPhase:
			p.phase = v.phaseOf(x.num)
		case x.class == classGroup:
			p.group = trimZero(x.num)
		case x.class == classNumber && len(ps) == 1 && sheetName:
			p.building = trimZero(x.num)
		case x.class == bare && k > 0 && ps[k-1].class == classBuilding && sheetName:
			p.unit = trimZero(x.num)
		}
	}
	return p
}

// bareSheetName reads sheet names such as 5 and 5-2 as building and unit.
func bareSheetName(t string) (building, unit string, ok bool) {
	b, u, two := strings.Cut(t, "-")
	ok = digitsOnly(b) && len(b) <= 3 && (!two || digitsOnly(u) && len(u) == 1)
	return trimZero(b), u, ok
}

func (v *vocabulary) ordinal() string { return v.words.Ordinal[0] }

// namedGroup recognises a group with a name instead of a number.
func (p *place) namedGroup(v *vocabulary, name string) {
	for _, x := range v.suffixes {
		if x.class == classGroup && strings.HasSuffix(name, x.text) && len(name) > len(x.text) && utf8.RuneCountInString(name) <= 8 {
			p.group = name
			return
		}
	}
}

func (p place) blank() bool {
	return p.compound == "" && p.building == "" && p.unit == "" && p.group == "" && p.phase == ""
}

// addMissing takes over what p does not know yet.
func (p *place) addMissing(q place) {
	for _, f := range []struct {
		to   *string
		from string
	}{{&p.compound, q.compound}, {&p.phase, q.phase}, {&p.building, q.building}, {&p.unit, q.unit}, {&p.floor, q.floor}, {&p.room, q.room}, {&p.group, q.group}} {
		if *f.to == "" {
			*f.to = f.from
		}
	}
}

// skip reports rows below the header that are no people: repeated headers,
// totals, page footers, examples, section titles, and rows with nothing in a
// column that is read.
func (s *sheetParser) skip(cells []sheet.Cell) bool {
	var first string
	own, firstCol, numbers := 0, -1, false
	var lead [3]string
	for c := range cells {
		if cells[c].Blank() || cells[c].Copied() {
			continue
		}
		t := tidy(cells[c].String())
		if firstCol < 0 {
			first, firstCol = t, c
		}
		if own < len(lead) {
			lead[own] = t
		}
		own++
		numbers = numbers || len(t) >= 11 && digitsOnly(t[:11])
	}
	if own == 0 || !s.anyRead(cells) && !s.isSection(first, own) {
		return true
	}
	switch {
	case s.repeatsHeader(cells, own), s.isTotal(lead[:min(own, 3)], numbers), s.isExample(first), s.countsColumns(cells, own):
		return true
	case s.isSection(first, s.withoutEntries(cells)):
		return true
	case own <= 4 && slices.Contains(s.v.words.Footer, first), own == 1 && s.onlyCount(firstCol):
		return true
	case own <= 4 && !numbers && s.isFooter(cells, first, firstCol, own):
		return true
	}
	return false
}

// withoutEntries counts a row's cells without those such as "checked by: …".
func (s *sheetParser) withoutEntries(cells []sheet.Cell) int {
	n, first := 0, true
	for c := range cells {
		if cells[c].Blank() || cells[c].Copied() {
			continue
		}
		if first || !strings.ContainsAny(cells[c].Raw, ":\uff1a") {
			n++
		}
		first = false
	}
	return n
}

// onlyCount reports a row with a head count and nothing else: a total without a word.
func (s *sheetParser) onlyCount(col int) bool {
	at, ok := s.cols.at[Persons]
	return ok && at == col
}

// isExample recognises a row that shows how to fill in the table.
func (s *sheetParser) isExample(first string) bool {
	label, _, _ := strings.Cut(first, ":")
	return s.v.example.has(first) || s.v.example.has(label)
}

// countsColumns recognises a row below the header that numbers the columns.
func (s *sheetParser) countsColumns(cells []sheet.Cell, own int) bool {
	if own < 3 || s.out.Accepted+s.out.Rejected > 0 {
		return false
	}
	n := 0
	for c := range cells {
		if cells[c].Blank() {
			continue
		}
		if n++; strings.Trim(tidy(cells[c].String()), "()") != strconv.Itoa(n) {
			return false
		}
	}
	name, ok := s.cols.at[Name]
	return ok && name < len(cells) && !cells[name].Blank()
}

// anyRead reports whether any column that is read holds something of the row's own.
func (s *sheetParser) anyRead(cells []sheet.Cell) bool {
	for key, c := range s.cols.at {
		if c < len(cells) && !cells[c].Blank() && !cells[c].Copied() && key != Note {
			return true
		}
	}
	return s.cols.memberNamed(cells)
}

func (s *sheetParser) repeatsHeader(cells []sheet.Cell, own int) bool {
	same := 0
	for c := range cells {
		if c < len(s.labels) && s.labels[c] != "" && cells[c].Kind == sheet.Text && !cells[c].Copied() &&
			(cells[c].Raw == s.labels[c] || tidy(cells[c].Raw) == s.labels[c]) {
			same++
		}
	}
	return same >= 2 && same*2 >= own
}

func (s *sheetParser) isTotal(lead []string, numbers bool) bool {
	for _, t := range lead {
		t = strings.ReplaceAll(t, " ", "")
		if s.v.total.has(strings.TrimRight(t, ":0123456789")) {
			return true
		}
		if !numbers && utf8.RuneCountInString(t) <= 24 && hasAny(t, s.v.words.TotalPart) {
			return true
		}
	}
	return false
}

func (s *sheetParser) isFooter(cells []sheet.Cell, first string, col, own int) bool {
	if note, ok := s.cols.at[Note]; ok && note == col && own == 1 {
		return true
	}
	t := strings.ReplaceAll(first, " ", "")
	if s.colonsOnly(cells) {
		return true
	}
	if n := utf8.RuneCountInString(t); own == 1 && s.placeColumn(col) && !strings.ContainsAny(t, "0123456789") && (n > 2 && col != s.cols.at[Room] || n > 3) {
		return true // a heading within the table
	}
	if _, day := parseDate(s.v, t); day && own == 1 && len(t) >= 8 && !digitsOnly(t) && strings.IndexByte(t, '-') < 0 {
		return true
	}
	if len(t) > 2 && t[0] == '-' && t[len(t)-1] == '-' && digitsOnly(strings.Trim(t, "-")) && own == 1 {
		return true // a page's number
	}
	if hasPrefixAny(t, s.v.words.Footer) || strings.ContainsAny(t, ":") && own <= 2 && !s.placeColumn(col) && utf8.RuneCountInString(t) > 5 {
		return true
	}
	if hasAny(t, s.v.page[0]) && hasAny(t, s.v.page[1]) && strings.ContainsAny(t, "0123456789") {
		return true
	}
	return own == 1 && utf8.RuneCountInString(t) > 12 && !s.placeColumn(col)
}

// colonsOnly reports a row of nothing but entries such as "checked by: …".
func (s *sheetParser) colonsOnly(cells []sheet.Cell) bool {
	for c := range cells {
		if cells[c].Blank() || cells[c].Copied() {
			continue
		}
		label, _, ok := strings.Cut(tidy(cells[c].String()), ":")
		if han, all := hanCount(label); !ok || han == 0 || all > 12 {
			return false
		}
	}
	return true
}

func (s *sheetParser) placeColumn(c int) bool {
	for _, key := range []string{Room, Address, Building} {
		if at, ok := s.cols.at[key]; ok && at == c {
			return true
		}
	}
	return false
}

// isSection recognises a row that names the building, unit or group of the
// rows below it, and remembers it.
func (s *sheetParser) isSection(first string, own int) bool {
	if own != 1 {
		return false
	}
	first = dropBrackets(first)
	if head, _, ok := strings.Cut(first, ":"); ok && !s.v.contextOf(head, false).blank() {
		first = head
	}
	p := s.v.contextOf(first, false)
	pl := s.v.parsePlace(first)
	if pl.room != "" || p.building == "" && p.unit == "" && p.group == "" {
		return false
	}
	if s.v.looksLikeName(first) {
		return false
	}
	if p.building == "" && p.compound == "" && p.group == "" {
		p.building, p.compound = s.section.building, s.section.compound
	}
	s.section, s.sectionText, s.prev = p, first, carried{}
	return true
}
