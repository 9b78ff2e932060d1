// Package i18n holds every sentence a person reads, in Chinese and English.
//
// Messages live in embedded files catalogue/{zh,en}/<slice>.json, flat JSON
// objects of key to text; each slice owns its file and the files of a language
// are merged. Both languages hold the same keys with the same placeholders (a
// test checks). A text may hold {0}, {1} … for arguments and {0|door|doors} to
// choose a word by whether argument 0 equals one.
package i18n

import (
	"fmt"
	"sort"
	"strings"
	"sync"
)

// The languages of the house. Chinese comes first and is the default.
const (
	ZH = "zh"
	EN = "en"
)

// Langs lists the languages, the default first.
func Langs() []string { return []string{ZH, EN} }

// Known returns lang if the house speaks it, else the default language.
func Known(lang string) string {
	if lang == EN {
		return EN
	}
	return ZH
}

// Match picks a language from an Accept-Language header; without a hint it is
// Chinese.
func Match(acceptLanguage string) string {
	for _, part := range strings.Split(acceptLanguage, ",") {
		tag, _, _ := strings.Cut(strings.TrimSpace(part), ";")
		base, _, _ := strings.Cut(strings.ToLower(tag), "-")
		if base == ZH || base == EN {
			return base
		}
	}
	return ZH
}

var loaded = sync.OnceValue(func() *catalogue { return load(files) })

// T returns the message of key in lang with its placeholders filled. An unknown
// language gives the default one; an unknown key gives the key in brackets, so
// that a missing text is seen and never hides a page.
func T(lang, key string, args ...any) string {
	m, ok := loaded().messages[Known(lang)][key]
	if !ok {
		return "[" + key + "]"
	}
	return m.format(args)
}

// Has reports whether key exists in the default language.
func Has(key string) bool {
	_, ok := loaded().messages[ZH][key]
	return ok
}

// Keys returns the keys of lang in order.
func Keys(lang string) []string {
	m := loaded().messages[lang]
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}

// Problems returns what is wrong with the catalogue: unreadable files, keys
// given twice, keys missing in one language, placeholders that differ. A clean
// catalogue gives none.
func Problems() []string { return loaded().check() }

// part is a piece of a message: literal text, an argument, or a word chosen by
// an argument.
type part struct {
	text      string
	arg       int // -1 for literal text
	one, many string
}

type message []part

func parseMessage(s string) message {
	var m message
	for {
		open := strings.IndexByte(s, '{')
		if open < 0 {
			break
		}
		shut := strings.IndexByte(s[open:], '}')
		if shut < 0 {
			break
		}
		p, ok := parsePlaceholder(s[open+1 : open+shut])
		if !ok {
			m = append(m, part{text: s[:open+1], arg: -1})
			s = s[open+1:]
			continue
		}
		if open > 0 {
			m = append(m, part{text: s[:open], arg: -1})
		}
		m = append(m, p)
		s = s[open+shut+1:]
	}
	if s != "" {
		m = append(m, part{text: s, arg: -1})
	}
	return m
}

func parsePlaceholder(s string) (part, bool) {
	fields := strings.Split(s, "|")
	n := fields[0]
	if len(n) != 1 || n[0] < '0' || n[0] > '9' {
		return part{}, false
	}
	p := part{arg: int(n[0] - '0')}
	switch len(fields) {
	case 1:
		return p, true
	case 3:
		p.one, p.many = fields[1], fields[2]
		return p, true
	}
	return part{}, false
}

func (m message) format(args []any) string {
	if len(m) == 0 {
		return ""
	}
	if len(m) == 1 && m[0].arg < 0 {
		return m[0].text
	}
	var b strings.Builder
	for _, p := range m {
		switch {
		case p.arg < 0:
			b.WriteString(p.text)
		case p.arg >= len(args):
			fmt.Fprintf(&b, "{%d}", p.arg)
		case p.many != "" || p.one != "":
			b.WriteString(p.choose(args[p.arg]))
		default:
			fmt.Fprint(&b, args[p.arg])
		}
	}
	return b.String()
}

func (p part) choose(arg any) string {
	if fmt.Sprint(arg) == "1" {
		return p.one
	}
	return p.many
}

func (m message) placeholders() string {
	seen := [10]bool{}
	for _, p := range m {
		if p.arg >= 0 {
			seen[p.arg] = true
		}
	}
	var b strings.Builder
	for i, s := range seen {
		if s {
			fmt.Fprintf(&b, "{%d}", i)
		}
	}
	return b.String()
}
