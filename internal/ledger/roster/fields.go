package roster

import (
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"wangge/internal/ledger/idno"
	"wangge/internal/platform/sheet"
)

// parseDate reads a date written in any usual way. It returns 2006-01-02,
// 2006-01 or 2006.
func parseDate(v *vocabulary, s string) (string, bool) {
	if len(s) > 40 {
		return "", false
	}
	if i := strings.IndexByte(s, 'T'); i == 10 {
		s = s[:i]
	}
	if i := strings.IndexByte(s, ' '); i >= 8 && strings.Contains(s[i:], ":") {
		s = s[:i]
	}
	var parts []string
	cur := ""
	for _, r := range s {
		switch {
		case r >= '0' && r <= '9':
			cur += string(r)
		case r == '.' || r == '-' || r == '/' || r == '\\' || r == ',' || v.dateMark[r] != 0 || r == ' ' || r == '\u3001':
			if cur != "" {
				parts = append(parts, cur)
			}
			cur = ""
		default:
			return "", false
		}
	}
	if cur != "" {
		parts = append(parts, cur)
	}
	if len(parts) == 1 {
		parts = compactDate(parts[0])
	}
	return joinDate(parts)
}

// compactDate cuts 19491231 and 194912; a year stands alone.
func compactDate(d string) []string {
	switch len(d) {
	case 8:
		return []string{d[:4], d[4:6], d[6:]}
	case 6:
		return []string{d[:4], d[4:]}
	case 4:
		return []string{d}
	}
	return nil
}

func joinDate(p []string) (string, bool) {
	if len(p) == 0 || len(p) > 3 || len(p[0]) != 4 || p[0] < "1850" || p[0] > "2150" {
		return "", false
	}
	out := p[0]
	for _, x := range p[1:] {
		if len(x) == 1 {
			x = "0" + x
		}
		if len(x) != 2 {
			return "", false
		}
		out += "-" + x
	}
	if strings.HasSuffix(out, "-00") {
		return joinDate(p[:len(p)-1])
	}
	_, err := time.Parse("2006-01-02"[:len(out)], out)
	return out, err == nil
}

// serialDate reads a date kept as a number of days.
func serialDate(f float64, epoch1904 bool) (string, bool) {
	if f < 1 || f > 80_000 {
		return "", false
	}
	base := time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC)
	if epoch1904 {
		base = time.Date(1904, 1, 1, 0, 0, 0, 0, time.UTC)
	} else if f < 60 {
		base = base.AddDate(0, 0, 1)
	}
	return base.AddDate(0, 0, int(f)).Format(time.DateOnly), true
}

// parseBirth reads a birth cell: a date's text, a date kept as a serial, or a
// number such as 19491231 or 1949.
// A year of two digits is certain only where this century would lie ahead of
// today.
func (v *vocabulary) parseBirth(c sheet.Cell, epoch1904 bool, today string) (string, bool) {
	t := tidy(c.String())
	f, isNumber := c.Float()
	if c.Date && isNumber {
		return serialDate(f, epoch1904)
	}
	if isNumber && len(t) == 6 && t[4] == '.' {
		return "", false // 1949.1 as a number is January, or October with its zero lost
	}
	if len(t) > 2 && digitsOnly(t[:2]) && (t[2] >= 0x80 || strings.IndexByte(".-/", t[2]) >= 0) {
		if len(today) != 10 || t[:2] <= today[2:4] {
			return "", false
		}
		t = "19" + t
	}
	if d, ok := parseDate(v, t); ok {
		return d, true
	}
	if digitsOnly(t) && len(t) >= 3 && len(t) <= 5 {
		n, _ := strconv.Atoi(t)
		return serialDate(float64(n), epoch1904)
	}
	return "", false
}

func (v *vocabulary) parseSex(s string) (string, bool) {
	switch {
	case v.male.has(s):
		return "M", true
	case v.female.has(s):
		return "F", true
	}
	return "", false
}

