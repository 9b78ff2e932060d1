package nation

import (
	"strings"
	"unicode/utf8"
)

// CommunityAt returns the community of an area that text begins with, by its
// longest name, and how many bytes of text that name takes. Short names (李家浜
// for 李家浜村) count where short is set; then full is false.
func (t *Table) CommunityAt(in *Area, text string, short bool) (code string, size int, full bool) {
	first, width := utf8.DecodeRuneInString(text)
	if width == 0 || first == utf8.RuneError {
		return "", 0, false
	}
	head := text[:width]
	t.Communities(in, func(c, name string) bool {
		if !strings.HasPrefix(name, head) {
			return true
		}
		name = t.words.community(name)
		base := t.words.short(12, name)
		switch {
		case len(name) > size && strings.HasPrefix(text, name):
			code, size, full = c, len(name), true
		case short && len(base) > size && strings.HasPrefix(text, base):
			code, size, full = c, len(base), false
		}
		return true
	})
	return code, size, full
}

// FindCommunity lists the communities of the name below an area (nil: in the
// whole nation), up to limit. A short name finds what has no full one.
func (t *Table) FindCommunity(in *Area, name string, limit int) []Area {
	var full, short []Area
	look := func(code, listed string) bool {
		if !strings.HasPrefix(listed, name) && !strings.HasPrefix(name, listed) {
			return true
		}
		n := t.words.community(listed)
		a := Area{Code: code, Name: n, Short: t.words.short(12, n), Level: Community}
		switch {
		case n == name:
			full = append(full, a)
		case a.Short == name || a.Short == t.words.short(12, name):
			short = append(short, a)
		}
		return len(full) < limit
	}
	if in != nil {
		t.Communities(in, look)
	} else {
		for i := range t.areas {
			if a := &t.areas[i]; a.Level == Province && len(full) < limit {
				t.Communities(a, look)
			}
		}
	}
	if len(full) > 0 {
		return full
	}
	return short[:min(len(short), limit)]
}
