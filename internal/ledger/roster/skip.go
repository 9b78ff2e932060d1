package roster

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"wangge/internal/platform/sheet"
)

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
	first = sheet.DropBrackets(first)
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
