package address

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"wangge/internal/ledger/address/nation"
)

// reader walks through one text and notes what its parts are.
type reader struct {
	whole  string // folded: as many characters as the original
	text   string // the same bytes, with what was read beforehand blanked out
	spans  []part
	last   Kind            // of the last part that means something
	has    [kindCount]bool // read so far
	in     *nation.Area    // the deepest area read, where the nation has it
	chunk  int             // up to here no number begins
	vague  bool            // the compound's name does not say that it is one
	towers bool            // buildings of the compound bear letters
	trade  bool            // the compound's name says that people work in it
	hall   bool            // the compound is one house or hall with many shops or offices
	row    bool            // the building is a row of bungalows
	again  bool            // an area was named again right before
	broke  bool            // a separator stands before what comes
}

// part is a span in bytes of the folded text.
type part struct {
	kind   Kind
	lo, hi int
	value  string
}

func read(text string) *reader {
	r := &reader{whole: fold(text), spans: make([]part, 0, 16)}
	r.text = r.whole
	r.contacts()
	for i := 0; i < len(r.text); {
		i = r.step(i)
	}
	r.settle()
	return r
}

// step reads the part at i and returns where the next begins.
func (r *reader) step(i int) int {
	if size := separator(r.text[i:]); size > 0 {
		r.broke = true
		return i + size
	}
	if end := r.noise(i); end > i {
		return end
	}
	if end := r.area(i); end > i {
		return end
	}
	if n, ok := r.numberAt(i); ok {
		return r.numbers(n)
	}
	return r.names(i, r.chunkEnd(i))
}

// chunkEnd gives where the Han text at i ends: before a separator or a number.
func (r *reader) chunkEnd(i int) int {
	if r.chunk > i {
		return r.chunk
	}
	_, w := utf8.DecodeRuneInString(r.text[i:])
	end := i + w
	for end < len(r.text) && separator(r.text[end:]) == 0 {
		if _, ok := r.numberAt(end); ok {
			break
		}
		_, w := utf8.DecodeRuneInString(r.text[end:])
		end += w
	}
	r.chunk = end
	return end
}

// add notes a part. What means nothing does not count as the last.
func (r *reader) add(kind Kind, lo, hi int, value string) int {
	r.spans = append(r.spans, part{kind, lo, hi, value})
	if kind != Repeated && kind != Near && kind != Rest {
		r.last = kind
		r.has[kind] = true
	}
	if kind == Compound {
		home := vocab.Homes.atEnd(value) != ""
		r.trade = !home && vocab.Trades.atEnd(value) != ""
		r.hall = vocab.Halls.atEnd(value) != ""
		r.towers = home || vocab.Towers.atEnd(value) != ""
	}
	r.broke, r.again = false, false
	return hi
}

// inside reports whether a part of a compound was read.
func (r *reader) inside() bool {
	return r.last == Compound || r.last == Phase || r.last == Floor || r.last == Building || r.last == Inside
}

// noise reads words that mean nothing in an address.
func (r *reader) noise(i int) int {
	if w := vocab.Countries.at(r.text[i:]); w != "" && r.areaFollows(i+len(w)) {
		return r.add(Repeated, i, i+len(w), "")
	}
	if w := vocab.Noise.at(r.text[i:]); w != "" {
		return r.add(Repeated, i, i+len(w), "")
	}
	if w := vocab.Shops.at(r.text[i:]); w != "" && r.last == Room && i+len(w) == r.chunkEnd(i) {
		return r.add(Repeated, i, i+len(w), "")
	}
	return i
}

// separator gives the bytes of a blank or punctuation mark at the start of s.
func separator(s string) int {
	if s == "" || alnum(s[0]) || s[0] == '#' {
		return 0
	}
	c, w := utf8.DecodeRuneInString(s)
	if c >= 0x4E00 && c <= 0x9FFF || !(unicode.IsSpace(c) || unicode.IsPunct(c) || unicode.IsSymbol(c) || unicode.IsControl(c) || c == utf8.RuneError) {
		return 0
	}
	return w
}

