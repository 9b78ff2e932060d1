package roster

import (
	"slices"
	"strings"
	"unicode/utf8"

	"wangge/internal/platform/sheet"
)

// carried is what a row leaves for blank and ditto cells below it.
type carried struct {
	place
	head   string
	family string // the head named by the last row that is a head
	raw    map[int]sheet.Cell
	named  bool
	lived  bool // the row named somebody
}

// record is one row while it is read.
type record struct {
	s      *sheetParser
	n      int
	cells  []sheet.Cell
	found  []finding
	failed bool
	row    Row
	place  place
	people []Row
	at     map[string]int // columns of a further person; nil for the row's first
	filled map[int]string // blank place cells and what they inherited
	masked map[int]bool   // cells that show a mask of what is recorded
}

// note adds a finding about column c.
func (r *record) note(c int, sev Severity, key string, args ...any) {
	f := finding{col: c, sev: sev, key: key, args: args}
	if c >= 0 && c < len(r.cells) {
		f.raw = r.cells[c].Raw
	}
	r.found = append(r.found, f)
	r.failed = r.failed || sev == SevError
}

// placeKeys are the columns whose merged cells go down to every row they cover.
var placeKeys = map[string]bool{Compound: true, Building: true, Unit: true, Floor: true, Room: true, Group: true, Head: true, Address: true}

// cell gives the column of a key and its cell; -1 and a blank cell if the
// table has no such column, or the value belongs to another column or person.
func (r *record) cell(key string) (int, sheet.Cell) {
	at := r.s.cols.at
	if r.at != nil {
		at = r.at
	}
	c, ok := at[key]
	if !ok || c >= len(r.cells) {
		return -1, sheet.Cell{}
	}
	if r.masked[c] {
		return c, sheet.Cell{}
	}
	x := r.cells[c]
	if x.Copied() && (x.FromLeft() || !placeKeys[key]) {
		return c, sheet.Cell{}
	}
	return c, r.ditto(c, x)
}

// ditto replaces a ditto mark by the cell above.
func (r *record) ditto(c int, x sheet.Cell) sheet.Cell {
	if x.Kind != sheet.Text || len(x.Raw) > 12 || !r.s.v.ditto.has(strings.ReplaceAll(tidy(x.Raw), " ", "")) {
		return x
	}
	if above, ok := r.s.prev.raw[c]; ok {
		return above
	}
	return sheet.Cell{}
}

// text gives a key's text, tidied; error values such as #N/A are blank.
func (r *record) text(key string) (int, string) {
	c, x := r.cell(key)
	return r.tidied(c, x)
}

// textAt is text for a column of a further person.
func (r *record) textAt(c int) (int, string) {
	if c >= len(r.cells) || r.cells[c].Copied() {
		return c, ""
	}
	return r.tidied(c, r.cells[c])
}

func (r *record) tidied(c int, x sheet.Cell) (int, string) {
	if x.Kind == sheet.Empty {
		return c, ""
	}
	if x.Kind == sheet.Error || strings.HasPrefix(x.Raw, "#") && isErrorText(x.Raw) {
		r.note(c, SevDoubt, "roster.error_value")
		return c, ""
	}
	t := tidy(x.String())
	if len(t) > 2 && strings.HasSuffix(t, ".0") && digitsOnly(t[:len(t)-2]) {
		t = t[:len(t)-2]
	}
	return c, strings.TrimPrefix(t, "'")
}

func isErrorText(s string) bool {
	switch s {
	case "#N/A", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NULL!", "#NUM!":
		return true
	}
	return false
}

// read fills the record.
func (r *record) read() {
	r.row = Row{File: r.s.out.File, Sheet: r.s.out.Sheet, N: r.n}
	if r.readKnown() {
		return
	}
	names := r.readNames()
	r.readFlags()
	r.readPlace(len(names) > 0 || r.row.Vacant || r.s.cols.memberNamed(r.cells))
	r.readRelation()
	r.readPerson(names)
	if !r.failed {
		r.carry()
	} else {
		r.carryPlace()
	}
}

// readNames reads the name cell: names, or a remark that the flat is empty.
func (r *record) readNames() []string {
	v := r.s.v
	c, t := r.text(Name)
	if t == "" {
		return nil
	}
	if r.vacantText(t) {
		r.row.Vacant = true
		return nil
	}
	if v.none.has(t) {
		return nil
	}
	if plain := strings.Trim(strings.ReplaceAll(t, " ", ""), "()"); v.unnamed.has(plain) || v.organised.has(plain) {
		r.addNote(plain)
		return nil
	}
	if strings.IndexByte("=@+-", t[0]) >= 0 && strings.ContainsAny(t, "(!|") {
		r.note(c, SevDoubt, "roster.name_odd") // a formula kept as text is nobody
		return nil
	}
	if v.relation.has(t) && !v.looksLikeName(t) {
		r.row.Tags = r.addTag(r.row.Tags, t)
		return nil
	}
	if k, ok := v.tag[t]; ok {
		r.row.Tags = append(r.row.Tags, k)
		return nil
	}
	return r.checkNames(c, t)
}

