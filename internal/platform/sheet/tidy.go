package sheet

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Tidy trims a text, folds full-width characters to ASCII, turns every kind of
// space into one blank and drops invisible characters.
func Tidy(s string) string {
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

// clean reports whether Tidy has nothing to do: printable ASCII or plain Han
// without spaces.
func clean(s string) bool {
	for _, r := range s {
		if r <= ' ' || r >= 0x7f && r < 0x3400 || r > 0x9fff {
			return false
		}
	}
	return true
}

// Squeeze is Tidy without any blank.
func Squeeze(s string) string {
	s = Tidy(s)
	if strings.IndexByte(s, ' ') < 0 {
		return s
	}
	return strings.ReplaceAll(s, " ", "")
}

// DropBrackets takes remarks in brackets out of a header's text.
func DropBrackets(s string) string {
	for {
		i := strings.IndexAny(s, "([\u3010")
		if i < 0 {
			return s
		}
		j := strings.IndexAny(s[i:], ")]\u3011")
		if j < 0 {
			return s[:i]
		}
		_, w := utf8.DecodeRuneInString(s[i+j:])
		s = s[:i] + s[i+j+w:]
	}
}