// fold makes one way of writing of several, character by character: full width
// to ASCII, dashes to '-', old characters to new ones.
func fold(text string) string {
	var b strings.Builder
	b.Grow(min(len(text), 4*maxRunes))
	n, before := 0, rune(0)
	for i, c := range text {
		if n++; n > maxRunes {
			break
		}
		switch {
		case c == 0x3000 || unicode.IsSpace(c):
			c = ' '
		case c >= 0xFF01 && c <= 0xFF5E:
			c = c - 0xFF01 + '!'
		case c >= 0x2010 && c <= 0x2015 || c == 0x2212:
			c = '-'
		case vocab.folds.has(c):
			if to, ok := vocab.folded[c]; ok {
				c = to
			}
		}
		if c == '_' || c == '~' || string(c) == vocab.LikeDash && digit(before) && digit(firstRune(text[i+utf8.RuneLen(c):])) {
			c = '-'
		}
		b.WriteRune(c)
		before = c
	}
	return b.String()
}

func digit(c rune) bool { return c >= '0' && c <= '9' }

func firstRune(s string) rune {
	c, _ := utf8.DecodeRuneInString(s)
	return c
}

// inRunes gives the parts in characters instead of bytes.
func (r *reader) inRunes() []Span {
	out := make([]Span, 0, len(r.spans))
	at, runes := 0, 0
	for _, p := range r.spans {
		gap := r.whole[at:p.lo]
		if dash := strings.IndexByte(gap, '-'); dash >= 0 && strings.Trim(gap, "- ") == "" {
			first := runes + utf8.RuneCountInString(gap[:dash])
			out = append(out, Span{Repeated, first, first + strings.LastIndexByte(gap, '-') - dash + 1, ""})
		}
		runes += utf8.RuneCountInString(gap)
		size := utf8.RuneCountInString(r.whole[p.lo:p.hi])
		out = append(out, Span{p.kind, runes, runes + size, p.value})
		runes, at = runes+size, p.hi
	}
	return out
}

// address puts the parts into their fields; the first of a kind stays, what
// cannot stay goes to the rest.
func (r *reader) address() Address {
	var a Address
	var rest []string
	for _, p := range r.spans {
		f := a.field(p.kind)
		switch {
		case p.kind == Repeated:
		case f == nil || p.kind == Rest || *f != "" && *f != p.value:
			rest = append(rest, strings.TrimSpace(r.whole[p.lo:p.hi]))
		default:
			*f = p.value
		}
	}
	a.Rest = strings.Join(rest, " ")
	return a
}

// Fields lists the kinds that are fields of an Address, in its order.
func Fields() []Kind {
	out := make([]Kind, 0, Rest)
	for k := Province; k <= Rest; k++ {
		out = append(out, k)
	}
	return out
}

// Field gives the value of a kind; empty for kinds that are no fields.
func (a Address) Field(k Kind) string {
	if f := a.field(k); f != nil {
		return *f
	}
	return ""
}

// field is where a kind stands in an address; nil for kinds that do not.
func (a *Address) field(k Kind) *string {
	switch k {
	case Province:
		return &a.Province
	case City:
		return &a.City
	case County:
		return &a.County
	case Street:
		return &a.Street
	case Community:
		return &a.Community
	case Group:
		return &a.Group
	case Road:
		return &a.Road
	case RoadNo:
		return &a.RoadNo
	case Lane:
		return &a.Lane
	case Compound:
		return &a.Compound
	case Phase:
		return &a.Phase
	case Building:
		return &a.Building
	case Unit:
		return &a.Unit
	case Floor:
		return &a.Floor
	case Room:
		return &a.Room
	case Name:
		return &a.Name
	case Phone:
		return &a.Phone
	case IDNo:
		return &a.IDNo
	case Rest:
		return &a.Rest
	}
	return nil
}