// parsePersons reads a head count.
func (v *vocabulary) parsePersons(s string) (int, bool) {
	for _, suf := range v.words.PersonSuffix {
		s = strings.TrimSuffix(s, suf)
	}
	if h := v.hanNumber(s); h != "" {
		s = h
	}
	if p, ok := sheet.Plain(s); ok {
		s = p
	}
	n, err := strconv.Atoi(strings.TrimSpace(s))
	if err != nil {
		n, err = v.sumOfPersons(s)
	}
	return n, err == nil && n >= 0 && n <= 2000
}

// sumOfPersons adds a count written apart, as "adults 2 children 1"; every word
// in it must be known.
func (v *vocabulary) sumOfPersons(s string) (sum int, err error) {
	words := strings.FieldsFunc(s, func(r rune) bool { return r >= '0' && r <= '9' || strings.ContainsRune(" ,+\u3001", r) })
	for _, w := range words {
		if !v.countWord.has(w) {
			return 0, strconv.ErrSyntax
		}
	}
	numbers := strings.FieldsFunc(s, func(r rune) bool { return r < '0' || r > '9' })
	if len(words) == 0 || len(numbers) == 0 {
		return 0, strconv.ErrSyntax
	}
	for _, d := range numbers {
		n, err := strconv.Atoi(d)
		if err != nil {
			return 0, err
		}
		sum += n
	}
	return sum, nil
}

// truth reads yes and no; nil if the text says neither.
func truth(s string, yes, no set) *bool {
	y, n := yes.has(s), no.has(s)
	if y == n {
		return nil
	}
	return &y
}

// names splits a name cell. Remarks in brackets come back apart.
func (v *vocabulary) names(s string) (out []string, remarks []string) {
	s, remarks = cutBrackets(s)
	if rest := trimPrefixAny(s, v.words.NamePrefix); rest != s && strings.HasPrefix(rest, ":") {
		s = rest[1:]
	}
	for _, part := range v.cutNames(s) {
		part = strings.TrimRight(strings.Trim(part, " .,:;-'`\"\u00b7"), " .")
		part = strings.TrimLeft(part, "* ")
		if h, _ := hanCount(part); h > 0 {
			part = strings.ReplaceAll(part, " ", "")
			if h > 1 && h == utf8.RuneCountInString(part)-1 {
				part = strings.NewReplacer(".", "\u00b7", "\u2022", "\u00b7").Replace(part)
			}
		}
		if part != "" {
			out = append(out, part)
		}
	}
	return out, remarks
}

// cutNames splits at separators; at blanks only between whole names.
func (v *vocabulary) cutNames(s string) []string {
	parts := v.cutNameSeparators(s)
	var out []string
	for _, p := range parts {
		words := strings.Fields(p)
		whole := len(words) > 1
		for _, w := range words {
			whole = whole && v.looksLikeName(w)
		}
		if whole {
			out = append(out, words...)
		} else {
			out = append(out, p)
		}
	}
	return out
}

// cutNameSeparators splits at marks always, at words such as "and" only where
// names stand on both sides: they are also parts of names.
func (v *vocabulary) cutNameSeparators(s string) []string {
	parts := []string{s}
	for _, sep := range v.split {
		var next []string
		r, _ := utf8.DecodeRuneInString(sep)
		for _, p := range parts {
			cut := strings.Split(p, sep)
			if len(cut) > 1 && isHan(r) {
				for _, c := range cut {
					if !v.looksLikeName(strings.TrimSpace(c)) {
						cut = []string{p}
						break
					}
				}
			}
			next = append(next, cut...)
		}
		parts = next
	}
	return parts
}

// cutBrackets takes remarks in brackets out of s.
func cutBrackets(s string) (string, []string) {
	var remarks []string
	for {
		i := strings.IndexAny(s, "([")
		if i < 0 {
			return s, remarks
		}
		j := strings.IndexAny(s[i:], ")]")
		if j < 0 {
			return s[:i], append(remarks, strings.TrimSpace(s[i+1:]))
		}
		remarks = append(remarks, strings.TrimSpace(s[i+1:i+j]))
		s = s[:i] + " " + s[i+j+1:]
		s = strings.TrimSpace(s)
	}
}

// idFault gives the message for an identity number that was refused.
func idFault(err error) string { return "roster.idno_" + string(err.(idno.Fault)) }
