package ledger

import (
	"strings"
	"sync"
	"unicode"

	"github.com/mozillazg/go-pinyin"

	"wangge/internal/platform/seal"
)

func foldWidth(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 0xFF01 && r <= 0xFF5E {
			return r - 0xFF01 + '!'
		}
		return r
	}, s)
}

// readings caches a character's readings without tones, the common one first.
var readings sync.Map // rune → string

func reading(r rune) string {
	if v, ok := readings.Load(r); ok {
		return v.(string)
	}
	out := ""
	if l := pinyin.SinglePinyin(r, pinyin.NewArgs()); len(l) > 0 {
		out = l[0]
	} else if r < unicode.MaxASCII {
		out = strings.ToLower(string(r))
	}
	readings.Store(r, out)
	return out
}

// spelt returns the readings of a name: the surname by the exception list
// first, then as a plain text.
func spelt(name string) (surname []string, rest []string) {
	rs := []rune(name)
	for _, n := range []int{2, 1} {
		if len(rs) < n || n == 2 && len(rs) < 3 {
			continue
		}
		if v, ok := vocab.Surnames[string(rs[:n])]; ok {
			surname = append(surname, v)
			rs = rs[n:]
			break
		}
	}
	for _, r := range rs {
		rest = append(rest, reading(r))
	}
	return surname, rest
}

// matchPinyin reports whether the lower-case Latin query is the beginning of
// the name's initials (wjg) or of its full reading (wangjianguo).
func matchPinyin(name, query string) bool {
	surname, rest := spelt(name)
	if spellMatches(append(surname, rest...), compoundInitials(name, surname), query) {
		return true
	}
	if len(surname) == 0 {
		return false
	}
	var plain []string
	for _, r := range name {
		plain = append(plain, reading(r))
	}
	return spellMatches(plain, "", query)
}

// compoundInitials returns the initials of a surname of two characters, which
// the exception list spells in one word.
func compoundInitials(name string, surname []string) string {
	rs := []rune(name)
	if len(surname) == 0 || len(rs) < 3 || vocab.Surnames[string(rs[:2])] != surname[0] {
		return ""
	}
	second := reading(rs[1])
	if second == "" {
		return ""
	}
	return surname[0][:1] + second[:1]
}

func spellMatches(words []string, head, query string) bool {
	var initials, full strings.Builder
	for i, w := range words {
		full.WriteString(w)
		switch {
		case i == 0 && head != "":
			initials.WriteString(head)
		case w != "":
			initials.WriteByte(w[0])
		}
	}
	return strings.HasPrefix(initials.String(), query) || strings.HasPrefix(full.String(), query)
}

// searchKind is what a search text may mean; several may hold at once.
type searchKind struct {
	phone string // digits of a phone number
	last4 string
	idno  string
	name  string // normalised
	latin string // lower-case letters, for pinyin
}

func classify(text string) searchKind {
	var k searchKind
	text = strings.TrimSpace(foldWidth(text))
	digits := seal.NormPhone(text)
	compact := strings.NewReplacer(" ", "", "-", "").Replace(text)
	allDigits := compact != "" && !strings.ContainsFunc(strings.TrimPrefix(compact, "+"), func(r rune) bool { return r < '0' || r > '9' })
	switch {
	case allDigits && len(digits) == 4:
		k.last4 = digits
	case allDigits && len(digits) >= 7 && len(digits) <= 13:
		k.phone = digits
	}
	if n := seal.NormIDNo(compact); len(n) == 18 || len(n) >= 7 && len(n) <= 12 && !allDigits && ascii(compact) {
		k.idno = n
	}
	if !allDigits && len([]rune(text)) <= maxName {
		k.name = seal.NormName(text)
	}
	if low := strings.ToLower(strings.ReplaceAll(text, " ", "")); low != "" && !strings.ContainsFunc(low, func(r rune) bool { return r < 'a' || r > 'z' }) {
		k.latin = low
	}
	return k
}

func ascii(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r > unicode.MaxASCII })
}

// matchName reports how well a name answers the query: 0 not at all, 1 by
// pinyin, 2 in part, 3 wholly.
func (k searchKind) matchName(name string) int {
	if name == "" {
		return 0
	}
	n := seal.NormName(name)
	switch {
	case k.name != "" && n == k.name:
		return 3
	case k.name != "" && len([]rune(k.name)) >= 1 && k.latin == "" && strings.Contains(n, k.name):
		return 2
	case k.latin != "" && (matchPinyin(name, k.latin) || strings.Contains(n, k.latin)):
		return 1
	}
	return 0
}

// nameKey is what names sort by: the reading, then the characters.
func nameKey(name string) string {
	surname, rest := spelt(name)
	return strings.Join(append(surname, rest...), " ") + "\x00" + name
}
