package idno

import (
	"strconv"
	"strings"
	"time"
)

// clean folds width and case, drops spaces and marks, and says what it did.
func clean(s string) (string, []Repair) {
	s = strings.TrimSpace(s)
	var out []byte
	var width, space, xcase bool
	for _, r := range s {
		switch {
		case r >= 0xff01 && r <= 0xff5e:
			r -= 0xfee0
			width = true
		case r == 0x00d7 || r == 0x2717 || r == 0x0425 || r == 0x0445: // multiplication sign, ballot x, Cyrillic
			r = 'X'
			xcase = true
		}
		switch {
		case r == ' ' || r == '\t' || r == '\n' || r == '\r' || r == 0xa0 || r == 0x3000 || r == '\'' || r == '`' || r == '-' ||
			r >= 0x2000 && r <= 0x200f || r == 0xfeff || r == 0x2019 || r == 0x2018 || r >= 0x2010 && r <= 0x2015 || r == 0x202c || r == 0x202d:
			space = true
		case r >= 'a' && r <= 'z':
			if r == 'x' {
				xcase = true
			}
			out = append(out, byte(r-'a'+'A'))
		case r < 0x80:
			out = append(out, byte(r))
		default:
			out = append(out, '!')
		}
	}
	t := string(out)
	var repairs []Repair
	add := func(is bool, r Repair) {
		if is {
			repairs = append(repairs, r)
		}
	}
	add(width, RepairedWidth)
	add(space, RepairedSpaces)
	add(xcase, RepairedCase)
	if cut, ok := strings.CutSuffix(t, ".0"); ok {
		t = cut
		add(true, RepairedFraction)
	}
	return t, repairs
}

func plain(t string) bool {
	for i := 0; i < len(t); i++ {
		if c := t[i]; (c < '0' || c > '9') && (c < 'A' || c > 'Z') {
			return false
		}
	}
	return true
}

// isExponent recognises 2.30103E+17 and the like; E12345678 is a passport.
func isExponent(t string) bool {
	i := strings.IndexByte(t, 'E')
	if i <= 0 || i+1 >= len(t) || !strings.ContainsAny(t, ".+") {
		return false
	}
	f, err := strconv.ParseFloat(t, 64)
	return err == nil && f >= 1e5
}

func leadingDigits(t string) int {
	i := 0
	for i < len(t) && t[i] >= '0' && t[i] <= '9' {
		i++
	}
	return i
}

func sexOf(c byte) string {
	if (c-'0')%2 == 1 {
		return "M"
	}
	return "F"
}

// birthOf reads 19491231; years outside 1800 to 2199 are impossible.
func birthOf(d8 string) (string, bool) {
	d, err := time.Parse("20060102", d8)
	if err != nil || d.Year() < 1800 || d.Year() > 2199 {
		return "", false
	}
	return d.Format(time.DateOnly), true
}

func parseDay(s string) (time.Time, bool) {
	d, err := time.Parse(time.DateOnly, s)
	return d, err == nil
}