func (r *record) checkNames(c int, t string) []string {
	v := r.s.v
	names, remarks := v.names(v.bracketRemarks(t))
	for _, m := range remarks {
		switch {
		case v.tag[m] != "":
			r.row.Tags = r.addTag(r.row.Tags, m)
		case v.relation.has(m):
			r.row.Relation = m
		case v.deceased.has(m):
			r.addNote(m)
			r.deceased(c)
		case m != "":
			r.addNote(m)
		}
	}
	good := names[:0]
	for _, n := range names {
		n, digits := cutDigits(n)
		if whole := n; digits == "" || utf8.RuneCountInString(digits) <= 3 {
			if n = trimSuffixAny(n, v.words.Families); n != whole { // others live there whom nobody names
				r.note(c, SevDoubt, "roster.people_unnamed")
				digits = ""
			}
		}
		if digits != "" {
			if ph := v.parsePhones(digits, false); len(ph.mobile) > 0 {
				r.row.MorePhones = append(r.row.MorePhones, ph.mobile...)
				r.note(c, SevRepaired, "roster.phone_in_name")
			} else if n == "" {
				r.note(c, SevError, "roster.name_is_number")
				continue
			} else if len(digits) > 2 {
				r.note(c, SevDoubt, "roster.name_odd")
			} else {
				n += digits
			}
		}
		if utf8.RuneCountInString(n) >= 4 && hasAny(n, v.words.NameNot) {
			r.addNote(n)
			r.note(c, SevDoubt, "roster.name_odd")
			continue
		}
		if han, all := hanCount(n); n == "" || han == 0 && all < 2 || all > 40 {
			if n != "" {
				r.note(c, SevDoubt, "roster.name_odd")
			}
			continue
		}
		if strings.Contains(n, "*") {
			r.note(c, SevError, "roster.name_masked")
		}
		good = append(good, n)
	}
	if len(good) > 1 {
		r.note(c, SevRepaired, "roster.several_people", len(good))
	}
	return good
}

// bracketRemarks sets words behind a name apart that say what the person is,
// not who.
func (v *vocabulary) bracketRemarks(t string) string {
	words := strings.Fields(t)
	if len(words) < 2 {
		return t
	}
	changed := false
	for i, w := range words {
		if v.tag[w] != "" || v.deceased.has(w) && len(w) > 3 || v.relation.has(w) && !v.looksLikeName(w) {
			words[i], changed = "("+w+")", true
		}
	}
	if !changed {
		return t
	}
	return strings.Join(words, " ")
}

// cutDigits splits digits off a name's end.
func cutDigits(s string) (name, digits string) {
	i := strings.IndexAny(s, "0123456789")
	if i < 0 {
		return s, ""
	}
	return strings.TrimSpace(s[:i]), strings.TrimSpace(s[i:])
}

func (r *record) vacantText(t string) bool {
	v := r.s.v
	t = strings.Trim(strings.ReplaceAll(t, " ", ""), "()")
	return v.vacant.has(t) || len(t) <= 24 && !v.occupied.has(t) && hasAny(t, v.words.VacantPart) && !hasPrefixAny(t, v.words.No)
}

// deceased marks somebody whom the row calls dead as not living here; whether
// the file should be closed is for a person to decide.
func (r *record) deceased(c int) {
	no := false
	r.row.LivesHere = &no
	r.note(c, SevDoubt, "roster.deceased")
}

func (r *record) addNote(t string) {
	if t == "" || strings.Contains(r.row.Note, t) {
		return
	}
	if r.row.Note != "" {
		r.row.Note += "; "
	}
	r.row.Note += t
}

// original gives the row as it was, with what blank place cells inherited
// filled in, so that it can be corrected and imported alone.
func (r *record) original() []sheet.Cell {
	out := slices.Clone(r.cells)
	for c := range out {
		if out[c].FromLeft() {
			out[c] = sheet.Cell{}
		}
	}
	for c, t := range r.filled {
		for len(out) <= c {
			out = append(out, sheet.Cell{})
		}
		out[c] = sheet.Cell{Raw: t, Kind: sheet.Text}
	}
	for c := range out {
		if x := r.ditto(c, out[c]); x != out[c] {
			out[c] = x
		}
	}
	return out
}
