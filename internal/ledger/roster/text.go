package roster

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"wangge/internal/platform/sheet"
)

// tidy and squeeze write a cell's text plainly, with single blanks or none.
var tidy, squeeze = sheet.Tidy, sheet.Squeeze

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
