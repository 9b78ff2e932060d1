package roster

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// tidy trims a text, folds full-width characters to ASCII, turns every kind of
// space into one blank and drops invisible characters.
func tidy(s string) string {
	if clean(s) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	gap := false
	for _, r := range s {
		switch {
		case r >= 0xff01 && r <= 0xff5e:
			r -= 0xfee0
		case r == 0x200b || r == 0x200c || r == 0x200d || r == 0xfeff || r == 0x202c || r == 0x202d || r == 0x202a:
			continue
		case r == 0xff0d || r == 0x2010 || r == 0x2011 || r == 0x2012 || r == 0x2013 || r == 0x2014 || r == 0x2015 || r == 0x2212:
			r = '-'
		}
		if unicode.IsSpace(r) || r == 0x3000 {
			gap = true
			continue
		}
		if gap && b.Len() > 0 {
			b.WriteByte(' ')
		}
		gap = false
		b.WriteRune(r)
	}
	return b.String()
}

// clean reports whether tidy has nothing to do: printable ASCII or plain Han
// without spaces.
func clean(s string) bool {
	for _, r := range s {
		if r <= ' ' || r >= 0x7f && r < 0x3400 || r > 0x9fff {
			return false
		}
	}
	return true
}

// squeeze is tidy without any blank.
func squeeze(s string) string {
	s = tidy(s)
	if strings.IndexByte(s, ' ') < 0 {
		return s
	}
	return strings.ReplaceAll(s, " ", "")
}

func digitsOnly(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

func isHan(r rune) bool { return unicode.Is(unicode.Han, r) }

// hanCount counts Han characters and all characters.
func hanCount(s string) (han, all int) {
	for _, r := range s {
		all++
		if isHan(r) {
			han++
		}
	}
	return han, all
}

// hanNumber reads a number written in Chinese characters, as a value (twenty
// one) or digit by digit (five zero one); "" if s is none.
func (v *vocabulary) hanNumber(s string) string {
	var digits []int
	unit := false
	for _, r := range s {
		n, ok := v.numeral[r]
		if !ok {
			return ""
		}
		unit = unit || n >= 10
		digits = append(digits, n)
	}
	if len(digits) == 0 || len(digits) > 7 {
		return ""
	}
	if !unit {
		out := ""
		for _, d := range digits {
			out += strconv.Itoa(d)
		}
		return out
	}
	total, cur := 0, 0
	for _, d := range digits {
		if d < 10 {
			cur = d
			continue
		}
		if d == 20 {
			total, cur = total+20, 0
			continue
		}
		total, cur = total+max(cur, 1)*d, 0
	}
	return strconv.Itoa(total + cur)
}

// cutAny splits s at every separator and drops blanks.
func (v *vocabulary) cutAny(s string) []string {
	out := []string{s}
	for _, sep := range v.split {
		var next []string
		for _, part := range out {
			if strings.Contains(part, sep) {
				next = append(next, strings.Split(part, sep)...)
			} else {
				next = append(next, part)
			}
		}
		out = next
	}
	kept := out[:0]
	for _, p := range out {
		if p = strings.TrimSpace(p); p != "" {
			kept = append(kept, p)
		}
	}
	return kept
}

func hasAny(s string, parts []string) bool {
	for _, p := range parts {
		if strings.Contains(s, p) {
			return true
		}
	}
	return false
}

func hasPrefixAny(s string, parts []string) bool {
	for _, p := range parts {
		if strings.HasPrefix(s, p) {
			return true
		}
	}
	return false
}

func trimPrefixAny(s string, parts []string) string {
	for _, p := range parts {
		if rest, ok := strings.CutPrefix(s, p); ok && rest != "" {
			return rest
		}
	}
	return s
}

// trimSuffixAny takes the first suffix that leaves something off s.
func trimSuffixAny(s string, parts []string) string {
	for _, p := range parts {
		if rest, ok := strings.CutSuffix(s, p); ok && utf8.RuneCountInString(rest) >= 2 {
			return rest
		}
	}
	return s
}
