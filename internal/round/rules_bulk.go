package round

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"wangge/internal/platform/errs"
)

// maxLines bounds what one entry of a paper sheet may name.
const maxLines = 2000

var token = regexp.MustCompile(`[0-9A-Za-z]+(?:-[0-9A-Za-z]+)*`)

// fold makes full-width characters narrow and every way to write a range "-".
func fold(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r >= 0xFF01 && r <= 0xFF5E:
			return r - 0xFEE0
		case r == 0x3000:
			return ' '
		}
		return r
	}, s)
	for _, w := range bulk.Range {
		s = strings.ReplaceAll(s, w, "-")
	}
	return s
}

// leftover returns what stays of s after tokens, filler words and punctuation
// are taken out: text that was not understood.
func leftover(s string) string {
	s = strings.ToLower(token.ReplaceAllStringFunc(s, func(t string) string {
		if strings.ContainsFunc(t, unicode.IsDigit) {
			return " "
		}
		return t
	}))
	words := slices.Clone(bulk.Filler)
	slices.SortFunc(words, func(a, b string) int { return len(b) - len(a) })
	for _, w := range words {
		s = removeWord(s, w)
	}
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsPunct(r) || unicode.IsSpace(r) || unicode.IsSymbol(r) {
			return -1
		}
		return r
	}, s))
}

// removeWord takes w out of s; a Latin word only where it stands alone.
func removeWord(s, w string) string {
	if w[0] >= 0x80 {
		return strings.ReplaceAll(s, w, " ")
	}
	fields := strings.FieldsFunc(s, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsPunct(r) })
	if !slices.Contains(fields, w) {
		return s
	}
	var keep []string
	for _, f := range fields {
		if f != w {
			keep = append(keep, f)
		}
	}
	return strings.Join(keep, " ")
}

// ParseRooms reads the rooms named in "all normal except 302 and 501" and
// returns those of doors that are meant. A name is matched whole ("302"), with
// its unit ("2-302"), or as a range of names within doors ("301-303"). What
// matches no door or several, and words not understood, are errors: a door is
// never guessed.
func ParseRooms(text string, doors []DoorName) ([]DoorName, error) {
	const op = "round.ParseRooms"
	s := fold(text)
	if rest := leftover(s); rest != "" {
		return nil, errs.Field(errs.E(op, errs.Invalid, "round.bulk_words", rest), "except")
	}
	var out []DoorName
	for _, t := range token.FindAllString(s, -1) {
		if !strings.ContainsFunc(t, unicode.IsDigit) {
			continue
		}
		hits := matchDoors(t, doors)
		if len(hits) == 0 {
			hits = matchRange(t, doors)
		}
		switch {
		case len(hits) == 0:
			return nil, errs.Field(errs.E(op, errs.Invalid, "round.bulk_no_door", t), "except")
		case len(hits) > 1 && !isRange(t, doors):
			return nil, errs.Field(errs.E(op, errs.Invalid, "round.bulk_which", t), "except")
		}
		for _, h := range hits {
			if !slices.Contains(out, h) {
				out = append(out, h)
			}
		}
	}
	return out, nil
}

func isRange(t string, doors []DoorName) bool {
	return strings.Contains(t, "-") && len(matchDoors(t, doors)) == 0
}

func matchDoors(t string, doors []DoorName) []DoorName {
	var hits []DoorName
	for _, d := range doors {
		if digitsOf(d.Name) == strings.ToUpper(t) || strings.EqualFold(d.Name, t) ||
			d.Unit != "" && digitsOf(d.Unit)+"-"+digitsOf(d.Name) == strings.ToUpper(t) {
			hits = append(hits, d)
		}
	}
	return hits
}

func matchRange(t string, doors []DoorName) []DoorName {
	lo, hi, ok := strings.Cut(t, "-")
	if !ok {
		return nil
	}
	a, err1 := strconv.Atoi(lo)
	b, err2 := strconv.Atoi(hi)
	if err1 != nil || err2 != nil || a > b {
		return nil
	}
	var hits []DoorName
	for _, d := range doors {
		if n, err := strconv.Atoi(digitsOf(d.Name)); err == nil && n >= a && n <= b {
			hits = append(hits, d)
		}
	}
	return hits
}

// digitsOf returns the digits and Latin letters of a name, in upper case.
func digitsOf(s string) string {
	return strings.Map(func(r rune) rune {
		if r < 0x80 && (unicode.IsDigit(r) || unicode.IsLetter(r) || r == '-') {
			return unicode.ToUpper(r)
		}
		return -1
	}, fold(s))
}

// ParseLines reads the line numbers of a paper sheet: "3 7 12", "3、7，12",
// "3-7". Each stands once in the answer, in the order written. Numbers above
// last, backward ranges and words are errors.
func ParseLines(text string, last int) ([]int, error) {
	const op = "round.ParseLines"
	s := fold(text)
	if rest := leftover(s); rest != "" {
		return nil, errs.Field(errs.E(op, errs.Invalid, "round.lines_words", rest), "lines")
	}
	var out []int
	seen := map[int]bool{}
	for _, t := range token.FindAllString(s, -1) {
		if !strings.ContainsFunc(t, unicode.IsDigit) {
			continue
		}
		lo, hi, err := lineRange(t)
		if err != nil || lo < 1 || hi < lo || hi > last || hi-lo > maxLines {
			return nil, errs.Field(errs.E(op, errs.Invalid, "round.lines_number", t, last), "lines")
		}
		for n := lo; n <= hi; n++ {
			if !seen[n] {
				seen[n] = true
				out = append(out, n)
			}
		}
	}
	return out, nil
}

func lineRange(t string) (lo, hi int, err error) {
	a, b, ok := strings.Cut(t, "-")
	if lo, err = strconv.Atoi(a); err != nil || !ok {
		return lo, lo, err
	}
	hi, err = strconv.Atoi(b)
	return lo, hi, err
}
