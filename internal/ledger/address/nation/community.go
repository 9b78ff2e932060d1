package nation

import (
	"strings"
	"unicode/utf8"
)

// entry is a community: the name as it is said, and without its last word.
type entry struct{ street, code, name, base string }

// index holds the communities of an area by the first character of their names.
type index map[rune][]entry

func (t *Table) indexOf(in *Area) index {
	if v, ok := t.below.Load(in); ok {
		return v.(index)
	}
	ix := index{}
	t.communities(in, func(street, code, listed string) bool {
		name := t.words.community(listed)
		r, _ := utf8.DecodeRuneInString(name)
		ix[r] = append(ix[r], entry{street, code, name, t.words.short(12, name)})
		return true
	})
	t.below.Store(in, ix)
	return ix
}

// CommunityAt returns the community of an area that text begins with, by its
// longest name, and how many bytes of text that name takes. Short names (李家浜
// for 李家浜村) count where short is set; then full is false.
func (t *Table) CommunityAt(in *Area, text string, short bool) (code string, size int, full bool) {
	first, _ := utf8.DecodeRuneInString(text)
	var found *entry
	list := t.indexOf(in)[first]
	for i := range list {
		switch e := &list[i]; {
		case len(e.name) > size && strings.HasPrefix(text, e.name):
			found, size, full = e, len(e.name), true
		case short && len(e.base) > size && strings.HasPrefix(text, e.base):
			found, size, full = e, len(e.base), false
		}
	}
	if found == nil {
		return "", 0, false
	}
	return found.street + found.code, size, full
}

// FindCommunity lists the communities of the name below an area (nil: in the
// whole nation), up to limit. A short name finds what has no full one.
func (t *Table) FindCommunity(in *Area, name string, limit int) []Area {
	var full, short []Area
	name = t.words.community(name)
	look := func(street, code, listed string) bool {
		if !strings.HasPrefix(listed, name) && !strings.HasPrefix(name, listed) {
			return true
		}
		n := t.words.community(listed)
		a := Area{Code: street + code, Name: n, Short: t.words.short(12, n), Level: Community}
		switch {
		case n == name:
			full = append(full, a)
		case a.Short == name || a.Short == t.words.short(12, name):
			short = append(short, a)
		}
		return len(full) < limit
	}
	if in != nil {
		t.communities(in, look)
	} else {
		for i := range t.areas {
			if a := &t.areas[i]; a.Level == Province && len(full) < limit {
				t.communities(a, look)
			}
		}
	}
	if len(full) > 0 {
		return full
	}
	return short[:min(len(short), limit)]
}
