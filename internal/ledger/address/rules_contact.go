package address

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// contacts finds labels, phones, identity numbers and names, notes them and
// blanks them out, so that what remains is the place.
func (r *reader) contacts() {
	b := []byte(r.text)
	named := r.labels(b)
	for i := 0; i < len(b); {
		if b[i] < '0' || b[i] > '9' {
			i++
			continue
		}
		end := i
		for end < len(b) && b[end] >= '0' && b[end] <= '9' {
			end++
		}
		i = r.digits(b, i, end)
	}
	if !named {
		r.name(b)
	}
	r.text = string(b)
	r.last = None
}

// labels blanks out the words that announce a field, and notes a name that one
// announces.
func (r *reader) labels(b []byte) (named bool) {
	for i := 0; i < len(b); {
		word := vocab.label.at(r.text[i:])
		kind := vocab.labelIs[word]
		end := i + len(word)
		colon := end < len(b) && separator(r.text[end:]) > 0
		if word == "" || !colon && kind == Name {
			_, w := utf8.DecodeRuneInString(r.text[i:])
			i += w
			continue
		}
		clear(b, i, end)
		r.spans = append(r.spans, part{Repeated, i, end, ""})
		if i = end; kind == Name && !named {
			if lo, hi := r.segment(end); hi > lo && runes(r.text[lo:hi]) <= 5 {
				r.add(Name, lo, hi, r.text[lo:hi])
				clear(b, lo, hi)
				named, i = true, hi
			}
		}
	}
	r.text = string(b)
	return named
}

// segment gives the text from i, behind separators, to the next separator or digit.
func (r *reader) segment(i int) (lo, hi int) {
	for i < len(r.text) {
		w := separator(r.text[i:])
		if w == 0 {
			break
		}
		i += w
	}
	for hi = i; hi < len(r.text) && separator(r.text[hi:]) == 0 && (r.text[hi] < '0' || r.text[hi] > '9'); {
		_, w := utf8.DecodeRuneInString(r.text[hi:])
		hi += w
	}
	return i, hi
}

// digits reads one run of digits and returns where to go on.
func (r *reader) digits(b []byte, lo, hi int) int {
	n := hi - lo
	end := hi
	if end < len(b) && (b[end] == 'X' || b[end] == 'x') {
		end++
	}
	switch {
	case end-lo == 18 && birthday(r.text[lo+6:lo+14]):
		return r.take(b, IDNo, lo, end, strings.ToUpper(r.text[lo:end]))
	case n == 11 && mobile(r.text[lo:hi]):
		return r.take(b, Phone, lo, hi, r.text[lo:hi])
	case n == 13 && strings.HasPrefix(r.text[lo:], "86") && mobile(r.text[lo+2:hi]):
		return r.take(b, Phone, lo, hi, r.text[lo+2:hi])
	case n > 11 && n <= 16 && mobile(r.text[hi-11:hi]):
		return r.take(b, Phone, hi-11, hi, r.text[hi-11:hi]) // the room's number stands before it
	case n > 11 && n <= 16 && mobile(r.text[lo:lo+11]):
		r.take(b, Phone, lo, lo+11, r.text[lo:lo+11])
		return lo + 11
	case n == 3 && r.text[lo] == '1':
		if value, end := grouped(r.text, lo); end > 0 {
			return r.take(b, Phone, lo, end, value)
		}
	case r.text[lo] == '0' && n >= 3:
		if end := landline(r.text, lo); end > 0 {
			return r.take(b, Phone, lo, end, r.text[lo:end])
		}
	}
	if n == 6 && r.alone(lo, hi) && r.text[lo] < '9' {
		r.spans = append(r.spans, part{Rest, lo, hi, r.text[lo:hi]}) // postal code
		clear(b, lo, hi)
	}
	return hi
}

// take notes a phone or an identity number, the first of its kind.
func (r *reader) take(b []byte, kind Kind, lo, hi int, value string) int {
	if r.has[kind] {
		r.spans = append(r.spans, part{Rest, lo, hi, value})
	} else {
		r.add(kind, lo, hi, value)
	}
	clear(b, lo, hi)
	return hi
}

// alone reports whether nothing stands right before and behind.
func (r *reader) alone(lo, hi int) bool {
	before, _ := utf8.DecodeLastRuneInString(r.text[:lo])
	return (lo == 0 || separator(string(before)) > 0) && (hi == len(r.text) || separator(r.text[hi:]) > 0)
}

func mobile(d string) bool { return d[0] == '1' && d[1] >= '2' }

// birthday reports whether eight digits can be a date of birth.
func birthday(d string) bool {
	return (d[:2] == "19" || d[:2] == "20") && d[4:6] >= "01" && d[4:6] <= "12" && d[6:] >= "01" && d[6:] <= "31"
}

// grouped reads a mobile number in groups: 138 1234 5678 or 138-1234-5678.
func grouped(s string, lo int) (value string, end int) {
	if len(s) < lo+13 || !mobile(s[lo:]) || s[lo+3] != s[lo+8] || (s[lo+3] != ' ' && s[lo+3] != '-') {
		return "", 0
	}
	value = s[lo:lo+3] + s[lo+4:lo+8] + s[lo+9:lo+13]
	if digitsOf(value) != 11 || len(s) > lo+13 && s[lo+13] >= '0' && s[lo+13] <= '9' {
		return "", 0
	}
	return value, lo + 13
}

// landline gives the end of a number with its area code: 0755-22107333.
func landline(s string, lo int) int {
	code := digitsOf(s[lo:])
	end := lo + code
	switch {
	case code >= 10 && code <= 12:
		return end
	case (code == 3 || code == 4) && end < len(s) && (s[end] == '-' || s[end] == ' '):
		if n := digitsOf(s[end+1:]); n == 7 || n == 8 {
			return end + 1 + n
		}
	}
	return 0
}

func clear(b []byte, lo, hi int) {
	for i := lo; i < hi; i++ {
		b[i] = ' '
	}
}

// name finds the name: beside a phone a piece of the text that stands alone and
// reads as one, without a phone only the last piece.
func (r *reader) name(b []byte) {
	text := string(b)
	for i := 0; i < len(text); {
		if w := separator(text[i:]); w > 0 {
			i += w
			continue
		}
		end := i
		for end < len(text) && separator(text[end:]) == 0 {
			_, w := utf8.DecodeRuneInString(text[end:])
			end += w
		}
		if from := nameIn(text[i:end]); from >= 0 && (r.has[Phone] || from == 0 && i > 0 && strings.TrimSpace(text[end:]) == "") {
			name := strings.TrimSuffix(text[i+from:end], vocab.Receive)
			r.add(Name, i+from, end, name)
			clear(b, i+from, end)
			return
		}
		i = end
	}
}

// nameIn gives where in a piece without separators a name begins that ends it:
// the whole piece, or what stands behind its last digit or unit word. -1: none.
func nameIn(s string) int {
	if IsName(s) {
		return 0
	}
	cut := strings.LastIndexAny(s, "0123456789") + 1
	if cut == 0 {
		return -1
	}
	cut += len(vocab.unit.at(s[cut:]))
	if IsName(s[cut:]) {
		return cut
	}
	return -1
}

// IsName reports whether s reads as a person's name: a surname and one or two
// characters, or one with a form of address behind it.
func IsName(s string) bool {
	s = strings.TrimSuffix(s, vocab.Receive)
	n := runes(s)
	if n < 2 || n > 5 || strings.ContainsAny(s, "0123456789") {
		return false
	}
	for _, h := range vocab.Honorifics {
		if strings.HasSuffix(s, h) {
			return true
		}
	}
	for _, not := range vocab.NotNames {
		if strings.HasSuffix(s, not) {
			return false
		}
	}
	if n > 4 || vocab.StrongCompounds.atEnd(s) != "" {
		return false
	}
	first, _ := utf8.DecodeRuneInString(s)
	double := slices.ContainsFunc(vocab.DoubleSurnames, func(d string) bool { return strings.HasPrefix(s, d) })
	return double || n <= 3 && vocab.surname[first]
}
